/* Batches, and Arrow both ways: __arrow_c_stream__ without a copy. */
#include "core.h"

#include <errno.h>
#include <stdlib.h>

PyTypeObject *Batch_type;

PyObject *batch_wrap(dtake_batch *batch)
{
    batch_object *self = PyObject_New(batch_object, Batch_type);
    if (self == NULL)
        dtake_batch_release(batch);
    else
        self->batch = batch;
    return (PyObject *)self;
}

static PyObject *batch_rows(PyObject *self, void *closure)
{
    (void)closure;
    return PyLong_FromLongLong(dtake_batch_rows(((batch_object *)self)->batch));
}

static PyObject *batch_schema(PyObject *self, void *closure)
{
    (void)closure;
    return schema_wrap(dtake_batch_schema(((batch_object *)self)->batch));
}

static void batch_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    dtake_batch_release(((batch_object *)self)->batch);
    PyObject_Free(self);
    DROP(type);
}

/* --- out: a stream over batches, which may outlive every Python object --- */

typedef struct source {
    dtake_schema *schema;
    dtake_batch **batches;
    size_t count, next;
    dtake_error err;
} source;

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    source *s = stream->private_data;
    return dtake_schema_to_arrow(s->schema, out, &s->err) == DTAKE_OK ? 0 : EINVAL;
}

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    source *s = stream->private_data;
    if (s->next == s->count) {
        *out = (struct ArrowArray){ 0 };
        return 0;
    }
    return dtake_batch_to_arrow(s->batches[s->next++], out, &s->err) == DTAKE_OK ? 0 : EINVAL;
}

static const char *stream_error(struct ArrowArrayStream *stream)
{
    source *s = stream->private_data;
    return s->err.message[0] != '\0' ? s->err.message : NULL;
}

static void source_free(source *s)
{
    for (size_t i = 0; i < s->count; i++)
        dtake_batch_release(s->batches[i]);
    dtake_schema_release(s->schema);
    free(s->batches);
    free(s);
}

static void stream_release(struct ArrowArrayStream *stream)
{
    source_free(stream->private_data);
    stream->release = NULL;
}

static void free_stream_capsule(PyObject *capsule)
{
    struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, "arrow_array_stream");
    if (stream == NULL)
        PyErr_Clear();
    else if (stream->release != NULL)
        stream->release(stream);
    free(stream);
}

static source *source_of(schema_object *schema, PyObject *list)
{
    source *s = calloc(1, sizeof *s);
    Py_ssize_t count = PyList_Size(list);
    if (s != NULL)
        s->batches = calloc((size_t)count + 1, sizeof *s->batches);
    if (s == NULL || s->batches == NULL) {
        free(s);
        PyErr_NoMemory();
        return NULL;
    }
    s->schema = dtake_schema_retain(schema->schema);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *item = PyList_GetItem(list, i);
        if (!PyObject_TypeCheck(item, Batch_type)) {
            PyErr_SetString(PyExc_TypeError, "a list of Batches is expected");
            source_free(s);
            return NULL;
        }
        s->batches[s->count++] = dtake_batch_retain(((batch_object *)item)->batch);
    }
    return s;
}

static PyObject *arrow_stream(PyObject *module, PyObject *arguments)
{
    schema_object *schema;
    PyObject *list;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!O!:arrow_stream", Schema_type, &schema, &PyList_Type, &list))
        return NULL;
    source *s = source_of(schema, list);
    if (s == NULL)
        return NULL;
    struct ArrowArrayStream *stream = malloc(sizeof *stream);
    if (stream == NULL) {
        source_free(s);
        return PyErr_NoMemory();
    }
    *stream = (struct ArrowArrayStream){ stream_schema, stream_next, stream_error, stream_release, s };
    PyObject *capsule = PyCapsule_New(stream, "arrow_array_stream", free_stream_capsule);
    if (capsule == NULL) {
        stream->release(stream);
        free(stream);
    }
    return capsule;
}

static void free_schema_capsule(PyObject *capsule)
{
    struct ArrowSchema *schema = PyCapsule_GetPointer(capsule, "arrow_schema");
    if (schema == NULL)
        PyErr_Clear();
    else if (schema->release != NULL)
        schema->release(schema);
    free(schema);
}

