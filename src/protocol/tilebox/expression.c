/* Filter expressions as filter trees. */
#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "protocol/tilebox/query.h"

#include <math.h>

typedef struct reading {
    const dtake__tilebox_type *type;
    const dtake_schema *schema;
    int nodes;
    dtake_error *err;
} reading;

static dtake_status no_memory(reading *r)
{
    return dtake__fail_nomem(r->err, "read filters");
}

/* --- fields: clients name them as the type does --- */

static dtake_status field_of(reading *r, dtake__span name, const dtake_field **out)
{
    char text[DTAKE_MAX_FIELD_NAME_BYTES + 1];
    if (name.len == 0 || name.len >= sizeof text || memchr(name.text, '\0', name.len) != NULL)
        return dtake__fail(r->err, DTAKE_E_USAGE, "filters.expressions: field_name: not the name of a field");
    memcpy(text, name.text, name.len);
    text[name.len] = '\0';
    int known = dtake_schema_find(dtake__tilebox_type_schema(r->type), text);
    int at = known >= 0 ? dtake__tilebox_type_column(r->type, (size_t)known, r->schema) : -1;
    if (at < 0)
        return dtake__fail(r->err, DTAKE_E_USAGE, "filters.expressions: the dataset has no field '%s'", text);
    *out = dtake_schema_field(r->schema, (size_t)at);
    return DTAKE_OK;
}

/* --- literals --- */

static dtake_status unfit(reading *r, const dtake_field *field, const char *what)
{
    return dtake__fail(r->err, DTAKE_E_USAGE,
                       "filters.expressions: field '%s' is %s%s: it cannot be compared with %s", field->name,
                       field->repeated ? "a list of " : "", dtake_field_type_name(field->type), what);
}

static bool takes_numbers(const dtake_field *field)
{
    return field->type == DTAKE_FIELD_INT64 || field->type == DTAKE_FIELD_UINT64 ||
           field->type == DTAKE_FIELD_FLOAT64 || field->type == DTAKE_FIELD_ENUM;
}

static dtake_status integer(reading *r, const dtake_field *field, const dtake__tb_literal *v,
                            dtake__filter **out)
{
    bool is_signed = v->has_int64_value || v->uint64_value <= INT64_MAX;
    if (!takes_numbers(field))
        return unfit(r, field, "a number");
    *out = dtake__filter_new(is_signed ? DTAKE__FILTER_INT : DTAKE__FILTER_UINT);
    if (*out == NULL)
        return no_memory(r);
    if (v->has_int64_value)
        (*out)->i64 = v->int64_value;
    else if (is_signed)
        (*out)->i64 = (int64_t)v->uint64_value;
    else
        (*out)->u64 = v->uint64_value;
    return DTAKE_OK;
}

static dtake_status real(reading *r, const dtake_field *field, const dtake__tb_literal *v,
                         dtake__filter **out)
{
    if (!takes_numbers(field))
        return unfit(r, field, "a number");
    if (!isfinite(v->double_value))
        return dtake__fail(r->err, DTAKE_E_USAGE, "filters.expressions: double_value: must be finite");
    *out = dtake__filter_float(v->double_value);
    return *out != NULL ? DTAKE_OK : no_memory(r);
}

static dtake_status truth(reading *r, const dtake_field *field, const dtake__tb_literal *v,
                          dtake__filter **out)
{
    if (field->type != DTAKE_FIELD_BOOL)
        return unfit(r, field, "true or false");
    *out = dtake__filter_new(DTAKE__FILTER_BOOL);
    if (*out == NULL)
        return no_memory(r);
    (*out)->truth = v->bool_value;
    return DTAKE_OK;
}

static dtake_status text_node(reading *r, const char *text, size_t len, dtake__filter **out)
{
    char *copy = dtake__strndup(text, len);
    *out = copy != NULL ? dtake__filter_string(copy) : NULL;
    dtake__free(copy);
    return *out != NULL ? DTAKE_OK : no_memory(r);
}

static dtake_status text(reading *r, const dtake_field *field, const dtake__tb_literal *v,
                         dtake__filter **out)
{
    if (field->type != DTAKE_FIELD_STRING && field->type != DTAKE_FIELD_UUID &&
        field->type != DTAKE_FIELD_JSON)
        return unfit(r, field, "a text");
    if (memchr(v->string_value.text, '\0', v->string_value.len) != NULL)
        return dtake__fail(r->err, DTAKE_E_USAGE, "filters.expressions: string_value: has a zero byte");
    return text_node(r, v->string_value.text, v->string_value.len, out);
}

