/* Clients: what is asked of a source, and what changes it. */
#include "core.h"

PyTypeObject *Client_type;

static living *clients; /* that are open */

/* --- its life --- */

static PyObject *client_new(PyTypeObject *type, PyObject *arguments, PyObject *named)
{
    static char *names[] = { "runtime", "source", "token", "read_only", "must_exist", NULL };
    dtake_client_options options = { 0 };
    dtake_error err = { 0 };
    runtime_object *runtime;
    int read_only = 0, must_exist = 0;
    dtake_status st;
    (void)type;
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "O!|zzpp:Client", names, Runtime_type, &runtime,
                                     &options.source, &options.token, &read_only, &must_exist) ||
        !runtime_usable(runtime))
        return NULL;
    options.read_only = read_only;
    options.must_exist = must_exist;
    client_object *self = PyObject_New(client_object, Client_type);
    if (self == NULL)
        return NULL;
    memset((char *)self + sizeof(PyObject), 0, sizeof *self - sizeof(PyObject));
    self->runtime = KEEP(runtime);
    Py_BEGIN_ALLOW_THREADS
    st = dtake_client_open(&self->client, runtime->runtime, &options, &err);
    Py_END_ALLOW_THREADS
    if (st != DTAKE_OK) {
        DROP(self);
        return raise_status(st, &err);
    }
    living_add(&clients, &self->open, self);
    return (PyObject *)self;
}

static void shut_client(client_object *self)
{
    dtake_client *client = self->client;
    if (client == NULL)
        return;
    self->client = NULL;
    living_remove(&clients, &self->open);
    if (is_foreign_process(self->runtime))
        return;
    Py_BEGIN_ALLOW_THREADS
    dtake_client_close(client);
    Py_END_ALLOW_THREADS
}

dtake_client *client_use(client_object *self)
{
    dtake_error closed = { DTAKE_E_STATE, "the client is closed" };
    if (!runtime_usable(self->runtime))
        return NULL;
    if (self->client == NULL || self->closing) {
        raise_status(closed.status, &closed);
        return NULL;
    }
    self->uses++;
    return self->client;
}

void client_unuse(client_object *self)
{
    if (--self->uses == 0 && self->closing)
        shut_client(self);
}

static PyObject *client_close(PyObject *self, PyObject *nothing)
{
    client_object *client = (client_object *)self;
    (void)nothing;
    client->closing = true;
    loads_cancel(client);
    if (client->uses == 0)
        shut_client(client);
    Py_RETURN_NONE;
}

/* check(): raises when it is closed */
static PyObject *client_check(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    if (client_use((client_object *)self) == NULL)
        return NULL;
    client_unuse((client_object *)self);
    Py_RETURN_NONE;
}

void clients_shut(void)
{
    while (clients != NULL) {
        client_object *client = KEEP(clients->object);
        client->closing = true;
        shut_client(client);
        DROP(client);
    }
}

