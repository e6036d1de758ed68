/* Filter trees as filter expressions, where a service cannot mean anything else by them: what it then leaves
 * out, we would have left out as well. Everything is looked at again here. */
#include "core/alloc.h"
#include "core/error.h"
#include "protocol/tilebox/query.h"
#include "protocol/tilebox/type_struct.h"

enum { NS_PER_MS = 1000000 };
static const int64_t EXACT_DOUBLE = INT64_C(1) << 53;

typedef struct writing {
    const dtake__tilebox_type *type;
    int nodes; /* of the expression that is made */
    bool no_memory;
} writing;

static void dispose(dtake__tb_expression *e)
{
    dtake__tb_dispose(&dtake__tb_expression_message, e);
    *e = (dtake__tb_expression){ 0 };
}

/* --- leaves --- */

/* A field that the service lets itself be asked by; single values only. */
static const dtake_field *field_of(const writing *w, const dtake__filter *node, dtake__span *wire_name)
{
    int at = node->op == DTAKE__FILTER_FIELD ? dtake_schema_find(w->type->schema, node->text) : -1;
    const dtake_field *field = at >= 0 ? dtake_schema_field(w->type->schema, (size_t)at) : NULL;
    if (field == NULL || !w->type->fields[at].queryable || field->repeated)
        return NULL;
    const char *wire = w->type->fields[at].wire_name;
    *wire_name = dtake__span_of(wire != NULL ? wire : field->name);
    return field;
}

static bool is_order(dtake__filter_op op)
{
    return op == DTAKE__FILTER_LT || op == DTAKE__FILTER_LE || op == DTAKE__FILTER_GT ||
           op == DTAKE__FILTER_GE;
}

/* `!=` of doubles is left out: what NaN is unequal to is not agreed on. */
static bool put_double(dtake__filter_op op, const dtake__filter *value, dtake__tb_literal *out)
{
    bool is_exact =
        value->op == DTAKE__FILTER_INT && value->i64 >= -EXACT_DOUBLE && value->i64 <= EXACT_DOUBLE;
    if (op == DTAKE__FILTER_NE || (value->op != DTAKE__FILTER_FLOAT && !is_exact))
        return false;
    out->has_double_value = true;
    out->double_value = value->op == DTAKE__FILTER_FLOAT ? value->f64 : (double)value->i64;
    return true;
}

static bool put_whole(const dtake_field *field, const dtake__filter *value, dtake__tb_literal *out)
{
    if (value->op != DTAKE__FILTER_INT || (field->type == DTAKE_FIELD_UINT64 && value->i64 < 0))
        return false;
    out->has_int64_value = field->type == DTAKE_FIELD_INT64;
    out->has_uint64_value = field->type == DTAKE_FIELD_UINT64;
    out->int64_value = value->i64;
    out->uint64_value = (uint64_t)value->i64;
    return true;
}

/* Services may count in milliseconds: before and not before one are the same with and without the rest. */
static bool put_time(dtake__filter_op op, const dtake__filter *value, dtake__tb_literal *out)
{
    if (value->op != DTAKE__FILTER_TIMESTAMP || (op != DTAKE__FILTER_LT && op != DTAKE__FILTER_GE) ||
        value->time_ns % NS_PER_MS != 0)
        return false;
    out->timestamp_value = dtake__tb_time_of(value->time_ns);
    return true;
}

/* Texts only for being the same: their order is everybody's own. */
static bool put_literal(const dtake_field *field, dtake__filter_op op, const dtake__filter *value,
                        dtake__tb_literal *out)
{
    *out = (dtake__tb_literal){ .set = true };
    switch (field->type) {
    case DTAKE_FIELD_FLOAT64:
        return put_double(op, value, out);
    case DTAKE_FIELD_INT64:
    case DTAKE_FIELD_UINT64:
        return put_whole(field, value, out);
    case DTAKE_FIELD_TIMESTAMP:
        return put_time(op, value, out);
    case DTAKE_FIELD_BOOL:
        out->has_bool_value = value->op == DTAKE__FILTER_BOOL && !is_order(op);
        out->bool_value = out->has_bool_value && value->truth;
        return out->has_bool_value;
    case DTAKE_FIELD_STRING:
        out->has_string_value = value->op == DTAKE__FILTER_STRING && !is_order(op);
        out->string_value = out->has_string_value ? dtake__span_of(value->text) : DTAKE__SPAN("");
        return out->has_string_value;
    default:
        return false;
    }
}

