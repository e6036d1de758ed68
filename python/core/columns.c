/* Batches to the buffers of numpy arrays, with the fills that Tilebox's users know: 0, NaN, NaT, "", None.
 * Batches are added as they arrive, so that the work is done while others are still on their way.
 */
#include "core.h"

#include <math.h>
#include <stdlib.h>

static PyTypeObject *Columns_type, *Buffer_type;

enum { UUID_CHARS = 36, RECENT = 512, RECENT_BYTES = 48 };

/* What lies in the array of one field. */
typedef enum storage { FLAG, WORD, NUMBER, UUID_TEXT, OBJECT } storage;

typedef struct store { /* grows; `size` bytes an element */
    char *at;
    size_t count, room, size;
} store;

typedef struct recent { /* texts seen lately: many columns have few values */
    PyObject *text;
    uint32_t len;
    char bytes[RECENT_BYTES];
} recent;

enum { TRIED = 4096 }; /* texts after which it is known whether looking among the recent ones pays */

typedef struct column {
    const dtake_field *field;
    storage storage;
    int64_t fill;     /* WORD: of what is missing */
    size_t width;     /* elements a value: VECTOR */
    store values;     /* repeated: of all lists, one after another */
    store lengths;    /* repeated: int32 of each row */
    int32_t longest;  /* repeated */
    bool any;         /* some row has a value */
    PyObject **names; /* ENUM: texts, by the place of the value in the field */
    bool text;        /* OBJECT: str, else bytes */
    recent *recent;   /* of texts; NULL: most are new */
    recent *last;     /* the one that was found last */
    int tried, found; /* among the recent ones */
} column;

typedef struct columns_object {
    PyObject_HEAD dtake_schema *schema;
    column *column;
    size_t count;
    int64_t rows;
} columns_object;

/* --- memory --- */

static char *grow(store *s, size_t more)
{
    if (s->at == NULL || s->count + more > s->room) {
        size_t room = s->count + more > s->room * 2 ? s->count + more : s->room * 2;
        char *at = realloc(s->at, room * s->size + 1);
        if (at == NULL)
            return NULL;
        s->at = at;
        s->room = room;
    }
    char *place = s->at + s->count * s->size;
    s->count += more;
    return place;
}

typedef struct buffer_object { /* memory that numpy reads by the buffer protocol */
    PyObject_HEAD void *at;
    Py_ssize_t len;
} buffer_object;

static PyObject *buffer_wrap(void *at, size_t len)
{
    buffer_object *self = PyObject_New(buffer_object, Buffer_type);
    if (self == NULL) {
        free(at);
        return NULL;
    }
    self->at = at;
    self->len = (Py_ssize_t)len;
    return (PyObject *)self;
}

static int buffer_get(PyObject *self, Py_buffer *view, int flags)
{
    static char nothing;
    buffer_object *b = (buffer_object *)self;
    return PyBuffer_FillInfo(view, self, b->at != NULL ? b->at : &nothing, b->len, 0, flags);
}

static void buffer_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    free(((buffer_object *)self)->at);
    PyObject_Free(self);
    DROP(type);
}

static void drop_objects(store *s)
{
    PyObject **objects = (PyObject **)s->at;
    for (size_t i = 0; i < s->count; i++)
        DROP(objects[i]);
    s->count = 0;
}

/* --- one value after another --- */

static bool has_value(const dtake_column *c, int64_t row)
{
    return c->validity == NULL || (c->validity[row >> 3] >> (row & 7) & 1);
}

static void put_flags(uint8_t *to, const dtake_column *c, int64_t from, int64_t count)
{
    const uint8_t *bits = c->values;
    for (int64_t i = from; i < from + count; i++)
        *to++ = has_value(c, i) ? bits[i >> 3] >> (i & 7) & 1 : 0;
}

static void put_words(int64_t *to, const dtake_column *c, int64_t from, int64_t count, size_t width,
                      int64_t fill)
{
    const int64_t *values = c->values;
    memcpy(to, values + (size_t)from * width, (size_t)count * width * sizeof *to);
    if (c->null_count == 0)
        return;
    for (int64_t i = 0; i < count; i++)
        if (!has_value(c, from + i))
            for (size_t k = 0; k < width; k++)
                to[(size_t)i * width + k] = fill;
}

static void put_uuids(uint32_t *to, const dtake_column *c, int64_t from, int64_t count)
{
    static const uint8_t place[16] = { 0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34 };
    const uint8_t(*values)[16] = c->values;
    for (int64_t i = from; i < from + count; i++, to += UUID_CHARS) {
        if (!has_value(c, i)) {
            memset(to, 0, UUID_CHARS * sizeof *to);
            continue;
        }
        to[8] = to[13] = to[18] = to[23] = '-';
        for (int k = 0; k < 16; k++) {
            to[place[k]] = (uint32_t) "0123456789abcdef"[values[i][k] >> 4];
            to[place[k] + 1] = (uint32_t) "0123456789abcdef"[values[i][k] & 15];
        }
    }
}

