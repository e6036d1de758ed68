#include "catalog/predicate.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "table/schema.h"

#include <stdio.h>
#include <string.h>

struct dtake__predicate {
    dtake__filter *filter;
    dtake_schema *schema;
    dtake__node *root;
    int *fields; /* of the schema, one a slot */
    size_t field_count;
};

static void free_node(dtake__node *n)
{
    if (n == NULL)
        return;
    for (size_t i = 0; i < n->arg_count; i++)
        free_node(n->args[i]);
    dtake__like_free(n->like);
    dtake__prepared_free(n->prepared);
    dtake__geometry_dispose(&n->geometry);
    dtake__buf_dispose(&n->scratch);
    dtake__free(n->args);
    dtake__free(n);
}

void dtake__predicate_free(dtake__predicate *p)
{
    if (p == NULL)
        return;
    free_node(p->root);
    dtake__filter_free(p->filter);
    dtake_schema_release(p->schema);
    dtake__free(p->fields);
    dtake__free(p);
}

/* --- fields --- */

static dtake_status no_field(const dtake__predicate *p, const dtake__filter *f, dtake_error *err)
{
    const char *near = NULL;
    int edits = (int)strlen(f->text) / 3 + 2;
    for (size_t i = 0; i < dtake_schema_count(p->schema); i++) {
        const char *name = dtake_schema_field(p->schema, i)->name;
        int distance = dtake__edit_distance(f->text, name);
        if (distance < edits) {
            edits = distance;
            near = name;
        }
    }
    char at[32] = "";
    if (f->column > 0)
        snprintf(at, sizeof at, " column %u:", f->column);
    return near != NULL
               ? dtake__fail(err, DTAKE_E_USAGE, "filter:%s no field '%s'; did you mean '%s'?", at, f->text,
                             near)
               : dtake__fail(err, DTAKE_E_USAGE, "filter:%s no field '%s' in the dataset", at, f->text);
}

/* "datetime" is how STAC calls the time of any dataset. */
static int find_field(const dtake_schema *schema, const char *name)
{
    int at = dtake_schema_find(schema, name);
    if (at < 0 && (strcmp(name, "datetime") == 0 || strcmp(name, "time") == 0))
        at = dtake_schema_find_role(schema, DTAKE_ROLE_TIME);
    if (at < 0 && strcmp(name, "geometry") == 0)
        at = dtake_schema_find_role(schema, DTAKE_ROLE_GEOMETRY);
    return at;
}

static dtake_status bind_field(dtake__predicate *p, dtake__node *n, dtake_error *err)
{
    int at = find_field(p->schema, n->source->text);
    if (at < 0)
        return no_field(p, n->source, err);
    n->field = dtake_schema_field(p->schema, (size_t)at);
    for (size_t i = 0; i < p->field_count; i++)
        if (p->fields[i] == at) {
            n->slot = (int)i;
            return DTAKE_OK;
        }
    int *fields = dtake__realloc_array(p->fields, p->field_count + 1, sizeof *fields);
    if (fields == NULL)
        return dtake__fail_nomem(err, "read a filter");
    p->fields = fields;
    fields[p->field_count] = at;
    n->slot = (int)p->field_count++;
    return DTAKE_OK;
}

/* --- literals --- */