/* Our names are without the prefix that the enum's type gives them; "ASCENDING" stands for
 * "FLIGHT_DIRECTION_ASCENDING" too. */
static dtake_status enum_name(reading *r, const dtake_field *field, const dtake__tb_literal *v,
                              dtake__filter **out)
{
    const dtake_enum_value *best = NULL;
    if (field->type != DTAKE_FIELD_ENUM)
        return unfit(r, field, "the name of an enum's value");
    for (size_t i = 0; i < field->enum_count; i++) {
        const dtake_enum_value *one = &field->enum_values[i];
        dtake__span name = dtake__span_of(one->name), wanted = v->enum_name;
        if (dtake__span_equal(name, wanted) ||
            (best == NULL && wanted.len > name.len && wanted.text[wanted.len - name.len - 1] == '_' &&
             memcmp(wanted.text + wanted.len - name.len, name.text, name.len) == 0))
            best = one;
    }
    if (best == NULL)
        return dtake__fail(r->err, DTAKE_E_USAGE, "filters.expressions: field '%s' has no value '%.*s'",
                           field->name, (int)(v->enum_name.len < 80 ? v->enum_name.len : 80),
                           v->enum_name.text);
    *out = dtake__filter_int(best->value);
    return *out != NULL ? DTAKE_OK : no_memory(r);
}

static dtake_status bytes(reading *r, const dtake_field *field, const dtake__tb_literal *v,
                          dtake__filter **out)
{
    char id_text[DTAKE_ID_TEXT];
    dtake_id id;
    if (field->type != DTAKE_FIELD_UUID)
        return unfit(r, field, "bytes");
    if (v->bytes_value.len != sizeof id.bytes)
        return dtake__fail(r->err, DTAKE_E_USAGE, "filters.expressions: bytes_value: an id has 16 bytes");
    memcpy(id.bytes, v->bytes_value.text, sizeof id.bytes);
    dtake_id_format(id, id_text);
    return text_node(r, id_text, strlen(id_text), out);
}

static dtake_status time_value(reading *r, const dtake_field *field, const dtake__tb_literal *v,
                               dtake__filter **out)
{
    bool is_time = v->timestamp_value.set;
    if (field->type != (is_time ? DTAKE_FIELD_TIMESTAMP : DTAKE_FIELD_DURATION))
        return unfit(r, field, is_time ? "a time" : "a duration");
    int64_t ns = dtake__tb_time_ns(is_time ? v->timestamp_value : v->duration_value);
    *out = is_time ? dtake__filter_time(ns) : dtake__filter_int(ns);
    return *out != NULL ? DTAKE_OK : no_memory(r);
}

static dtake_status read_literal(reading *r, const dtake_field *field, const dtake__tb_literal *v,
                                 dtake__filter **out)
{
    int given = v->has_bool_value + v->has_int64_value + v->has_uint64_value + v->has_double_value +
                v->has_string_value + v->has_enum_name + v->has_bytes_value + v->timestamp_value.set +
                v->duration_value.set;
    if (given != 1)
        return dtake__fail(r->err, DTAKE_E_USAGE,
                           "filters.expressions: value: exactly one literal must be set");
    if (field->repeated)
        return unfit(r, field, "a single value");
    if (v->has_bool_value)
        return truth(r, field, v, out);
    if (v->has_int64_value || v->has_uint64_value)
        return integer(r, field, v, out);
    if (v->has_double_value)
        return real(r, field, v, out);
    if (v->has_string_value)
        return text(r, field, v, out);
    if (v->has_enum_name)
        return enum_name(r, field, v, out);
    return v->has_bytes_value ? bytes(r, field, v, out) : time_value(r, field, v, out);
}

/* --- nodes --- */

/* Takes the operands. */
static dtake_status join(reading *r, dtake__filter_op op, dtake__filter **args, size_t count,
                         dtake__filter **out)
{
    bool whole = true;
    for (size_t i = 0; i < count; i++)
        whole = whole && args[i] != NULL;
    if (whole) {
        *out = dtake__filter_of(op, args, count);
        return *out != NULL ? DTAKE_OK : no_memory(r);
    }
    for (size_t i = 0; i < count; i++)
        dtake__filter_free(args[i]);
    return no_memory(r);
}