static bool compare(writing *w, const dtake__filter *left, dtake__filter_op op, const dtake__filter *right,
                    dtake__tb_expression *out)
{
    static const int32_t operators[DTAKE__FILTER_OPS] = {
        [DTAKE__FILTER_EQ] = DTAKE__TB_EQ, [DTAKE__FILTER_NE] = DTAKE__TB_NE,
        [DTAKE__FILTER_LT] = DTAKE__TB_LT, [DTAKE__FILTER_LE] = DTAKE__TB_LE,
        [DTAKE__FILTER_GT] = DTAKE__TB_GT, [DTAKE__FILTER_GE] = DTAKE__TB_GE,
    };
    dtake__span name;
    const dtake_field *field = field_of(w, left, &name);
    dtake__tb_literal literal;
    if (field == NULL || !put_literal(field, op, right, &literal))
        return false;
    w->nodes++;
    *out = (dtake__tb_expression){ .set = true, .comparison = { true, name, operators[op], literal } };
    return true;
}

/* --- trees; false: not to be said, and *out holds nothing --- */

static bool put_node(writing *w, const dtake__filter *node, int level, dtake__tb_expression *out);

static dtake__tb_expression *join(writing *w, int32_t operator, size_t count, dtake__tb_expression *out)
{
    dtake__tb_expression *operands = dtake__calloc(count, sizeof *operands);
    w->no_memory = w->no_memory || operands == NULL;
    w->nodes++;
    *out = (dtake__tb_expression){ .set = true, .logical = { true, operator, { operands, count } } };
    return operands;
}

static bool put_logical(writing *w, const dtake__filter *node, int level, dtake__tb_expression *out)
{
    int32_t operator= node->op == DTAKE__FILTER_AND ? DTAKE__TB_AND
    : node->op == DTAKE__FILTER_OR                  ? DTAKE__TB_OR
                                                    : DTAKE__TB_NOT;
    bool whole = node->arg_count <= DTAKE__TB_MAX_OPERANDS;
    dtake__tb_expression *operands = whole ? join(w, operator, node->arg_count, out) : NULL;
    whole = operands != NULL;
    for (size_t i = 0; i < node->arg_count && whole; i++)
        whole = put_node(w, node->args[i], level + 1, &operands[i]);
    if (!whole)
        dispose(out);
    return whole;
}

/* between: not below and not above. */
static bool put_between(writing *w, const dtake__filter *node, dtake__tb_expression *out)
{
    dtake__tb_expression *operands = join(w, DTAKE__TB_AND, 2, out);
    bool whole = operands != NULL &&
                 compare(w, node->args[0], DTAKE__FILTER_GE, node->args[1], &operands[0]) &&
                 compare(w, node->args[0], DTAKE__FILTER_LE, node->args[2], &operands[1]);
    if (!whole)
        dispose(out);
    return whole;
}

/* in: one of them, or another. */
static bool put_in(writing *w, const dtake__filter *node, dtake__tb_expression *out)
{
    size_t count = node->arg_count - 1;
    if (count == 1)
        return compare(w, node->args[0], DTAKE__FILTER_EQ, node->args[1], out);
    dtake__tb_expression *operands =
        count <= DTAKE__TB_MAX_OPERANDS ? join(w, DTAKE__TB_OR, count, out) : NULL;
    bool whole = operands != NULL;
    for (size_t i = 0; i < count && whole; i++)
        whole = compare(w, node->args[0], DTAKE__FILTER_EQ, node->args[i + 1], &operands[i]);
    if (!whole)
        dispose(out);
    return whole;
}