static dtake_status bind_literal(dtake__node *n, dtake_error *err)
{
    const dtake__filter *f = n->source;
    dtake_status st = DTAKE_OK;
    dtake__cell *c = &n->literal;
    switch (f->op) {
    case DTAKE__FILTER_STRING:
        *c = (dtake__cell){ .kind = DTAKE__CELL_TEXT, .bytes = { f->text, strlen(f->text) } };
        break;
    case DTAKE__FILTER_INT:
        *c = (dtake__cell){ .kind = DTAKE__CELL_INT, .i64 = f->i64 };
        break;
    case DTAKE__FILTER_UINT:
        *c = (dtake__cell){ .kind = DTAKE__CELL_UINT, .u64 = f->u64 };
        break;
    case DTAKE__FILTER_FLOAT:
        *c = (dtake__cell){ .kind = DTAKE__CELL_FLOAT, .f64 = f->f64 };
        break;
    case DTAKE__FILTER_BOOL:
        *c = (dtake__cell){ .kind = DTAKE__CELL_BOOL, .truth = f->truth };
        break;
    case DTAKE__FILTER_TIMESTAMP:
    case DTAKE__FILTER_DATE:
    case DTAKE__FILTER_OPEN:
        c->kind = DTAKE__CELL_TIME;
        dtake__filter_instants(f, &c->time);
        break;
    case DTAKE__FILTER_GEOMETRY:
        *c = (dtake__cell){ .kind = DTAKE__CELL_GEOMETRY,
                            .bytes = { (const char *)f->geometry.wkb, f->geometry.bytes } };
        break;
    case DTAKE__FILTER_BBOX:
        st = dtake__geometry_from_box(f->box, &n->geometry, err);
        *c = (dtake__cell){ .kind = DTAKE__CELL_GEOMETRY,
                            .bytes = { (const char *)n->geometry.wkb, n->geometry.bytes } };
        break;
    default:
        break;
    }
    return st;
}

/* --- operators --- */

static bool is_spatial(dtake__filter_op op)
{
    return op >= DTAKE__FILTER_S_INTERSECTS && op <= DTAKE__FILTER_S_OVERLAPS;
}

static bool is_shape(const dtake__node *n)
{
    return n->op == DTAKE__FILTER_GEOMETRY || n->op == DTAKE__FILTER_BBOX;
}

/* The relation is the area's to the geometry: the first operand's to the second. */
static dtake_status bind_spatial(dtake__node *n, dtake_error *err)
{
    dtake__relation relation = dtake__filter_relation(n->op);
    n->prepared_arg = -1;
    n->relation = relation;
    for (int i = 0; i < 2; i++) {
        const dtake__node *arg = n->args[i];
        if (!is_shape(arg) && !(arg->op == DTAKE__FILTER_FIELD && arg->field->type == DTAKE_FIELD_GEOMETRY &&
                                !arg->field->repeated))
            return dtake__fail(err, DTAKE_E_USAGE, "filter: %s needs geometries",
                               dtake__filter_op_name(n->op));
        if (!is_shape(arg) || n->prepared_arg >= 0)
            continue;
        n->prepared_arg = i;
        n->relation = i == 0 ? relation : dtake__relation_reversed(relation);
    }
    if (n->prepared_arg < 0)
        return DTAKE_OK;
    const dtake__node *arg = n->args[n->prepared_arg];
    dtake__geometry g = dtake__geometry_view(arg->literal.bytes.at, arg->literal.bytes.len);
    return arg->op == DTAKE__FILTER_BBOX
               ? dtake__prepared_new_box(&n->prepared, arg->source->box, DTAKE_EDGES_PLANAR, err)
               : dtake__prepared_new(&n->prepared, &g, DTAKE_EDGES_PLANAR, err);
}

static bool is_of_type(const dtake__node *n, dtake_field_type type)
{
    return n->op == DTAKE__FILTER_FIELD && n->field->type == type;
}

/* A text beside a field says what that field's values look like as text. */
static dtake_status settle_text(dtake__node *text, const dtake__node *beside, dtake_error *err)
{
    if (text->op != DTAKE__FILTER_STRING)
        return DTAKE_OK;
    if (is_of_type(beside, DTAKE_FIELD_TIMESTAMP)) {
        dtake_status st =
            dtake__filter_string_to_time((dtake__filter *)text->source, err); /* of our own copy */
        text->op = text->source->op;
        return st == DTAKE_OK ? bind_literal(text, err) : st;
    }
    if (is_of_type(beside, DTAKE_FIELD_UUID)) {
        dtake_id id;
        if (dtake_id_parse(text->source->text, &id, err) != DTAKE_OK)
            return DTAKE_E_USAGE;
        dtake_id_format(id, text->text);
        text->literal.bytes.at = text->text;
        text->literal.bytes.len = strlen(text->text);
    }
    return DTAKE_OK;
}