static dtake_status read_comparison(reading *r, const dtake__tb_comparison *c, dtake__filter **out)
{
    static const dtake__filter_op ops[] = { DTAKE__FILTER_OPS, DTAKE__FILTER_EQ, DTAKE__FILTER_NE,
                                            DTAKE__FILTER_LT,  DTAKE__FILTER_LE, DTAKE__FILTER_GT,
                                            DTAKE__FILTER_GE };
    const dtake_field *field = NULL;
    dtake__filter *args[2] = { NULL, NULL };
    if (c->operator<DTAKE__TB_EQ || c->operator> DTAKE__TB_GE)
        return dtake__fail(r->err, DTAKE_E_USAGE, "filters.expressions: operator: %d is not a defined value",
                           (int)c->operator);
    bool is_name = c->value.has_bool_value || c->value.has_enum_name;
    if (is_name && c->operator> DTAKE__TB_NE)
        return dtake__fail(r->err, DTAKE_E_USAGE, "filters.expressions: %s can only be compared by == and !=",
                           c->value.has_bool_value ? "true and false" : "names of enums");
    dtake_status st = field_of(r, c->field_name, &field);
    if (st == DTAKE_OK)
        st = read_literal(r, field, &c->value, &args[1]);
    if (st != DTAKE_OK)
        return st;
    args[0] = dtake__filter_field(field->name);
    return join(r, ops[c->operator], args, 2, out);
}

static dtake_status read_null(reading *r, const dtake__tb_null_check *check, dtake__filter **out)
{
    const dtake_field *field = NULL;
    dtake_status st = field_of(r, check->field_name, &field);
    if (st != DTAKE_OK)
        return st;
    dtake__filter *arg = dtake__filter_field(field->name);
    return join(r, DTAKE__FILTER_IS_NULL, &arg, 1, out);
}

static dtake_status read_node(reading *r, const dtake__tb_expression *e, int level, dtake__filter **out);

static dtake_status read_logical(reading *r, const dtake__tb_logical *l, int level, dtake__filter **out)
{
    static const dtake__filter_op ops[] = { DTAKE__FILTER_OPS, DTAKE__FILTER_AND, DTAKE__FILTER_OR,
                                            DTAKE__FILTER_NOT };
    const dtake__tb_expression *operands = l->operands.at;
    dtake__filter *args[DTAKE__TB_MAX_OPERANDS];
    size_t count = 0, least = l->operator== DTAKE__TB_NOT ? 1 : 2;
    if (l->operator<DTAKE__TB_AND || l->operator> DTAKE__TB_NOT)
        return dtake__fail(r->err, DTAKE_E_USAGE, "filters.expressions: operator: %d is not a defined value",
                           (int)l->operator);
    if (l->operands.count < least || (least == 1 && l->operands.count > 1) ||
        l->operands.count > DTAKE__TB_MAX_OPERANDS)
        return dtake__fail(r->err, DTAKE_E_USAGE,
                           "filters.expressions: operands: 'not' has one, 'and' and 'or' have 2 to %d",
                           DTAKE__TB_MAX_OPERANDS);
    dtake_status st = DTAKE_OK;
    for (; count < l->operands.count && st == DTAKE_OK; count++) {
        args[count] = NULL;
        st = read_node(r, &operands[count], level + 1, &args[count]);
    }
    if (st == DTAKE_OK)
        return join(r, ops[l->operator], args, count, out);
    for (size_t i = 0; i < count; i++)
        dtake__filter_free(args[i]);
    return st;
}

static dtake_status read_node(reading *r, const dtake__tb_expression *e, int level, dtake__filter **out)
{
    if (e->logical.set + e->comparison.set + e->is_null.set != 1)
        return dtake__fail(r->err, DTAKE_E_USAGE,
                           "filters.expressions: exactly one of logical, comparison and is_null must be set");
    if (++r->nodes > DTAKE__TB_MAX_NODES || level > DTAKE__TB_MAX_LEVELS)
        return dtake__fail(r->err, DTAKE_E_USAGE, "filters.expressions: more than %d nodes or %d levels",
                           DTAKE__TB_MAX_NODES, DTAKE__TB_MAX_LEVELS);
    if (e->logical.set)
        return read_logical(r, &e->logical, level, out);
    return e->comparison.set ? read_comparison(r, &e->comparison, out) : read_null(r, &e->is_null, out);
}

dtake_status dtake__tb_expression_read(dtake__filter **out, const dtake__tb_expression *expression,
                                       const dtake__tilebox_type *type, const dtake_schema *schema,
                                       dtake_error *err)
{
    reading r = { .type = type, .schema = schema, .err = err };
    *out = NULL;
    return read_node(&r, expression, 1, out);
}