static void client_dealloc(PyObject *self)
{
    client_object *client = (client_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    shut_client(client);
    DROP(client->runtime);
    PyObject_Free(self);
    DROP(type);
}

/* --- questions; the last argument is a Queue, or None for a thread that waits --- */

static PyObject *client_datasets(PyObject *self, PyObject *queue)
{
    client_object *client = (client_object *)self;
    dtake_error err = { 0 };
    op_object *op = op_new(client, queue, NULL);
    return op == NULL ? NULL
                      : op_started(op, dtake_datasets_start(client->client, &err, op_answered, op), &err);
}

static PyObject *client_datasets_named(PyObject *self, PyObject *arguments)
{
    client_object *client = (client_object *)self;
    const char *dataset;
    PyObject *queue;
    dtake_error err = { 0 };
    if (!PyArg_ParseTuple(arguments, "sO:datasets_named", &dataset, &queue))
        return NULL;
    op_object *op = op_new(client, queue, NULL);
    return op == NULL
               ? NULL
               : op_started(op, dtake_datasets_named_start(client->client, dataset, &err, op_answered, op),
                            &err);
}

static PyObject *client_has_paths(PyObject *self, PyObject *unused)
{
    client_object *client = (client_object *)self;
    (void)unused;
    if (client_use(client) == NULL)
        return NULL;
    PyObject *result = PyBool_FromLong(dtake_client_has_paths(client->client));
    client_unuse(client);
    return result;
}

static PyObject *client_collections(PyObject *self, PyObject *arguments)
{
    client_object *client = (client_object *)self;
    const char *dataset;
    PyObject *queue;
    dtake_error err = { 0 };
    if (!PyArg_ParseTuple(arguments, "sO:collections", &dataset, &queue))
        return NULL;
    op_object *op = op_new(client, queue, NULL);
    return op == NULL
               ? NULL
               : op_started(op, dtake_collections_start(client->client, dataset, &err, op_answered, op),
                            &err);
}

static PyObject *client_find(PyObject *self, PyObject *arguments)
{
    client_object *client = (client_object *)self;
    const char *dataset, *collection, *id;
    PyObject *queue;
    dtake_error err = { 0 };
    if (!PyArg_ParseTuple(arguments, "szsO:find", &dataset, &collection, &id, &queue))
        return NULL;
    op_object *op = op_new(client, queue, NULL);
    return op == NULL
               ? NULL
               : op_started(op,
                            dtake_find_start(client->client, dataset, collection, id, &err, op_answered, op),
                            &err);
}

typedef dtake_status (*query_start)(dtake_client *, const dtake_query *, dtake_error *, dtake_answer_fn,
                                    void *);

static PyObject *ask(PyObject *self, PyObject *arguments, query_start start)
{
    client_object *client = (client_object *)self;
    PyObject *asked, *queue;
    dtake_error err = { 0 };
    if (!PyArg_ParseTuple(arguments, "OO", &asked, &queue))
        return NULL;
    const dtake_query *query = query_of(asked);
    op_object *op = query == NULL ? NULL : op_new(client, queue, NULL);
    return op == NULL ? NULL : op_started(op, start(client->client, query, &err, op_answered, op), &err);
}

static PyObject *client_count(PyObject *self, PyObject *arguments)
{
    return ask(self, arguments, dtake_count_start);
}

static PyObject *client_delete(PyObject *self, PyObject *arguments)
{
    return ask(self, arguments, dtake_delete_start);
}

static PyObject *client_load(PyObject *self, PyObject *asked)
{
    const dtake_query *query = query_of(asked);
    return query == NULL ? NULL : load_open((client_object *)self, query);
}

/* --- changes, which block --- */

static PyObject *client_create_dataset(PyObject *self, PyObject *arguments)
{
    client_object *client = (client_object *)self;
    dtake_dataset_info info = { 0 };
    schema_object *schema;
    int kind;
    dtake_error err = { 0 };
    dtake_status st;
    if (!PyArg_ParseTuple(arguments, "sssiO!:create_dataset", &info.slug, &info.name, &info.description,
                          &kind, Schema_type, &schema))
        return NULL;
    info.kind = (dtake_dataset_kind)kind;
    info.schema = schema->schema;
    if (client_use(client) == NULL)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    st = dtake_dataset_create(client->client, &info, &err);
    Py_END_ALLOW_THREADS
    client_unuse(client);
    return st == DTAKE_OK ? Py_NewRef(Py_None) : raise_status(st, &err);
}

static PyObject *client_delete_dataset(PyObject *self, PyObject *arguments)
{
    client_object *client = (client_object *)self;
    const char *dataset, *collection;
    dtake_error err = { 0 };
    dtake_status st;
    if (!PyArg_ParseTuple(arguments, "sz:delete_dataset", &dataset, &collection) ||
        client_use(client) == NULL)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    st = collection != NULL ? dtake_collection_delete(client->client, dataset, collection, &err)
                            : dtake_dataset_delete(client->client, dataset, &err);
    Py_END_ALLOW_THREADS
    client_unuse(client);
    return st == DTAKE_OK ? Py_NewRef(Py_None) : raise_status(st, &err);
}

static PyObject *client_create_collection(PyObject *self, PyObject *arguments)
{
    client_object *client = (client_object *)self;
    const char *dataset, *collection, *description;
    dtake_error err = { 0 };
    dtake_status st;
    if (!PyArg_ParseTuple(arguments, "sss:create_collection", &dataset, &collection, &description) ||
        client_use(client) == NULL)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    st = dtake_collection_create(client->client, dataset, collection, description, &err);
    Py_END_ALLOW_THREADS
    client_unuse(client);
    return st == DTAKE_OK ? Py_NewRef(Py_None) : raise_status(st, &err);
}

/* (dataset, collection, batch, may_exist) -> (16 bytes of each id, how many are new) */
static PyObject *client_insert(PyObject *self, PyObject *arguments)
{
    client_object *client = (client_object *)self;
    const char *dataset, *collection;
    batch_object *batch;
    int may_exist;
    int64_t created = 0;
    dtake_error err = { 0 };
    dtake_status st;
    if (!PyArg_ParseTuple(arguments, "ssO!p:insert", &dataset, &collection, Batch_type, &batch, &may_exist))
        return NULL;
    PyObject *ids = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)dtake_batch_rows(batch->batch) * 16);
    if (ids == NULL || client_use(client) == NULL) {
        DROP(ids);
        return NULL;
    }
    uint8_t(*room)[16] = (uint8_t(*)[16])PyBytes_AsString(ids);
    Py_BEGIN_ALLOW_THREADS
    st = dtake_insert(client->client, dataset, collection, batch->batch, may_exist, room, &created, &err);
    Py_END_ALLOW_THREADS
    client_unuse(client);
    PyObject *result = st == DTAKE_OK ? Py_BuildValue("OL", ids, (long long)created) : raise_status(st, &err);
    DROP(ids);
    return result;
}