static PyObject *arrow_schema(PyObject *module, PyObject *schema)
{
    dtake_error err = { 0 };
    (void)module;
    if (!PyObject_TypeCheck(schema, Schema_type)) {
        PyErr_SetString(PyExc_TypeError, "a Schema is expected");
        return NULL;
    }
    struct ArrowSchema *out = calloc(1, sizeof *out);
    if (out == NULL)
        return PyErr_NoMemory();
    if (dtake_schema_to_arrow(((schema_object *)schema)->schema, out, &err) != DTAKE_OK) {
        free(out);
        return raise_status(err.status, &err);
    }
    PyObject *capsule = PyCapsule_New(out, "arrow_schema", free_schema_capsule);
    if (capsule == NULL) {
        out->release(out);
        free(out);
    }
    return capsule;
}

/* --- in: what another library gives by its __arrow_c_stream__ --- */

static bool take_arrays(struct ArrowArrayStream *stream, const struct ArrowSchema *arrow,
                        const dtake_schema *schema, PyObject *list)
{
    for (;;) {
        struct ArrowArray array = { 0 };
        dtake_batch *batch;
        dtake_error err = { 0 };
        int failed;
        Py_BEGIN_ALLOW_THREADS
        failed = stream->get_next(stream, &array);
        Py_END_ALLOW_THREADS
        if (failed) {
            const char *why = stream->get_last_error(stream);
            PyErr_Format(PyExc_ValueError, "Arrow stream: %s", why != NULL ? why : strerror(failed));
            return false;
        }
        if (array.release == NULL)
            return true;
        if (dtake_batch_from_arrow(&batch, schema, arrow, &array, &err) != DTAKE_OK) {
            raise_status(err.status, &err);
            return false;
        }
        PyObject *item = batch_wrap(batch);
        if (item == NULL || PyList_Append(list, item) != 0) {
            DROP(item);
            return false;
        }
        DROP(item);
    }
}

/* arrow_read(capsule) -> (Schema, [Batch, ...]) */
static PyObject *arrow_read(PyObject *module, PyObject *capsule)
{
    struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, "arrow_array_stream");
    struct ArrowSchema arrow = { 0 };
    dtake_schema *schema = NULL;
    dtake_error err = { 0 };
    PyObject *list = NULL, *result = NULL;
    (void)module;
    if (stream == NULL)
        return NULL;
    if (stream->release == NULL || stream->get_schema(stream, &arrow) != 0) {
        PyErr_SetString(PyExc_ValueError, "Arrow stream: it was read already, or tells no schema");
        return NULL;
    }
    if (dtake_schema_from_arrow(&schema, &arrow, &err) != DTAKE_OK)
        raise_status(err.status, &err);
    else
        list = PyList_New(0);
    if (list != NULL && take_arrays(stream, &arrow, schema, list))
        result = Py_BuildValue("NO", schema_wrap(schema), list);
    DROP(list);
    dtake_schema_release(schema);
    arrow.release(&arrow);
    return result;
}

static PyGetSetDef members[] = {
    { "rows", batch_rows, NULL, "how many", NULL },
    { "schema", batch_schema, NULL, "its Schema", NULL },
    { NULL },
};
static PyType_Slot slots[] = {
    { Py_tp_dealloc, batch_dealloc },
    { Py_tp_getset, members },
    { Py_tp_doc, "Rows, kept as columns." },
    { 0 },
};
static PyType_Spec spec = { "datatake._core.Batch", sizeof(batch_object), 0,
                            Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots };

static PyMethodDef functions[] = {
    { "arrow_stream", arrow_stream, METH_VARARGS, "arrow_stream(schema, batches) -> capsule" },
    { "arrow_schema", arrow_schema, METH_O, "arrow_schema(schema) -> capsule" },
    { "arrow_read", arrow_read, METH_O, "arrow_read(capsule) -> (Schema, [Batch, ...])" },
    { NULL },
};

int table_add(PyObject *module)
{
    if (PyModule_AddFunctions(module, functions) != 0)
        return -1;
    return add_type(module, &spec, &Batch_type);
}
