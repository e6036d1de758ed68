/* Schemas, and lists of datasets and collections as dicts. */
#include "core.h"

PyTypeObject *Schema_type;

static schema_object *last; /* wrapped: most batches that follow each other are of one dataset */

PyObject *schema_wrap(const dtake_schema *schema)
{
    if (last != NULL && last->schema == schema)
        return KEEP(last);
    schema_object *self = PyObject_New(schema_object, Schema_type);
    if (self == NULL)
        return NULL;
    self->schema = dtake_schema_retain(schema);
    self->fields = NULL;
    DROP(last);
    last = KEEP(self);
    return (PyObject *)self;
}

/* --- from Python: tuples (name, type, role, repeated, width, {name: number}, unit, description, example) ---
 */

typedef struct fields {
    dtake_field *at;
    dtake_enum_value *values; /* of all fields, one after another */
    size_t count, value_count;
} fields;

static bool read_values(fields *f, dtake_field *field, PyObject *names)
{
    Py_ssize_t at = 0;
    PyObject *name, *number;
    if (names != Py_None && !PyDict_Check(names)) {
        PyErr_Format(PyExc_TypeError, "field %s: a dict of names and numbers is expected", field->name);
        return false;
    }
    field->enum_values = f->values + f->value_count;
    field->enum_count = names == Py_None ? 0 : (size_t)PyDict_Size(names);
    while (names != Py_None && PyDict_Next(names, &at, &name, &number)) {
        dtake_enum_value *value = &f->values[f->value_count++];
        value->name = PyUnicode_AsUTF8AndSize(name, NULL);
        value->value = (int32_t)PyLong_AsLong(number);
        if (value->name == NULL || PyErr_Occurred())
            return false;
    }
    return true;
}

static bool read_field(fields *f, PyObject *tuple)
{
    dtake_field *field = &f->at[f->count++];
    const char *type;
    int role, repeated, width;
    PyObject *names;
    if (!PyArg_ParseTuple(tuple, "ssipiOsss:field", &field->name, &type, &role, &repeated, &width, &names,
                          &field->unit, &field->description, &field->example))
        return false;
    field->type = dtake_field_type_find(type);
    field->role = (dtake_field_role)role;
    field->repeated = repeated;
    field->width = width;
    if (field->type == DTAKE_FIELD_NONE) {
        PyErr_Format(PyExc_ValueError, "field %s: no type is named %s", field->name, type);
        return false;
    }
    return read_values(f, field, names);
}

static size_t count_values(PyObject *list)
{
    size_t count = 0;
    for (Py_ssize_t i = 0; i < PyList_Size(list); i++) {
        PyObject *names = PyTuple_GetItem(PyList_GetItem(list, i), 5); /* borrowed */
        if (names != NULL && PyDict_Check(names))
            count += (size_t)PyDict_Size(names);
        PyErr_Clear();
    }
    return count;
}

static PyObject *schema_new(PyTypeObject *type, PyObject *arguments, PyObject *named)
{
    PyObject *list, *result = NULL;
    dtake_error err = { 0 };
    dtake_schema *schema = NULL;
    (void)type, (void)named;
    if (!PyArg_ParseTuple(arguments, "O!:Schema", &PyList_Type, &list))
        return NULL;
    Py_ssize_t count = PyList_Size(list);
    fields f = { .at = PyMem_Calloc((size_t)count + 1, sizeof *f.at),
                 .values = PyMem_Calloc(count_values(list) + 1, sizeof *f.values) };
    bool ok = f.at != NULL && f.values != NULL;
    if (!ok)
        PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < count && ok; i++)
        ok = read_field(&f, PyList_GetItem(list, i));
    if (ok && dtake_schema_new(&schema, f.at, f.count, &err) != DTAKE_OK)
        raise_status(err.status, &err);
    if (schema != NULL)
        result = schema_wrap(schema);
    dtake_schema_release(schema);
    PyMem_Free(f.at);
    PyMem_Free(f.values);
    return result;
}

/* --- to Python: the same tuples --- */