static PyMethodDef client_methods[] = {
    { "close", client_close, METH_NOARGS, "end its loads and close it" },
    { "check", client_check, METH_NOARGS, "raise when it is closed" },
    { "datasets", client_datasets, METH_O, "datasets(queue) -> Op" },
    { "datasets_named", client_datasets_named, METH_VARARGS, "datasets_named(dataset, queue) -> Op" },
    { "has_paths", client_has_paths, METH_NOARGS, "whether names of datasets have '/' in them" },
    { "collections", client_collections, METH_VARARGS, "collections(dataset, queue) -> Op" },
    { "find", client_find, METH_VARARGS, "find(dataset, collection, id, queue) -> Op" },
    { "count", client_count, METH_VARARGS, "count(query, queue) -> Op" },
    { "delete", client_delete, METH_VARARGS, "delete(query, queue) -> Op" },
    { "load", client_load, METH_O, "load(query) -> Load" },
    { "create_dataset", client_create_dataset, METH_VARARGS,
      "create_dataset(slug, name, description, kind, schema); blocks" },
    { "delete_dataset", client_delete_dataset, METH_VARARGS,
      "delete_dataset(dataset, collection or None); blocks" },
    { "create_collection", client_create_collection, METH_VARARGS,
      "create_collection(dataset, collection, description); blocks" },
    { "insert", client_insert, METH_VARARGS,
      "insert(dataset, collection, batch, may_exist) -> ids, new; blocks" },
    { NULL },
};
static PyType_Slot client_slots[] = {
    { Py_tp_new, client_new },
    { Py_tp_dealloc, client_dealloc },
    { Py_tp_methods, client_methods },
    { Py_tp_doc, "One source of datasets." },
    { 0 },
};
static PyType_Spec client_spec = { "datatake._core.Client", sizeof(client_object), 0, Py_TPFLAGS_DEFAULT,
                                   client_slots };

int client_add(PyObject *module)
{
    return add_type(module, &client_spec, &Client_type);
}