static bool put_null_check(writing *w, const dtake__filter *node, dtake__tb_expression *out)
{
    dtake__span name;
    const dtake_field *field = field_of(w, node->args[0], &name);
    if (field == NULL)
        return false;
    w->nodes++;
    *out = (dtake__tb_expression){ .set = true, .is_null = { true, name } };
    return true;
}

static bool put_node(writing *w, const dtake__filter *node, int level, dtake__tb_expression *out)
{
    *out = (dtake__tb_expression){ 0 };
    if (level > DTAKE__TB_MAX_LEVELS - 1 || w->nodes > DTAKE__TB_MAX_NODES / 2)
        return false;
    switch (node->op) {
    case DTAKE__FILTER_AND:
    case DTAKE__FILTER_OR:
        return put_logical(w, node, level, out);
    case DTAKE__FILTER_NOT: /* of what is never null: others may take null for false */
        return node->args[0]->op == DTAKE__FILTER_IS_NULL && put_logical(w, node, level, out);
    case DTAKE__FILTER_IS_NULL:
        return put_null_check(w, node, out);
    case DTAKE__FILTER_BETWEEN:
        return put_between(w, node, out);
    case DTAKE__FILTER_IN:
        return put_in(w, node, out);
    default:
        return node->arg_count == 2 &&
               (is_order(node->op) || node->op == DTAKE__FILTER_EQ || node->op == DTAKE__FILTER_NE) &&
               compare(w, node->args[0], node->op, node->args[1], out);
    }
}

/* --- all of it --- */

static bool put_names(writing *w, const dtake__strings *names, dtake__tb_expression *out)
{
    int at = dtake_schema_find_role(w->type->schema, DTAKE_ROLE_NAME);
    dtake__filter field = { .op = DTAKE__FILTER_FIELD }, value = { .op = DTAKE__FILTER_STRING };
    if (names->count == 0 || names->count > DTAKE__TB_MAX_OPERANDS || at < 0)
        return false;
    field.text = (char *)dtake_schema_field(w->type->schema, (size_t)at)->name;
    dtake__tb_expression *operands = names->count > 1 ? join(w, DTAKE__TB_OR, names->count, out) : out;
    bool whole = operands != NULL;
    for (size_t i = 0; i < names->count && whole; i++) {
        value.text = names->at[i];
        whole = compare(w, &field, DTAKE__FILTER_EQ, &value, &operands[i]);
    }
    if (!whole && names->count > 1)
        dispose(out);
    return whole;
}

dtake_status dtake__tb_expressions_write(dtake__tb_list *out, const dtake_query *query,
                                         const dtake__tilebox_type *type, dtake_error *err)
{
    const dtake__filter *filter = query->filter;
    bool is_and = filter != NULL && filter->op == DTAKE__FILTER_AND;
    size_t count = is_and ? filter->arg_count : filter != NULL;
    writing w = { .type = type };
    dtake__tb_expression *list = dtake__calloc(DTAKE__TB_MAX_OPERANDS, sizeof *list);
    *out = (dtake__tb_list){ list, 0 };
    if (list == NULL)
        return dtake__fail_nomem(err, "filters");
    out->count += put_names(&w, &query->names, &list[0]);
    for (size_t i = 0; i < count && out->count < DTAKE__TB_MAX_OPERANDS; i++) {
        int nodes = w.nodes;
        if (put_node(&w, is_and ? filter->args[i] : filter, 1, &list[out->count]))
            out->count++;
        else
            w.nodes = nodes;
    }
    if (!w.no_memory)
        return DTAKE_OK;
    dtake__tb_expressions_dispose(out);
    return dtake__fail_nomem(err, "filters");
}

void dtake__tb_expressions_dispose(dtake__tb_list *list)
{
    dtake__tb_expression *expressions = list->at;
    for (size_t i = 0; i < list->count; i++)
        dispose(&expressions[i]);
    dtake__free(list->at);
    *list = (dtake__tb_list){ 0 };
}
