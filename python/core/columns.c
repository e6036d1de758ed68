/* The fields of batches for numpy. */
#include "column.h"

#include <stdlib.h>

int32_t column_longest(const column *c)
{
    int32_t longest = 0;
    for (size_t i = 0; c->field->repeated && i < c->count; i++)
        for (int64_t row = 0; row < c->parts[i]->rows; row++) {
            int32_t items = c->parts[i]->offsets[row + 1] - c->parts[i]->offsets[row];
            if (items > longest && has_value(c->parts[i], row))
                longest = items;
        }
    return longest;
}

bool column_has_any(const column *c)
{
    if (c->field->repeated)
        return column_longest(c) > 0;
    for (size_t i = 0; i < c->count; i++)
        if (c->parts[i]->null_count < c->parts[i]->rows)
            return true;
    return false;
}

static bool is_alike(const dtake_field *a, const dtake_field *b)
{
    return a->type == b->type && a->repeated == b->repeated && a->width == b->width;
}

/* A field of all batches of a list, which must stay as it is until column_end; false with an exception. */
static bool column_begin(column *c, PyObject *list, Py_ssize_t at)
{
    Py_ssize_t count = PyList_Size(list);
    *c = (column){ .parts = calloc((size_t)count + 1, sizeof *c->parts) };
    if (c->parts == NULL)
        PyErr_NoMemory();
    for (Py_ssize_t i = 0; c->parts != NULL && i < count; i++) {
        PyObject *item = PyList_GetItem(list, i);
        if (!PyObject_TypeCheck(item, Batch_type)) {
            PyErr_SetString(PyExc_TypeError, "a list of Batches is expected");
            return false;
        }
        const dtake_batch *batch = ((batch_object *)item)->batch;
        const dtake_schema *schema = dtake_batch_schema(batch);
        const dtake_field *field = at >= 0 && (size_t)at < dtake_schema_count(schema)
                                       ? dtake_schema_field(schema, (size_t)at)
                                       : NULL;
        if (i == 0)
            c->field = field;
        if (field == NULL || !is_alike(field, c->field)) {
            PyErr_SetString(PyExc_ValueError, "the batches have no such field, or are not alike");
            return false;
        }
        c->parts[c->count++] = dtake_batch_column(batch, (size_t)at);
        c->rows += dtake_batch_rows(batch);
    }
    if (count == 0)
        PyErr_SetString(PyExc_ValueError, "no batches");
    return c->parts != NULL && count > 0;
}

static PyObject *column_shape(PyObject *module, PyObject *arguments)
{
    PyObject *list, *result = NULL;
    Py_ssize_t at;
    column c = { 0 };
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!n:column_shape", &PyList_Type, &list, &at))
        return NULL;
    if (column_begin(&c, list, at))
        result = Py_BuildValue("iN", (int)column_longest(&c), PyBool_FromLong(column_has_any(&c)));
    free(c.parts);
    return result;
}

/* Whether the memory is that of an array with so many elements of the field's kind. */
static bool fits(const column *c, int32_t longest, const Py_buffer *view)
{
    size_t bytes = column_element_bytes(c->field), count = (size_t)c->rows * column_width(c->field);
    if (c->field->repeated)
        count *= (size_t)longest;
    bool objects = view->format != NULL && strcmp(view->format, "O") == 0;
    return objects == (bytes == 0) && (size_t)view->len == count * (bytes == 0 ? sizeof(PyObject *) : bytes);
}

static bool fill(const column *c, PyObject *array)
{
    Py_buffer view;
    int32_t longest = column_longest(c);
    if (PyObject_GetBuffer(array, &view, PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) != 0)
        return false;
    bool ok = fits(c, longest, &view);
    if (!ok)
        PyErr_SetString(PyExc_ValueError, "an array of as many elements is expected");
    else if (column_element_bytes(c->field) == 0)
        ok = column_fill_objects(c, longest, view.buf);
    else {
        Py_BEGIN_ALLOW_THREADS
        column_fill(c, longest, view.buf);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&view);
    return ok;
}

static PyObject *column_into(PyObject *module, PyObject *arguments)
{
    PyObject *list, *array;
    Py_ssize_t at;
    column c = { 0 };
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!nO:column_into", &PyList_Type, &list, &at, &array))
        return NULL;
    bool ok = column_begin(&c, list, at) && fill(&c, array);
    free(c.parts);
    return ok ? Py_NewRef(Py_None) : NULL;
}

static PyMethodDef functions[] = {
    { "column_shape", column_shape, METH_VARARGS,
      "column_shape(batches, field) -> the longest list, whether any row has a value" },
    { "column_into", column_into, METH_VARARGS,
      "column_into(batches, field, array): fills a numpy array of as many elements" },
    { NULL },
};

int columns_add(PyObject *module)
{
    return PyModule_AddFunctions(module, functions);
}
