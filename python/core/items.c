/* Datapoints as STAC Items, and times as the command line reads them. */
#include "core.h"

#include <stdlib.h>

typedef struct written {
    char *bytes;
    size_t len, room;
} written;

static bool append(void *ctx, const void *bytes, size_t len)
{
    written *out = ctx;
    if (out->len + len > out->room) {
        size_t room = 2 * (out->len + len);
        char *grown = realloc(out->bytes, room);
        if (grown == NULL)
            return false;
        out->bytes = grown;
        out->room = room;
    }
    memcpy(out->bytes + out->len, bytes, len);
    out->len += len;
    return true;
}

/* batch_to_items(batch, collection or None) -> bytes, an item a line */
static PyObject *batch_to_items(PyObject *module, PyObject *arguments)
{
    batch_object *batch;
    const char *collection;
    written out = { 0 };
    dtake_error err = { 0 };
    dtake_status st;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!z:batch_to_items", Batch_type, &batch, &collection))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    st = dtake_batch_to_items(batch->batch, collection, &err, append, &out);
    Py_END_ALLOW_THREADS
    PyObject *text =
        st == DTAKE_OK ? PyBytes_FromStringAndSize(out.bytes, (Py_ssize_t)out.len) : raise_status(st, &err);
    free(out.bytes);
    return text;
}

/* parse_interval(text) -> (start_ns, end_ns, start_exclusive, end_exclusive), read closed */
static PyObject *parse_interval(PyObject *module, PyObject *arguments)
{
    const char *text;
    dtake_interval i;
    dtake_error err = { 0 };
    (void)module;
    if (!PyArg_ParseTuple(arguments, "s:parse_interval", &text))
        return NULL;
    dtake_status st = dtake_interval_parse(text, &i, &err);
    return st != DTAKE_OK
               ? raise_status(st, &err)
               : Py_BuildValue("(LLOO)", (long long)i.start_ns, (long long)i.end_ns,
                               i.start_exclusive ? Py_True : Py_False, i.end_exclusive ? Py_True : Py_False);
}

static PyMethodDef functions[] = {
    { "batch_to_items", batch_to_items, METH_VARARGS,
      "batch_to_items(batch, collection or None) -> bytes, an item a line" },
    { "parse_interval", parse_interval, METH_VARARGS,
      "parse_interval(text) -> (start_ns, end_ns, start_exclusive, end_exclusive)" },
    { NULL },
};

int items_add(PyObject *module)
{
    return PyModule_AddFunctions(module, functions);
}