static dtake_status settle_operands(dtake__node *n, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    bool compares = (n->op >= DTAKE__FILTER_EQ && n->op <= DTAKE__FILTER_IN) ||
                    (n->op >= DTAKE__FILTER_T_AFTER && n->op <= DTAKE__FILTER_T_STARTS);
    for (size_t i = 1; compares && i < n->arg_count && st == DTAKE_OK; i++) {
        st = settle_text(n->args[i], n->args[0], err);
        if (st == DTAKE_OK && i == 1)
            st = settle_text(n->args[0], n->args[1], err);
    }
    return st;
}

static dtake__node *bind(dtake__predicate *p, const dtake__filter *f, dtake_status *st, dtake_error *err);

static dtake_status bind_args(dtake__predicate *p, dtake__node *n, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    n->args = dtake__calloc(n->source->arg_count + 1, sizeof *n->args);
    if (n->args == NULL)
        return dtake__fail_nomem(err, "read a filter");
    for (size_t i = 0; i < n->source->arg_count && st == DTAKE_OK; i++) {
        n->args[i] = bind(p, n->source->args[i], &st, err);
        n->arg_count = i + 1;
    }
    return st;
}

static dtake_status bind_operator(dtake__node *n, dtake_error *err)
{
    if (is_spatial(n->op))
        return bind_spatial(n, err);
    if (n->op == DTAKE__FILTER_LIKE)
        return dtake__like_new(&n->like, n->source, err);
    if (n->op == DTAKE__FILTER_CASEI || n->op == DTAKE__FILTER_ACCENTI)
        n->fold = n->op == DTAKE__FILTER_CASEI ? DTAKE__FOLD_CASE : DTAKE__FOLD_ACCENTS;
    return settle_operands(n, err);
}

static dtake__node *bind(dtake__predicate *p, const dtake__filter *f, dtake_status *st, dtake_error *err)
{
    dtake__node *n = dtake__calloc(1, sizeof *n);
    if (n == NULL) {
        *st = dtake__fail_nomem(err, "read a filter");
        return NULL;
    }
    n->op = f->op;
    n->source = f;
    n->slot = -1;
    n->scratch = DTAKE_BUF_INIT(64 << 20);
    *st = bind_args(p, n, err);
    if (*st == DTAKE_OK && f->op == DTAKE__FILTER_FIELD)
        *st = bind_field(p, n, err);
    if (*st == DTAKE_OK)
        *st = bind_literal(n, err);
    if (*st == DTAKE_OK && n->arg_count > 0)
        *st = bind_operator(n, err);
    return n;
}

dtake_status dtake__predicate_new(dtake__predicate **out, const dtake__filter *filter,
                                  const dtake_schema *schema, dtake_error *err)
{
    dtake__predicate *p = dtake__calloc(1, sizeof *p);
    dtake_status st = DTAKE_OK;
    if (p == NULL)
        return dtake__fail_nomem(err, "read a filter");
    p->schema = dtake_schema_retain(schema);
    p->filter = dtake__filter_copy(filter);
    if (p->filter == NULL)
        st = dtake__fail_nomem(err, "read a filter");
    else
        p->root = bind(p, p->filter, &st, err);
    if (st == DTAKE_OK)
        *out = p;
    else
        dtake__predicate_free(p);
    return st;
}

size_t dtake__predicate_field_count(const dtake__predicate *p)
{
    return p->field_count;
}

int dtake__predicate_field(const dtake__predicate *p, size_t index)
{
    return p->fields[index];
}

