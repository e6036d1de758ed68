/* A query from Python's values; what they mean is decided by datatake/queries.py. */
#include "core.h"

PyTypeObject *Query_type;

typedef struct query_object {
    PyObject_HEAD dtake_query *query;
} query_object;

const dtake_query *query_of(PyObject *query)
{
    if (!PyObject_TypeCheck(query, Query_type)) {
        PyErr_SetString(PyExc_TypeError, "a Query is expected");
        return NULL;
    }
    return ((query_object *)query)->query;
}

typedef dtake_status (*text_setter)(dtake_query *, const char *, dtake_error *);

/* Each text of a list; DTAKE_E_OTHER with an exception set when it is none. */
static dtake_status set_each(dtake_query *query, PyObject *texts, text_setter set, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    Py_ssize_t count = texts == NULL || texts == Py_None ? 0 : PySequence_Size(texts);
    for (Py_ssize_t i = 0; i < count && st == DTAKE_OK; i++) {
        PyObject *item = PySequence_GetItem(texts, i);
        const char *text = item == NULL ? NULL : PyUnicode_AsUTF8AndSize(item, NULL);
        st = text == NULL ? DTAKE_E_OTHER : set(query, text, err);
        DROP(item);
    }
    return count < 0 ? DTAKE_E_OTHER : st;
}

static dtake_status set_interval(dtake_query *query, PyObject *value, dtake_error *err)
{
    long long start, end;
    int start_exclusive, end_exclusive;
    if (value == NULL || value == Py_None)
        return DTAKE_OK;
    if (!PyArg_ParseTuple(value, "LLpp:interval", &start, &end, &start_exclusive, &end_exclusive))
        return DTAKE_E_OTHER;
    return dtake_query_interval(query, (dtake_interval){ start, end, start_exclusive, end_exclusive }, err);
}

static dtake_status set_box(dtake_query *query, PyObject *value, dtake_error *err)
{
    dtake_box box;
    if (value == NULL || value == Py_None)
        return DTAKE_OK;
    if (!PyArg_ParseTuple(value, "dddd:box", &box.west, &box.south, &box.east, &box.north))
        return DTAKE_E_OTHER;
    return dtake_query_box(query, box, err);
}

typedef struct settings {
    const char *dataset, *area, *fields, *order, *after;
    PyObject *collections, *interval, *box, *filters, *json_filters, *short_filters, *ids, *names;
    int mode, edges, skip_data;
    long long limit, offset;
} settings;

static dtake_status set_where(dtake_query *query, const settings *s, dtake_error *err)
{
    dtake_status st = dtake_query_dataset(query, s->dataset, err);
    if (st == DTAKE_OK)
        st = set_each(query, s->collections, dtake_query_collection, err);
    if (st == DTAKE_OK)
        st = set_interval(query, s->interval, err);
    if (st == DTAKE_OK)
        st = set_box(query, s->box, err);
    if (st == DTAKE_OK && s->area != NULL)
        st = dtake_query_area(query, s->area, err);
    dtake_query_area_mode(query, (dtake_area_mode)s->mode, (dtake_edges)s->edges);
    return st;
}

static dtake_status set_which(dtake_query *query, const settings *s, dtake_error *err)
{
    dtake_status st = set_each(query, s->filters, dtake_query_filter, err);
    if (st == DTAKE_OK)
        st = set_each(query, s->json_filters, dtake_query_filter_json, err);
    if (st == DTAKE_OK)
        st = set_each(query, s->short_filters, dtake_query_filter_short, err);
    if (st == DTAKE_OK)
        st = set_each(query, s->ids, dtake_query_id, err);
    if (st == DTAKE_OK)
        st = set_each(query, s->names, dtake_query_name, err);
    return st;
}

static dtake_status set_how(dtake_query *query, const settings *s, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    if (s->fields != NULL)
        st = dtake_query_fields(query, s->fields, err);
    if (st == DTAKE_OK && s->order != NULL)
        st = dtake_query_order(query, s->order, err);
    if (st == DTAKE_OK && s->limit != 0)
        st = dtake_query_limit(query, s->limit, err);
    if (st == DTAKE_OK && s->offset != 0)
        st = dtake_query_offset(query, s->offset, err);
    if (st == DTAKE_OK && s->after != NULL)
        st = dtake_query_after(query, s->after, err);
    dtake_query_skip_data(query, s->skip_data);
    return st;
}

static PyObject *query_new(PyTypeObject *type, PyObject *arguments, PyObject *named)
{
    static char *names[] = { "dataset", "collections", "interval",     "box",           "area",  "mode",
                             "edges",   "filters",     "json_filters", "short_filters", "ids",   "names",
                             "fields",  "order",       "limit",        "offset",        "after", "skip_data",
                             NULL };
    settings s = { 0 };
    dtake_error err = { 0 };
    dtake_query *query = NULL;
    (void)type;
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "s|$OOOziiOOOOOzzLLzp:Query", names, &s.dataset,
                                     &s.collections, &s.interval, &s.box, &s.area, &s.mode, &s.edges,
                                     &s.filters, &s.json_filters, &s.short_filters, &s.ids, &s.names,
                                     &s.fields, &s.order, &s.limit, &s.offset, &s.after, &s.skip_data))
        return NULL;
    dtake_status st = dtake_query_new(&query, &err);
    if (st == DTAKE_OK)
        st = set_where(query, &s, &err);
    if (st == DTAKE_OK)
        st = set_which(query, &s, &err);
    if (st == DTAKE_OK)
        st = set_how(query, &s, &err);
    query_object *self = st == DTAKE_OK ? PyObject_New(query_object, Query_type) : NULL;
    if (self == NULL) {
        dtake_query_free(query);
        return PyErr_Occurred() ? NULL : raise_status(st, &err);
    }
    self->query = query;
    return (PyObject *)self;
}

static void query_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    dtake_query_free(((query_object *)self)->query);
    PyObject_Free(self);
    DROP(type);
}

static PyType_Slot query_slots[] = {
    { Py_tp_new, query_new },
    { Py_tp_dealloc, query_dealloc },
    { Py_tp_doc, "Which datapoints." },
    { 0 },
};
static PyType_Spec query_spec = { "datatake._core.Query", sizeof(query_object), 0, Py_TPFLAGS_DEFAULT,
                                  query_slots };

int query_add(PyObject *module)
{
    return add_type(module, &query_spec, &Query_type);
}