static bool is_text(const recent *r, const char *at, uint32_t len)
{
    return r->text != NULL && r->len == len && memcmp(r->bytes, at, len) == 0;
}

static void forget_recent(column *c)
{
    for (size_t i = 0; c->recent != NULL && i < RECENT; i++)
        DROP(c->recent[i].text);
    free(c->recent);
    c->recent = c->last = NULL;
}

static recent *place_of(column *c, const char *at, uint32_t len)
{
    uint32_t hash = len * 2654435761u;
    for (uint32_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)at[i]) * 16777619u;
    return &c->recent[(hash ^ hash >> 15) % RECENT];
}

static PyObject *text_of(column *c, const char *at, int32_t bytes)
{
    uint32_t len = (uint32_t)bytes;
    if (c->recent == NULL || len > RECENT_BYTES)
        return PyUnicode_DecodeUTF8(at, bytes, "replace");
    recent *r = c->last != NULL && is_text(c->last, at, len) ? c->last : place_of(c, at, len);
    c->tried++;
    if (is_text(r, at, len)) {
        c->found++;
        c->last = r;
        return Py_NewRef(r->text);
    }
    PyObject *text = PyUnicode_DecodeUTF8(at, bytes, "replace");
    if (text == NULL)
        return NULL;
    if (c->tried >= TRIED && c->found < c->tried / 2) {
        forget_recent(c);
        return text;
    }
    DROP(r->text);
    r->text = Py_NewRef(text);
    r->len = len;
    memcpy(r->bytes, at, len);
    c->last = r;
    return text;
}

static PyObject *name_of(column *c, int32_t value)
{
    for (size_t i = 0; i < c->field->enum_count; i++)
        if (c->field->enum_values[i].value == value)
            return Py_NewRef(c->names[i]);
    return PyUnicode_FromFormat("%d", (int)value);
}

static PyObject *object_of(column *c, const dtake_column *from, int64_t row)
{
    if (!has_value(from, row))
        return Py_NewRef(Py_None);
    if (c->field->type == DTAKE_FIELD_ENUM)
        return name_of(c, ((const int32_t *)from->values)[row]);
    const char *at = (const char *)from->values + from->offsets[row];
    int32_t len = from->offsets[row + 1] - from->offsets[row];
    return c->text ? text_of(c, at, len) : PyBytes_FromStringAndSize(at, len);
}

/* Rows from..from+count of `source` behind what is there; memory is the only thing that can run out. */
static bool put(column *c, const dtake_column *source, int64_t from, int64_t count)
{
    char *to = grow(&c->values, (size_t)count * c->width);
    if (to == NULL) {
        PyErr_NoMemory();
        return false;
    }
    if (c->storage == OBJECT) {
        PyObject **objects = (PyObject **)to;
        memset(objects, 0, (size_t)count * sizeof *objects);
        for (int64_t i = 0; i < count; i++)
            if ((objects[i] = object_of(c, source, from + i)) == NULL)
                return false;
        return true;
    }
    Py_BEGIN_ALLOW_THREADS if (c->storage == FLAG) put_flags((uint8_t *)to, source, from, count);
    else if (c->storage == UUID_TEXT) put_uuids((uint32_t *)to, source, from, count);
    else put_words((int64_t *)to, source, from, count, c->width, c->fill);
    Py_END_ALLOW_THREADS return true;
}

static bool put_lists(column *c, const dtake_column *source)
{
    int32_t *lengths = (int32_t *)grow(&c->lengths, (size_t)source->rows);
    if (lengths == NULL) {
        PyErr_NoMemory();
        return false;
    }
    for (int64_t i = 0; i < source->rows; i++) {
        int32_t first = source->offsets[i];
        lengths[i] = has_value(source, i) ? source->offsets[i + 1] - first : 0;
        if (lengths[i] > c->longest)
            c->longest = lengths[i];
        if (lengths[i] > 0 && !put(c, source->items, first, lengths[i]))
            return false;
    }
    c->any = c->longest > 0;
    return true;
}