static PyObject *values_of(const dtake_field *field)
{
    PyObject *names = PyDict_New();
    for (size_t i = 0; i < field->enum_count && names != NULL; i++) {
        PyObject *number = PyLong_FromLong(field->enum_values[i].value);
        if (number == NULL || PyDict_SetItemString(names, field->enum_values[i].name, number) != 0)
            Py_CLEAR(names);
        DROP(number);
    }
    return names;
}

/* A list of what `make` makes of the items of `from`; NULL with its exception. */
static PyObject *list_of(size_t count, PyObject *(*make)(const void *from, size_t index), const void *from)
{
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (size_t i = 0; i < count && list != NULL; i++) {
        PyObject *item = make(from, i);
        if (item == NULL)
            Py_CLEAR(list);
        else
            PyList_SetItem(list, (Py_ssize_t)i, item);
    }
    return list;
}

static PyObject *field_of(const void *schema, size_t index)
{
    const dtake_field *f = dtake_schema_field(schema, index);
    return Py_BuildValue("ssiNiNsss", f->name, dtake_field_type_name(f->type), (int)f->role,
                         PyBool_FromLong(f->repeated), (int)f->width, values_of(f), f->unit, f->description,
                         f->example);
}

static PyObject *schema_fields(PyObject *self, void *closure)
{
    schema_object *schema = (schema_object *)self;
    (void)closure;
    if (schema->fields == NULL)
        schema->fields = list_of(dtake_schema_count(schema->schema), field_of, schema->schema);
    return Py_XNewRef(schema->fields);
}

static void schema_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    dtake_schema_release(((schema_object *)self)->schema);
    DROP(((schema_object *)self)->fields);
    PyObject_Free(self);
    DROP(type);
}

/* --- listings --- */

static PyObject *alias_of(const void *dataset, size_t index)
{
    return PyUnicode_FromString(((const dtake_dataset_info *)dataset)->aliases[index]);
}

static PyObject *dataset_of(const void *list, size_t index)
{
    const dtake_dataset_info *d = dtake_dataset_list_at(list, index);
    return Py_BuildValue("{s:s,s:s,s:s,s:i,s:y#,s:N,s:L,s:L,s:N}", "slug", d->slug, "name", d->name,
                         "description", d->description, "kind", (int)d->kind, "id", d->id,
                         (Py_ssize_t)sizeof d->id, "schema",
                         d->schema != NULL ? schema_wrap(d->schema) : Py_NewRef(Py_None), "datapoints",
                         (long long)d->datapoints, "collections", (long long)d->collections, "aliases",
                         list_of(d->alias_count, alias_of, d));
}

PyObject *datasets_to_python(const dtake_dataset_list *found)
{
    return list_of(dtake_dataset_list_count(found), dataset_of, found);
}

static PyObject *collection_of(const void *list, size_t index)
{
    const dtake_collection_info *c = dtake_collection_list_at(list, index);
    PyObject *box = c->has_box ? Py_BuildValue("dddd", c->box.west, c->box.south, c->box.east, c->box.north)
                               : Py_NewRef(Py_None);
    return Py_BuildValue("{s:s,s:s,s:s,s:y#,s:L,s:L,s:L,s:N}", "dataset", c->dataset, "name", c->name,
                         "description", c->description, "id", c->id, (Py_ssize_t)sizeof c->id, "datapoints",
                         (long long)c->datapoints, "start_ns", (long long)c->start_ns, "end_ns",
                         (long long)c->end_ns, "box", box);
}

PyObject *collections_to_python(const dtake_collection_list *found)
{
    return list_of(dtake_collection_list_count(found), collection_of, found);
}

static PyGetSetDef members[] = {
    { "fields", schema_fields, NULL,
      "(name, type, role, repeated, width, values, unit, description, example) of each", NULL },
    { NULL },
};
static PyType_Slot slots[] = {
    { Py_tp_new, schema_new },
    { Py_tp_dealloc, schema_dealloc },
    { Py_tp_getset, members },
    { Py_tp_doc, "The fields of a dataset." },
    { 0 },
};
static PyType_Spec spec = { "datatake._core.Schema", sizeof(schema_object), 0, Py_TPFLAGS_DEFAULT, slots };

int schema_add(PyObject *module)
{
    return add_type(module, &spec, &Schema_type);
}
