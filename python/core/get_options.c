/* From a dict to the options of a job. The Python side says what users may write; this says no more than
 * types. */
#include "images.h"

#include <stddef.h>

enum { TEXT, FLAG, INT, LONG, REAL };

#define F(kind, name)                                                                                        \
    {                                                                                                        \
#name, kind, offsetof(dtake_get_options, name)                                                       \
    }
static const struct field {
    const char *name;
    int kind;
    size_t offset;
} fields[] = {
    F(TEXT, items_base),    F(TEXT, intersects),    F(TEXT, intersects_file),
    F(FLAG, has_cloud),     F(REAL, cloud_max_pct), F(LONG, max_items),
    F(TEXT, crs),           F(REAL, scale_m),       F(REAL, res_x),
    F(REAL, res_y),         F(FLAG, has_extent),    F(REAL, x_min),
    F(REAL, y_min),         F(REAL, x_max),         F(REAL, y_max),
    F(LONG, size_width),    F(LONG, size_height),   F(FLAG, align),
    F(LONG, part_col),      F(LONG, part_row),      F(LONG, part_width),
    F(LONG, part_height),   F(FLAG, mask_clouds),   F(TEXT, expression),
    F(TEXT, graph),         F(TEXT, composite),     F(FLAG, by_month),
    F(TEXT, quality),       F(FLAG, has_unmask),    F(REAL, unmask),
    F(TEXT, paint),         F(TEXT, paint_style),   F(TEXT, outline),
    F(TEXT, sample_type),   F(FLAG, raw),           F(TEXT, out_dir),
    F(TEXT, path_template), F(INT, format),         F(INT, jpeg_quality),
    F(FLAG, per_band),      F(LONG, max_pixels),    F(FLAG, overwrite),
    F(FLAG, skip_existing), F(TEXT, sheet_path),    F(INT, quicklook_px),
    F(INT, mode),           F(INT, processes),      F(TEXT, program),
    F(FLAG, explain_only),  F(FLAG, no_cache),      F(FLAG, no_resume),
};
#undef F
enum { FIELDS = sizeof fields / sizeof *fields };

static const struct list_field {
    const char *name;
    size_t offset, count_offset;
} lists[3] = {
    { "inputs", offsetof(dtake_get_options, inputs), offsetof(dtake_get_options, input_count) },
    { "bands", offsetof(dtake_get_options, bands), offsetof(dtake_get_options, band_count) },
    { "assets", offsetof(dtake_get_options, assets), offsetof(dtake_get_options, asset_count) },
};

/* Borrowed from `value`; without zero bytes. */
static const char *text_of(const char *name, PyObject *value)
{
    Py_ssize_t len;
    const char *text = PyUnicode_Check(value) ? PyUnicode_AsUTF8AndSize(value, &len) : NULL;
    if (text == NULL) {
        if (!PyErr_Occurred())
            PyErr_Format(PyExc_TypeError, "%s: text is expected, not %R", name, value);
        return NULL;
    }
    if (strlen(text) == (size_t)len)
        return text;
    PyErr_Format(PyExc_ValueError, "%s: there is a zero byte in it", name);
    return NULL;
}

static bool read_field(const struct field *field, void *options, PyObject *value)
{
    void *at = (char *)options + field->offset;
    switch (field->kind) {
    case TEXT:
        return (*(const char **)at = text_of(field->name, value)) != NULL;
    case FLAG: {
        int truth = PyObject_IsTrue(value);
        *(bool *)at = truth > 0;
        return truth >= 0;
    }
    case INT: {
        long number = PyLong_AsLong(value);
        if (!PyErr_Occurred() && (number < INT32_MIN || number > INT32_MAX))
            PyErr_Format(PyExc_ValueError, "%s: %ld is out of range", field->name, number);
        *(int32_t *)at = (int32_t)number;
        break;
    }
    case LONG:
        *(int64_t *)at = PyLong_AsLongLong(value);
        break;
    default:
        *(double *)at = PyFloat_AsDouble(value);
    }
    return !PyErr_Occurred();
}

