/* Texts, bytes, geometries and names of enumerations as Python objects. */
#include "column.h"

#include <stdlib.h>

enum {
    RECENT = 512,
    RECENT_BYTES = 64,
    TRIED = 4096, /* texts after which it is known whether looking among the recent ones pays */
};

typedef struct recent { /* a text seen lately: many columns have few values */
    PyObject *text;
    uint32_t len;
    char bytes[RECENT_BYTES];
} recent;

typedef struct maker { /* of the objects of one field */
    const dtake_field *field;
    PyObject **names; /* ENUM: texts, by the place of the value in the field */
    size_t name;      /* that was found last */
    bool text;        /* str, else bytes */
    recent *recent;   /* of texts; NULL: most are new */
    recent *last;     /* that was found last */
    int tried, found; /* among the recent ones */
} maker;

/* --- texts --- */

static bool is_text(const recent *r, const char *at, uint32_t len)
{
    return r->text != NULL && r->len == len && memcmp(r->bytes, at, len) == 0;
}

static void forget_recent(maker *m)
{
    for (size_t i = 0; m->recent != NULL && i < RECENT; i++)
        DROP(m->recent[i].text);
    free(m->recent);
    m->recent = m->last = NULL;
}

static recent *place_of(maker *m, const char *at, uint32_t len)
{
    const uint64_t odd = 0x9e3779b97f4a7c15u;
    uint64_t hash = len * odd;
    for (uint32_t i = 0; i < len; i += 8) {
        uint64_t word = 0;
        memcpy(&word, at + i, len - i < 8 ? len - i : 8);
        hash = (hash ^ word) * odd;
        hash ^= hash >> 32;
    }
    return &m->recent[hash % RECENT];
}

static PyObject *remember(maker *m, recent *r, const char *at, uint32_t len)
{
    PyObject *text = PyUnicode_DecodeUTF8(at, (Py_ssize_t)len, "replace");
    if (text == NULL)
        return NULL;
    if (m->tried >= TRIED && m->found < m->tried / 2) {
        forget_recent(m);
        return text;
    }
    DROP(r->text);
    r->text = Py_NewRef(text);
    r->len = len;
    memcpy(r->bytes, at, len);
    m->last = r;
    return text;
}

static PyObject *text_of(maker *m, const char *at, uint32_t len)
{
    if (m->recent == NULL || len > RECENT_BYTES)
        return PyUnicode_DecodeUTF8(at, (Py_ssize_t)len, "replace");
    recent *r = m->last != NULL && is_text(m->last, at, len) ? m->last : place_of(m, at, len);
    m->tried++;
    if (!is_text(r, at, len))
        return remember(m, r, at, len);
    m->found++;
    m->last = r;
    return Py_NewRef(r->text);
}

/* --- one object --- */

static PyObject *name_of(maker *m, int32_t value)
{
    const dtake_field *field = m->field;
    for (size_t i = 0, at = m->name; i < field->enum_count;
         i++, at = at + 1 == field->enum_count ? 0 : at + 1)
        if (field->enum_values[at].value == value) {
            m->name = at;
            return Py_NewRef(m->names[at]);
        }
    return PyUnicode_FromFormat("%d", (int)value);
}

static PyObject *object_of(maker *m, const dtake_column *from, int64_t row)
{
    if (!has_value(from, row))
        return Py_NewRef(Py_None);
    if (m->names != NULL)
        return name_of(m, ((const int32_t *)from->values)[row]);
    const char *at = (const char *)from->values + from->offsets[row];
    int32_t len = from->offsets[row + 1] - from->offsets[row];
    return m->text ? text_of(m, at, (uint32_t)len) : PyBytes_FromStringAndSize(at, len);
}

static void maker_end(maker *m)
{
    for (size_t i = 0; m->names != NULL && i < m->field->enum_count; i++)
        DROP(m->names[i]);
    free(m->names);
    forget_recent(m);
}

static bool maker_begin(maker *m, const dtake_field *field)
{
    *m = (maker){ .field = field };
    if (field->type == DTAKE_FIELD_BYTES || field->type == DTAKE_FIELD_GEOMETRY)
        return true;
    if (field->type != DTAKE_FIELD_ENUM) {
        m->text = true;
        m->recent = calloc(RECENT, sizeof *m->recent);
    } else {
        m->names = calloc(field->enum_count + 1, sizeof *m->names);
        for (size_t i = 0; m->names != NULL && i < field->enum_count; i++)
            if ((m->names[i] = PyUnicode_FromString(field->enum_values[i].name)) == NULL)
                return false;
    }
    if (m->names != NULL || m->recent != NULL)
        return true;
    PyErr_NoMemory();
    return false;
}

/* --- all batches --- */

static void replace(PyObject **at, PyObject *object)
{
    PyObject *before = *at;
    *at = object;
    DROP(before);
}

/* Rows from..from+count behind *to; false with an exception. */
static bool put(maker *m, PyObject ***to, const dtake_column *c, int64_t from, int64_t count)
{
    for (int64_t i = from; i < from + count; i++) {
        PyObject *object = object_of(m, c, i);
        if (object == NULL)
            return false;
        replace((*to)++, object);
    }
    return true;
}

static bool put_lists(maker *m, PyObject ***to, const dtake_column *c, int32_t longest)
{
    for (int64_t i = 0; i < c->rows; i++) {
        int32_t first = c->offsets[i], have = has_value(c, i) ? c->offsets[i + 1] - first : 0;
        if (have > 0 && !put(m, to, c->items, first, have))
            return false;
        for (int32_t k = have; k < longest; k++)
            replace((*to)++, Py_NewRef(Py_None));
    }
    return true;
}

bool column_fill_objects(const column *c, int32_t longest, PyObject **to)
{
    maker m;
    bool ok = maker_begin(&m, c->field);
    for (size_t i = 0; ok && i < c->count; i++)
        ok = c->field->repeated ? put_lists(&m, &to, c->parts[i], longest)
                                : put(&m, &to, c->parts[i], 0, c->parts[i]->rows);
    maker_end(&m);
    return ok;
}