const dtake__filter *dtake__predicate_filter(const dtake__predicate *p)
{
    return p->filter;
}

/* --- testing --- */

static void set_columns(dtake__node *n, const dtake_column *const *columns)
{
    if (n->slot >= 0)
        n->column = columns[n->slot];
    for (size_t i = 0; i < n->arg_count; i++)
        set_columns(n->args[i], columns);
}

/* A comparison of a column of eight-byte numbers with a number: a loop without calls. */
static bool compares_numbers(const dtake__node *n)
{
    if (n->op < DTAKE__FILTER_EQ || n->op > DTAKE__FILTER_GE || n->args[0]->op != DTAKE__FILTER_FIELD)
        return false;
    const dtake_field *field = n->args[0]->field;
    dtake__cell_kind kind =
        n->args[1]->op != DTAKE__FILTER_FIELD ? n->args[1]->literal.kind : DTAKE__CELL_NULL;
    bool small = kind == DTAKE__CELL_INT && n->args[1]->literal.i64 > -(INT64_C(1) << 53) &&
                 n->args[1]->literal.i64 < INT64_C(1) << 53;
    return !field->repeated &&
           ((field->type == DTAKE_FIELD_FLOAT64 && (kind == DTAKE__CELL_FLOAT || small)) ||
            (field->type == DTAKE_FIELD_INT64 && kind == DTAKE__CELL_INT));
}

#define COMPARE_ALL(type, limit)                                                                             \
    do {                                                                                                     \
        const type *values = c->values, bound = (limit);                                                     \
        for (int64_t i = 0; i < rows; i++) {                                                                 \
            bool less = values[i]<bound, same = values[i] == bound, more = values[i]> bound;                 \
            bool holds = op == DTAKE__FILTER_EQ   ? same                                                     \
                         : op == DTAKE__FILTER_NE ? less || more                                             \
                         : op == DTAKE__FILTER_LT ? less                                                     \
                         : op == DTAKE__FILTER_LE ? less || same                                             \
                         : op == DTAKE__FILTER_GT ? more                                                     \
                                                  : more || same;                                            \
            keep[i] = keep[i] && holds;                                                                      \
        }                                                                                                    \
    } while (0)

static void compare_numbers(const dtake__node *n, int64_t rows, bool *keep)
{
    const dtake_column *c = n->args[0]->column;
    const dtake__cell *l = &n->args[1]->literal;
    dtake__filter_op op = n->op;
    if (n->args[0]->field->type == DTAKE_FIELD_FLOAT64)
        COMPARE_ALL(double, l->kind == DTAKE__CELL_INT ? (double)l->i64 : l->f64);
    else
        COMPARE_ALL(int64_t, l->i64);
    if (c->validity != NULL)
        for (int64_t i = 0; i < rows; i++)
            keep[i] = keep[i] && (c->validity[i >> 3] >> (i & 7) & 1);
}

/* What must hold is split where `and` splits it. */
static dtake_status narrow(dtake__node *n, int64_t rows, bool *keep, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    if (n->op == DTAKE__FILTER_AND) {
        for (size_t i = 0; i < n->arg_count && st == DTAKE_OK; i++)
            st = narrow(n->args[i], rows, keep, err);
        return st;
    }
    if (compares_numbers(n)) {
        compare_numbers(n, rows, keep);
        return DTAKE_OK;
    }
    for (int64_t i = 0; i < rows && st == DTAKE_OK; i++) {
        uint8_t truth = DTAKE__FALSE;
        if (keep[i])
            st = dtake__node_truth(n, i, &truth, err);
        keep[i] = truth == DTAKE__TRUE;
    }
    return st;
}

dtake_status dtake__predicate_test(dtake__predicate *p, const dtake_column *const *columns, int64_t rows,
                                   bool *keep, dtake_error *err)
{
    set_columns(p->root, columns);
    return narrow(p->root, rows, keep, err);
}