static PyObject *columns_add_batch(PyObject *self, PyObject *item)
{
    columns_object *columns = (columns_object *)self;
    if (!PyObject_TypeCheck(item, Batch_type)) {
        PyErr_SetString(PyExc_TypeError, "a Batch is expected");
        return NULL;
    }
    const dtake_batch *batch = ((batch_object *)item)->batch;
    if (dtake_schema_count(dtake_batch_schema(batch)) != columns->count) {
        PyErr_SetString(PyExc_ValueError, "the batch has other fields");
        return NULL;
    }
    for (size_t i = 0; i < columns->count; i++) {
        column *c = &columns->column[i];
        const dtake_column *source = dtake_batch_column(batch, i);
        c->any = c->any || (!c->field->repeated && source->null_count < source->rows);
        if (!(c->field->repeated ? put_lists(c, source) : put(c, source, 0, source->rows)))
            return NULL;
    }
    columns->rows += dtake_batch_rows(batch);
    return PyLong_FromLongLong(dtake_batch_rows(batch));
}

/* --- the end --- */

/* Lists become rows of the longest one's length. */
static bool pad(column *c, int64_t rows)
{
    size_t longest = (size_t)c->longest, element = c->values.size * c->width;
    store out = { .size = c->values.size };
    char *to = grow(&out, (size_t)rows * longest * c->width), *from = c->values.at;
    const int32_t *lengths = (const int32_t *)c->lengths.at;
    if (to == NULL) {
        PyErr_NoMemory();
        return false;
    }
    for (int64_t i = 0; i < rows; i++) {
        size_t have = (size_t)lengths[i], lacking = longest - have;
        memcpy(to, from, have * element);
        to += have * element;
        from += have * element;
        if (c->storage == FLAG || c->storage == UUID_TEXT)
            memset(to, 0, lacking * element);
        else
            for (size_t k = 0; k < lacking * c->width; k++)
                if (c->storage == OBJECT)
                    ((PyObject **)to)[k] = Py_NewRef(Py_None);
                else
                    ((int64_t *)to)[k] = c->fill;
        to += lacking * element;
    }
    free(c->values.at);
    c->values = out;
    return true;
}

/* [(buffer, longest, any), ...] in the order of the fields; the objects' buffers hold references, for
 * `objects_into`. */
static PyObject *columns_finish(PyObject *self, PyObject *nothing)
{
    columns_object *columns = (columns_object *)self;
    PyObject *list = PyList_New((Py_ssize_t)columns->count);
    (void)nothing;
    for (size_t i = 0; i < columns->count && list != NULL; i++) {
        column *c = &columns->column[i];
        if (c->field->repeated && !pad(c, columns->rows)) {
            Py_CLEAR(list);
            break;
        }
        PyObject *memory = NULL;
        if (c->storage == OBJECT)
            memory = Py_NewRef(Py_None);
        else {
            memory = buffer_wrap(c->values.at, c->values.count * c->values.size);
            c->values = (store){ .size = c->values.size };
        }
        PyObject *tuple =
            memory == NULL ? NULL : Py_BuildValue("NiN", memory, (int)c->longest, PyBool_FromLong(c->any));
        if (tuple == NULL)
            Py_CLEAR(list);
        else
            PyList_SetItem(list, (Py_ssize_t)i, tuple);
    }
    return list;
}

/* objects_into(field, array): moves the objects of a finished field into a numpy array of as many objects */
static PyObject *columns_objects_into(PyObject *self, PyObject *arguments)
{
    columns_object *columns = (columns_object *)self;
    Py_ssize_t at;
    PyObject *array;
    Py_buffer view;
    if (!PyArg_ParseTuple(arguments, "nO:objects_into", &at, &array))
        return NULL;
    if (at < 0 || (size_t)at >= columns->count || columns->column[at].storage != OBJECT) {
        PyErr_SetString(PyExc_ValueError, "no field of objects");
        return NULL;
    }
    store *values = &columns->column[at].values;
    if (PyObject_GetBuffer(array, &view, PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) != 0)
        return NULL;
    bool fits = view.format != NULL && strcmp(view.format, "O") == 0 &&
                view.len == (Py_ssize_t)(values->count * sizeof(PyObject *));
    if (fits) {
        PyObject **to = view.buf, **from = (PyObject **)values->at;
        for (size_t i = 0; i < values->count; i++) {
            PyObject *before = to[i];
            to[i] = from[i];
            DROP(before);
        }
        values->count = 0;
    } else
        PyErr_SetString(PyExc_ValueError, "an array of as many objects is expected");
    PyBuffer_Release(&view);
    return fits ? Py_NewRef(Py_None) : NULL;
}

/* --- life --- */

