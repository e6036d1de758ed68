/* Loads: batches are taken by the loop thread as they come, without the interpreter lock; who wants them
 * waits for one Op. */
#include "core.h"

#include <stdlib.h>

PyTypeObject *Load_type;

typedef struct load_object {
    PyObject_HEAD client_object *client;
    dtake_load *load; /* NULL: ended */
    int asking;       /* threads inside dtake_load_schema; with the interpreter lock */
    living begun;
    dtake_batch **batches; /* the loop thread's until the Op of `collect` is done */
    size_t count, room;
} load_object;

static living *loads; /* that have not ended */

PyObject *load_open(client_object *client, const dtake_query *query)
{
    dtake_error err = { 0 };
    ops_reap();
    if (client_use(client) == NULL)
        return NULL;
    load_object *self = PyObject_New(load_object, Load_type);
    if (self == NULL) {
        client_unuse(client);
        return NULL;
    }
    memset((char *)self + sizeof(PyObject), 0, sizeof *self - sizeof(PyObject));
    self->client = KEEP(client);
    dtake_status st = dtake_load_start(&self->load, client->client, query, &err);
    if (st != DTAKE_OK) {
        self->load = NULL;
        client_unuse(client);
        DROP(self);
        return raise_status(st, &err);
    }
    living_add(&loads, &self->begun, self);
    return (PyObject *)self;
}

/* Cancels and frees; waits for what is under way in the engine. */
static void end_load(load_object *self)
{
    dtake_load *load = self->load;
    if (load == NULL || self->asking > 0)
        return;
    self->load = NULL;
    living_remove(&loads, &self->begun);
    if (!is_foreign_process(self->client->runtime)) {
        Py_BEGIN_ALLOW_THREADS
        dtake_load_free(load);
        Py_END_ALLOW_THREADS
    }
    client_unuse(self->client);
}

void loads_cancel(const client_object *client)
{
    for (living *l = loads; l != NULL; l = l->after) {
        load_object *load = (load_object *)l->object;
        if ((client == NULL || load->client == client) && !is_foreign_process(load->client->runtime))
            dtake_load_cancel(load->load);
    }
}

/* One that no thread is inside of. */
static load_object *idle_load(void)
{
    for (living *l = loads; l != NULL; l = l->after)
        if (((load_object *)l->object)->asking == 0)
            return (load_object *)l->object;
    return NULL;
}

void loads_shut(void)
{
    loads_cancel(NULL);
    for (load_object *load; (load = idle_load()) != NULL;) {
        KEEP(load);
        end_load(load);
        DROP(load);
    }
}

static bool has_ended(const load_object *self)
{
    if (self->load == NULL)
        PyErr_SetString(PyExc_RuntimeError, "the load has ended");
    return self->load == NULL;
}

/* --- collecting --- */

static bool keep_batch(load_object *self, dtake_batch *batch)
{
    if (self->count == self->room) {
        size_t room = self->room == 0 ? 64 : self->room * 2;
        dtake_batch **more = realloc(self->batches, room * sizeof *more);
        if (more == NULL)
            return false;
        self->batches = more;
        self->room = room;
    }
    self->batches[self->count++] = batch;
    return true;
}

/* On the loop thread: takes the batch that is there and asks for the next one. */
static void take_on(dtake_status status, dtake_load *load, void *ctx)
{
    op_object *op = ctx;
    load_object *self = (load_object *)op->keeps;
    dtake_batch *batch = NULL;
    (void)status; /* dtake_load_next says it again */
    dtake_status st = dtake_load_next(load, &batch, &op->err);
    if (st == DTAKE_OK && batch != NULL && !keep_batch(self, batch)) {
        dtake_batch_release(batch);
        st = DTAKE_E_NOMEM;
    }
    if (st == DTAKE_OK && batch != NULL)
        st = dtake_load_notify(load, &op->err, take_on, op);
    if (st != DTAKE_OK || batch == NULL)
        op_finish(op, st);
}

