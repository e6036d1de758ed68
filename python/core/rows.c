/* Python's values to a Batch, through the Arrow arrays of its schema: numbers from buffers, texts and bytes
 * from lists. */
#include "core.h"

#include <stdlib.h>

static void array_release(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release != NULL)
            array->children[i]->release(array->children[i]);
        free(array->children[i]);
    }
    if (array->dictionary != NULL) {
        if (array->dictionary->release != NULL)
            array->dictionary->release(array->dictionary);
        free(array->dictionary);
    }
    for (int64_t i = 0; i < array->n_buffers; i++)
        free((void *)array->buffers[i]);
    free(array->buffers);
    free(array->children);
    array->release = NULL;
}

static bool array_begin(struct ArrowArray *array, int64_t length, int buffers, int64_t children)
{
    *array = (struct ArrowArray){ .length = length, .release = array_release };
    array->buffers = calloc((size_t)buffers + 1, sizeof *array->buffers);
    array->children = calloc((size_t)children + 1, sizeof *array->children);
    array->n_buffers = array->buffers != NULL ? buffers : 0;
    for (int64_t i = 0; array->children != NULL && i < children; i++)
        if ((array->children[i] = calloc(1, sizeof **array->children)) != NULL)
            array->n_children++;
    if (array->buffers != NULL && array->n_children == children)
        return true;
    PyErr_NoMemory();
    return false;
}

static void *buffer_new(struct ArrowArray *array, int at, size_t len)
{
    void *memory = calloc(1, len + 8);
    if (memory == NULL)
        PyErr_NoMemory();
    array->buffers[at] = memory;
    return memory;
}

/* One byte a value becomes one bit; `packed` has room. Returns how many are 0. */
static int64_t pack_bits(uint8_t *packed, const uint8_t *bytes, int64_t count)
{
    int64_t zeros = 0;
    for (int64_t i = 0; i < count; i++)
        if (bytes[i])
            packed[i >> 3] |= (uint8_t)(1 << (i & 7));
        else
            zeros++;
    return zeros;
}

static bool view_bytes(PyObject *source, Py_buffer *view, size_t expected)
{
    if (PyObject_GetBuffer(source, view, PyBUF_SIMPLE) != 0)
        return false;
    if ((size_t)view->len == expected)
        return true;
    PyErr_Format(PyExc_ValueError, "a column has %zd bytes, not %zu", view->len, expected);
    PyBuffer_Release(view);
    return false;
}

static bool put_bits(struct ArrowArray *array, int at, PyObject *bytes, int64_t *zeros)
{
    Py_buffer view;
    if (!view_bytes(bytes, &view, (size_t)array->length))
        return false;
    uint8_t *packed = buffer_new(array, at, (size_t)array->length / 8);
    if (packed != NULL)
        *zeros = pack_bits(packed, view.buf, array->length);
    PyBuffer_Release(&view);
    return packed != NULL;
}

static bool put_fixed(struct ArrowArray *array, PyObject *source, size_t size)
{
    Py_buffer view;
    size_t len = (size_t)array->length * size;
    if (!view_bytes(source, &view, len))
        return false;
    void *memory = buffer_new(array, 1, len);
    if (memory != NULL)
        memcpy(memory, view.buf, len);
    PyBuffer_Release(&view);
    return memory != NULL;
}

/* The bytes of a str or bytes; false with an exception. None: no bytes. */
static bool bytes_of(PyObject *item, const char **at, Py_ssize_t *len)
{
    *at = NULL;
    *len = 0;
    if (item == Py_None)
        return true;
    if (PyUnicode_Check(item))
        return (*at = PyUnicode_AsUTF8AndSize(item, len)) != NULL;
    return PyBytes_AsStringAndSize(item, (char **)at, len) == 0;
}

static bool put_texts(struct ArrowArray *array, PyObject *list)
{
    int64_t total = 0;
    const char *at;
    Py_ssize_t len;
    if (!PyList_Check(list) || PyList_Size(list) != array->length) {
        PyErr_SetString(PyExc_ValueError, "a list of as many values as there are rows is expected");
        return false;
    }
    int32_t *offsets = buffer_new(array, 1, ((size_t)array->length + 1) * sizeof *offsets);
    for (int64_t i = 0; offsets != NULL && i < array->length; i++) {
        if (!bytes_of(PyList_GetItem(list, i), &at, &len))
            return false;
        total += len;
        if (total > INT32_MAX) {
            PyErr_SetString(PyExc_OverflowError, "a column of more than 2 GiB: give fewer rows at a time");
            return false;
        }
        offsets[i + 1] = (int32_t)total;
    }
    char *bytes = offsets == NULL ? NULL : buffer_new(array, 2, (size_t)total);
    for (int64_t i = 0; bytes != NULL && i < array->length; i++)
        if (bytes_of(PyList_GetItem(list, i), &at, &len) && len > 0)
            memcpy(bytes + offsets[i], at, (size_t)len);
    return bytes != NULL;
}