static bool read_list(get_options *out, int which, PyObject *value)
{
    const struct list_field *field = &lists[which];
    Py_ssize_t count = PyList_Check(value) ? PyList_Size(value) : -1;
    if (count < 0) {
        PyErr_Format(PyExc_TypeError, "%s: a list is expected, not %R", field->name, value);
        return false;
    }
    const char **list = PyMem_Calloc((size_t)count + 1, sizeof *list);
    if (list == NULL) {
        PyErr_NoMemory();
        return false;
    }
    PyMem_Free(out->list[which]);
    out->list[which] = list;
    for (Py_ssize_t i = 0; i < count; i++)
        if ((list[i] = text_of(field->name, PyList_GetItem(value, i))) == NULL)
            return false;
    *(const char ***)((char *)&out->value + field->offset) = list;
    *(size_t *)((char *)&out->value + field->count_offset) = (size_t)count;
    return true;
}

static bool passed(dtake_status status, const dtake_error *err)
{
    if (status != DTAKE_OK)
        raise_status(status, err);
    return status == DTAKE_OK;
}

/* What is more than one member. */
static bool read_special(dtake_get_options *o, const char *name, PyObject *value)
{
    dtake_error err = { 0 };
    const char *text;
    long long start, end;
    int after = 0, before = 0;
    if (strcmp(name, "items_json") == 0) {
        Py_ssize_t len;
        char *bytes;
        if (PyBytes_AsStringAndSize(value, &bytes, &len) != 0)
            return false;
        o->items_json = bytes;
        o->items_json_bytes = (size_t)len;
        return true;
    }
    if (strcmp(name, "datetime") == 0 && !PyUnicode_Check(value)) {
        if (!PyArg_ParseTuple(value, "LLpp:datetime", &start, &end, &after, &before))
            return false;
        o->has_datetime = true;
        o->datetime = (dtake_interval){ start, end, after, before };
        return true;
    }
    text = text_of(name, value);
    if (text == NULL)
        return false;
    if (strcmp(name, "bbox") == 0) {
        o->has_bbox = true;
        return passed(dtake_box_parse(text, &o->bbox, &err), &err);
    }
    if (strcmp(name, "datetime") == 0) {
        o->has_datetime = true;
        return passed(dtake_interval_parse(text, &o->datetime, &err), &err);
    }
    if (strcmp(name, "visualize") == 0)
        return passed(dtake_visualize_parse(text, &o->visualize, &err), &err);
    if (strcmp(name, "palette") == 0) {
        if (!o->visualize.enabled)
            o->visualize = (dtake_visualize){ .enabled = true, .opacity = 1 };
        return passed(dtake_palette_parse(text, &o->visualize, &err), &err);
    }
    if (strcmp(name, "resampling") == 0)
        return passed(dtake_resampling_parse(text, &o->resampling, &err), &err);
    PyErr_Format(PyExc_TypeError, "a job has no option '%s'", name);
    return false;
}

static bool read_member(get_options *out, PyObject *key, PyObject *value)
{
    const char *name = text_of("the name of an option", key);
    for (size_t i = 0; name != NULL && i < FIELDS; i++)
        if (strcmp(fields[i].name, name) == 0)
            return read_field(&fields[i], &out->value, value);
    for (int i = 0; name != NULL && i < 3; i++)
        if (strcmp(lists[i].name, name) == 0)
            return read_list(out, i, value);
    return name != NULL && read_special(&out->value, name, value);
}

bool get_options_read(get_options *out, PyObject *dict)
{
    PyObject *key, *value;
    Py_ssize_t at = 0;
    bool ok = true;
    *out = (get_options){ 0 };
    while (ok && PyDict_Next(dict, &at, &key, &value))
        ok = read_member(out, key, value);
    if (!ok)
        get_options_dispose(out);
    return ok;
}

void get_options_dispose(get_options *options)
{
    for (int i = 0; i < 3; i++)
        PyMem_Free(options->list[i]);
    *options = (get_options){ 0 };
}