/* collect(queue): an Op that is done when all batches are there; once */
static PyObject *load_collect(PyObject *self, PyObject *queue)
{
    load_object *load = (load_object *)self;
    dtake_error err = { 0 };
    if (has_ended(load))
        return NULL;
    op_object *op = op_new(NULL, queue, self);
    return op == NULL ? NULL : op_started(op, dtake_load_notify(load->load, &err, take_on, op), &err);
}

/* batches(): what was collected; its Op is done */
static PyObject *load_batches(PyObject *self, PyObject *nothing)
{
    load_object *load = (load_object *)self;
    PyObject *list = PyList_New((Py_ssize_t)load->count);
    (void)nothing;
    for (size_t i = 0; i < load->count && list != NULL; i++) {
        PyObject *item = batch_wrap(dtake_batch_retain(load->batches[i]));
        if (item == NULL)
            Py_CLEAR(list);
        else
            PyList_SetItem(list, (Py_ssize_t)i, item);
    }
    return list;
}

static PyObject *load_schema(PyObject *self, PyObject *nothing)
{
    load_object *load = (load_object *)self;
    const dtake_schema *schema;
    (void)nothing;
    if (has_ended(load))
        return NULL;
    load->asking++;
    Py_BEGIN_ALLOW_THREADS
    schema = dtake_load_schema(load->load);
    Py_END_ALLOW_THREADS
    load->asking--;
    return schema == NULL ? Py_NewRef(Py_None) : schema_wrap(schema);
}

/* (start_ns, end_ns, at_ns, fraction, datapoints, bytes, seconds) */
static PyObject *load_progress(PyObject *self, PyObject *nothing)
{
    load_object *load = (load_object *)self;
    dtake_load_progress p;
    (void)nothing;
    if (has_ended(load))
        return NULL;
    dtake_load_progress_get(load->load, &p);
    return Py_BuildValue("LLLdLLd", (long long)p.start_ns, (long long)p.end_ns, (long long)p.at_ns,
                         p.fraction, (long long)p.datapoints, (long long)p.bytes, p.seconds);
}

static PyObject *load_close(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    end_load((load_object *)self);
    Py_RETURN_NONE;
}

static PyObject *load_cancel(PyObject *self, PyObject *nothing)
{
    load_object *load = (load_object *)self;
    (void)nothing;
    if (load->load != NULL && !is_foreign_process(load->client->runtime))
        dtake_load_cancel(load->load);
    Py_RETURN_NONE;
}

static void load_dealloc(PyObject *self)
{
    load_object *load = (load_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    end_load(load);
    for (size_t i = 0; i < load->count; i++)
        dtake_batch_release(load->batches[i]);
    free(load->batches);
    DROP(load->client);
    PyObject_Free(self);
    DROP(type);
}

static PyMethodDef methods[] = {
    { "collect", load_collect, METH_O, "collect(queue) -> Op that is done when all batches are there" },
    { "batches", load_batches, METH_NOARGS, "the Batches that were collected" },
    { "schema", load_schema, METH_NOARGS, "what the batches have; None when the source did not answer" },
    { "progress", load_progress, METH_NOARGS,
      "(start_ns, end_ns, at_ns, fraction, datapoints, bytes, seconds)" },
    { "cancel", load_cancel, METH_NOARGS, "ask it to end" },
    { "close", load_close, METH_NOARGS, "cancel it if it still runs" },
    { NULL },
};
static PyType_Slot slots[] = {
    { Py_tp_dealloc, load_dealloc },
    { Py_tp_methods, methods },
    { Py_tp_doc, "One load under way." },
    { 0 },
};
static PyType_Spec spec = { "datatake._core.Load", sizeof(load_object), 0,
                            Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots };

int load_add(PyObject *module)
{
    return add_type(module, &spec, &Load_type);
}