static bool put_dictionary(struct ArrowArray *array, const dtake_field *field)
{
    array->dictionary = calloc(1, sizeof *array->dictionary);
    PyObject *names = array->dictionary == NULL ? NULL : PyList_New((Py_ssize_t)field->enum_count);
    bool ok = names != NULL && array_begin(array->dictionary, (int64_t)field->enum_count, 3, 0);
    for (size_t i = 0; ok && i < field->enum_count; i++) {
        PyObject *name = PyUnicode_FromString(field->enum_values[i].name);
        ok = name != NULL && PyList_SetItem(names, (Py_ssize_t)i, name) == 0;
    }
    ok = ok && put_texts(array->dictionary, names);
    DROP(names);
    if (!ok && !PyErr_Occurred())
        PyErr_NoMemory();
    return ok;
}

static bool put_values(struct ArrowArray *array, const dtake_field *field, int64_t length, PyObject *payload)
{
    bool texts = field->type == DTAKE_FIELD_STRING || field->type == DTAKE_FIELD_BYTES ||
                 field->type == DTAKE_FIELD_GEOMETRY || field->type == DTAKE_FIELD_JSON ||
                 field->type == DTAKE_FIELD_ASSETS;
    int64_t zeros;
    if (field->type == DTAKE_FIELD_VECTOR) {
        if (!array_begin(array, length, 1, 1) ||
            !array_begin(array->children[0], length * field->width, 2, 0))
            return false;
        return put_fixed(array->children[0], payload, sizeof(double));
    }
    if (!array_begin(array, length, texts ? 3 : 2, 0))
        return false;
    if (texts)
        return put_texts(array, payload);
    if (field->type == DTAKE_FIELD_BOOL)
        return put_bits(array, 1, payload, &zeros);
    if (field->type == DTAKE_FIELD_ENUM)
        return put_fixed(array, payload, sizeof(int32_t)) && put_dictionary(array, field);
    return put_fixed(array, payload, field->type == DTAKE_FIELD_UUID ? 16 : 8);
}

static bool put_lists(struct ArrowArray *array, const dtake_field *field, int64_t rows, PyObject *payload,
                      PyObject *lengths)
{
    Py_buffer view;
    int64_t total = 0;
    if (!array_begin(array, rows, 2, 1) || !view_bytes(lengths, &view, (size_t)rows * sizeof(int32_t)))
        return false;
    const int32_t *each = view.buf;
    int32_t *offsets = buffer_new(array, 1, ((size_t)rows + 1) * sizeof *offsets);
    bool ok = offsets != NULL;
    for (int64_t i = 0; ok && i < rows; i++) {
        total += each[i];
        ok = each[i] >= 0 && total <= INT32_MAX;
        if (ok)
            offsets[i + 1] = (int32_t)total;
        else
            PyErr_SetString(PyExc_ValueError, "lengths of lists: out of range");
    }
    PyBuffer_Release(&view);
    return ok && put_values(array->children[0], field, total, payload);
}

/* (valid or None, values, lengths or None) */
static bool put_column(struct ArrowArray *array, const dtake_field *field, int64_t rows, PyObject *tuple)
{
    PyObject *valid, *payload, *lengths;
    if (!PyArg_ParseTuple(tuple, "OOO:column", &valid, &payload, &lengths))
        return false;
    if (field->repeated ? !put_lists(array, field, rows, payload, lengths)
                        : !put_values(array, field, rows, payload))
        return false;
    return valid == Py_None || put_bits(array, 0, valid, &array->null_count);
}

/* make_batch(schema, rows, columns) */
static PyObject *make_batch(PyObject *module, PyObject *arguments)
{
    schema_object *schema;
    long long rows;
    PyObject *columns;
    dtake_error err = { 0 };
    struct ArrowSchema arrow = { 0 };
    struct ArrowArray array = { 0 };
    dtake_batch *batch = NULL;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!LO!:make_batch", Schema_type, &schema, &rows, &PyList_Type, &columns))
        return NULL;
    int64_t count = (int64_t)dtake_schema_count(schema->schema);
    if (PyList_Size(columns) != count || rows < 0) {
        PyErr_SetString(PyExc_ValueError, "a column for each field is expected");
        return NULL;
    }
    bool ok = array_begin(&array, rows, 1, count);
    for (int64_t i = 0; ok && i < count; i++)
        ok = put_column(array.children[i], dtake_schema_field(schema->schema, (size_t)i), rows,
                        PyList_GetItem(columns, i));
    dtake_status st = ok ? dtake_schema_to_arrow(schema->schema, &arrow, &err) : DTAKE_E_OTHER;
    if (st == DTAKE_OK)
        st = dtake_batch_from_arrow(&batch, schema->schema, &arrow, &array, &err);
    if (arrow.release != NULL)
        arrow.release(&arrow);
    if (array.release != NULL)
        array.release(&array);
    if (st == DTAKE_OK)
        return batch_wrap(batch);
    return PyErr_Occurred() ? NULL : raise_status(st, &err);
}

static PyMethodDef functions[] = {
    { "make_batch", make_batch, METH_VARARGS,
      "make_batch(schema, rows, [(valid, values, lengths), ...]) -> Batch" },
    { NULL },
};

int rows_add(PyObject *module)
{
    return PyModule_AddFunctions(module, functions);
}