static bool begin_column(column *c, const dtake_field *field)
{
    const double missing = NAN;
    c->field = field;
    c->width = field->type == DTAKE_FIELD_VECTOR ? (size_t)field->width : 1;
    c->lengths.size = sizeof(int32_t);
    c->values.size = 8;
    c->storage = WORD;
    switch (field->type) {
    case DTAKE_FIELD_BOOL:
        c->storage = FLAG;
        c->values.size = 1;
        return true;
    case DTAKE_FIELD_INT64:
    case DTAKE_FIELD_UINT64:
        return true;
    case DTAKE_FIELD_FLOAT64:
    case DTAKE_FIELD_VECTOR:
        memcpy(&c->fill, &missing, sizeof c->fill);
        return true;
    case DTAKE_FIELD_TIMESTAMP:
    case DTAKE_FIELD_DURATION:
        c->fill = INT64_MIN;
        return true;
    case DTAKE_FIELD_UUID:
        c->storage = UUID_TEXT;
        c->values.size = UUID_CHARS * sizeof(uint32_t);
        return true;
    default:
        break;
    }
    c->storage = OBJECT;
    c->values.size = sizeof(PyObject *);
    if (field->type == DTAKE_FIELD_ENUM) {
        c->names = calloc(field->enum_count + 1, sizeof *c->names);
        for (size_t i = 0; c->names != NULL && i < field->enum_count; i++)
            if ((c->names[i] = PyUnicode_FromString(field->enum_values[i].name)) == NULL)
                return false;
        return c->names != NULL;
    }
    if (field->type == DTAKE_FIELD_BYTES || field->type == DTAKE_FIELD_GEOMETRY)
        return true;
    c->text = true;
    c->recent = calloc(RECENT, sizeof *c->recent);
    return c->recent != NULL;
}

static void end_column(column *c)
{
    if (c->storage == OBJECT)
        drop_objects(&c->values);
    for (size_t i = 0; c->names != NULL && i < c->field->enum_count; i++)
        DROP(c->names[i]);
    forget_recent(c);
    free(c->names);
    free(c->values.at);
    free(c->lengths.at);
}

static PyObject *columns_new(PyTypeObject *type, PyObject *arguments, PyObject *named)
{
    schema_object *schema;
    (void)type, (void)named;
    if (!PyArg_ParseTuple(arguments, "O!:Columns", Schema_type, &schema))
        return NULL;
    columns_object *self = PyObject_New(columns_object, Columns_type);
    if (self == NULL)
        return NULL;
    self->schema = dtake_schema_retain(schema->schema);
    self->rows = 0;
    self->count = 0;
    size_t count = dtake_schema_count(self->schema);
    self->column = calloc(count + 1, sizeof *self->column);
    bool ok = self->column != NULL;
    while (ok && self->count < count) {
        ok = begin_column(&self->column[self->count], dtake_schema_field(self->schema, self->count));
        self->count++;
    }
    if (ok)
        return (PyObject *)self;
    DROP(self);
    return PyErr_Occurred() ? NULL : PyErr_NoMemory();
}

static void columns_dealloc(PyObject *self)
{
    columns_object *columns = (columns_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    for (size_t i = 0; i < columns->count; i++)
        end_column(&columns->column[i]);
    free(columns->column);
    dtake_schema_release(columns->schema);
    PyObject_Free(self);
    DROP(type);
}

static PyObject *columns_rows(PyObject *self, void *closure)
{
    (void)closure;
    return PyLong_FromLongLong(((columns_object *)self)->rows);
}

static PyMethodDef methods[] = {
    { "add", columns_add_batch, METH_O, "add(batch) -> its rows" },
    { "finish", columns_finish, METH_NOARGS,
      "[(buffer or None, longest, any), ...]; nothing is added behind it" },
    { "objects_into", columns_objects_into, METH_VARARGS, "objects_into(field, array)" },
    { NULL },
};
static PyGetSetDef members[] = { { "rows", columns_rows, NULL, "how many", NULL }, { NULL } };
static PyType_Slot columns_slots[] = {
    { Py_tp_new, columns_new },
    { Py_tp_dealloc, columns_dealloc },
    { Py_tp_methods, methods },
    { Py_tp_getset, members },
    { Py_tp_doc, "Batches on their way to numpy." },
    { 0 },
};
static PyType_Spec columns_spec = { "datatake._core.Columns", sizeof(columns_object), 0, Py_TPFLAGS_DEFAULT,
                                    columns_slots };
static PyType_Slot buffer_slots[] = {
    { Py_tp_dealloc, buffer_dealloc },
    { Py_bf_getbuffer, buffer_get },
    { Py_tp_doc, "Memory of a numpy array." },
    { 0 },
};
static PyType_Spec buffer_spec = { "datatake._core.Buffer", sizeof(buffer_object), 0,
                                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, buffer_slots };

int columns_add(PyObject *module)
{
    if (add_type(module, &buffer_spec, &Buffer_type) != 0)
        return -1;
    return add_type(module, &columns_spec, &Columns_type);
}
