/* A comparison there is false where the property is missing, and so it is here, where null is not true.
 * `not` of one, which there is true, is said together with notNull. */
#include "sources/earthengine/filter.h"

#include "query/reduce.h"

#include <math.h>
#include <string.h>

enum { MAX_DEPTH = 5, MAX_LIST = 1000 };

/* --- values --- */

void dtake__ee_put_call(dtake__json *json, const char *key, const char *function)
{
    dtake__json_object(json, key);
    dtake__json_object(json, "functionInvocationValue");
    dtake__json_text(json, "functionName", function);
    dtake__json_object(json, "arguments");
}

void dtake__ee_end_call(dtake__json *json)
{
    for (int i = 0; i < 3; i++)
        dtake__json_end(json, '}');
}

void dtake__ee_put_list(dtake__json *json, const char *key)
{
    dtake__json_object(json, key);
    dtake__json_object(json, "arrayValue");
    dtake__json_array(json, "values");
}

void dtake__ee_end_list(dtake__json *json)
{
    dtake__json_end(json, ']');
    dtake__json_end(json, '}');
    dtake__json_end(json, '}');
}

void dtake__ee_put_text(dtake__json *json, const char *key, const char *value)
{
    dtake__json_object(json, key);
    dtake__json_text(json, "constantValue", value);
    dtake__json_end(json, '}');
}

void dtake__ee_put_number(dtake__json *json, const char *key, double value)
{
    dtake__json_object(json, key);
    dtake__json_f64(json, "constantValue", value);
    dtake__json_end(json, '}');
}

/* --- what can be said --- */

/* Made here of other properties. */
static bool is_derived(const char *name)
{
    static const char *const names[] = { "platform",     "proj:epsg", "proj:code", "start_datetime",
                                         "end_datetime", "proj:wkt2", "datetime",  "collection" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* NULL: it is not asked for there. *type: of the field. */
static const char *property_of(const dtake__filter *f, const dtake__ee_names *names, dtake_field_type *type)
{
    int at = f->op == DTAKE__FILTER_FIELD ? dtake_schema_find(names->schema, f->text) : -1;
    if (at < 0)
        return NULL;
    const dtake_field *field = dtake_schema_field(names->schema, (size_t)at);
    *type = field->type;
    if (field->role == DTAKE_ROLE_NAME)
        return "system:index";
    bool plain = field->role == DTAKE_ROLE_NONE && !field->repeated && !field->not_queryable &&
                 (field->type == DTAKE_FIELD_INT64 || field->type == DTAKE_FIELD_FLOAT64 ||
                  field->type == DTAKE_FIELD_STRING);
    if (!plain || is_derived(f->text))
        return NULL;
    return strcmp(f->text, "eo:cloud_cover") == 0 && names->cloud != NULL ? names->cloud : f->text;
}

static bool is_number(const dtake__filter *f, double *value)
{
    if (f->op == DTAKE__FILTER_INT)
        *value = (double)f->i64;
    else if (f->op == DTAKE__FILTER_FLOAT)
        *value = f->f64;
    else
        return false;
    return fabs(*value) <= 9007199254740992.0;
}

static bool is_value_of(const dtake__filter *f, dtake_field_type type, bool texts)
{
    double value;
    if (type == DTAKE_FIELD_STRING)
        return texts && f->op == DTAKE__FILTER_STRING;
    return is_number(f, &value);
}

/* The field stands on the left, or on the right of a comparison, which is then turned round. */
typedef struct comparison {
    dtake__filter_op op;
    const char *property;
    const dtake__filter *value;
} comparison;

static bool is_comparison(const dtake__filter *f, const dtake__ee_names *names, comparison *out)
{
    dtake_field_type type;
    bool equality = f->op == DTAKE__FILTER_EQ || f->op == DTAKE__FILTER_NE;
    if (!equality && dtake__filter_exchanged(f->op) == f->op)
        return false;
    for (int side = 0; side < 2; side++) {
        *out = (comparison){ side == 0 ? f->op : dtake__filter_exchanged(f->op),
                             property_of(f->args[side], names, &type), f->args[1 - side] };
        if (out->property != NULL && is_value_of(out->value, type, equality))
            return true;
    }
    return false;
}

static bool is_between(const dtake__filter *f, const dtake__ee_names *names)
{
    dtake_field_type type;
    return f->op == DTAKE__FILTER_BETWEEN && property_of(f->args[0], names, &type) != NULL &&
           is_value_of(f->args[1], type, false) && is_value_of(f->args[2], type, false);
}

static bool is_choice(const dtake__filter *f, const dtake__ee_names *names)
{
    dtake_field_type type;
    if (f->op != DTAKE__FILTER_IN || f->arg_count > MAX_LIST || property_of(f->args[0], names, &type) == NULL)
        return false;
    for (size_t i = 1; i < f->arg_count; i++)
        if (!is_value_of(f->args[i], type, true))
            return false;
    return true;
}

static bool can(const dtake__filter *f, const dtake__ee_names *names, int depth, bool *exact)
{
    comparison c;
    size_t said = 0;
    if (f->op != DTAKE__FILTER_AND && f->op != DTAKE__FILTER_OR) {
        bool yes = is_comparison(f, names, &c) || is_between(f, names) || is_choice(f, names);
        *exact &= yes;
        return yes;
    }
    bool small = depth < MAX_DEPTH && f->arg_count <= MAX_LIST;
    for (size_t i = 0; i < f->arg_count && small; i++)
        said += can(f->args[i], names, depth + 1, exact);
    *exact &= said == f->arg_count;
    return f->op == DTAKE__FILTER_AND ? said > 0 : said == f->arg_count;
}

bool dtake__ee_filter_can(const dtake__filter *filter, const dtake__ee_names *names, bool *exact)
{
    *exact = true;
    return can(filter, names, 0, exact);
}

/* --- what is said --- */

static void write_value(dtake__json *json, const char *key, const dtake__filter *value)
{
    double number = 0;
    if (is_number(value, &number))
        dtake__ee_put_number(json, key, number);
    else
        dtake__ee_put_text(json, key, value->text);
}

static void write_plain(dtake__json *json, const char *key, const char *function, const comparison *c)
{
    dtake__ee_put_call(json, key, function);
    dtake__ee_put_text(json, "leftField", c->property);
    write_value(json, "rightValue", c->value);
    dtake__ee_end_call(json);
}

static void write_there(dtake__json *json, const char *property)
{
    dtake__ee_put_call(json, NULL, "Filter.notNull");
    dtake__ee_put_list(json, "properties");
    dtake__ee_put_text(json, NULL, property);
    dtake__ee_end_list(json);
    dtake__ee_end_call(json);
}

static void write_not(dtake__json *json, const char *function, const comparison *c)
{
    dtake__ee_put_call(json, NULL, "Filter.and");
    dtake__ee_put_list(json, "filters");
    write_there(json, c->property);
    dtake__ee_put_call(json, NULL, "Filter.not");
    write_plain(json, "filter", function, c);
    dtake__ee_end_call(json);
    dtake__ee_end_list(json);
    dtake__ee_end_call(json);
}

static void write_comparison(dtake__json *json, const comparison *c)
{
    switch (c->op) {
    case DTAKE__FILTER_EQ:
        write_plain(json, NULL, "Filter.equals", c);
        break;
    case DTAKE__FILTER_LT:
        write_plain(json, NULL, "Filter.lessThan", c);
        break;
    case DTAKE__FILTER_GT:
        write_plain(json, NULL, "Filter.greaterThan", c);
        break;
    case DTAKE__FILTER_NE:
        write_not(json, "Filter.equals", c);
        break;
    case DTAKE__FILTER_LE:
        write_not(json, "Filter.greaterThan", c);
        break;
    default:
        write_not(json, "Filter.lessThan", c);
        break;
    }
}

static void write_between(dtake__json *json, const dtake__filter *f, const char *property)
{
    dtake__ee_put_call(json, NULL, "Filter.and");
    dtake__ee_put_list(json, "filters");
    write_comparison(json, &(comparison){ DTAKE__FILTER_GE, property, f->args[1] });
    write_comparison(json, &(comparison){ DTAKE__FILTER_LE, property, f->args[2] });
    dtake__ee_end_list(json);
    dtake__ee_end_call(json);
}

static void write_choice(dtake__json *json, const dtake__filter *f, const char *property)
{
    dtake__ee_put_call(json, NULL, "Filter.listContains");
    dtake__ee_put_list(json, "leftValue");
    for (size_t i = 1; i < f->arg_count; i++)
        write_value(json, NULL, f->args[i]);
    dtake__ee_end_list(json);
    dtake__ee_put_text(json, "rightField", property);
    dtake__ee_end_call(json);
}

static void write_tree(const dtake__filter *f, const dtake__ee_names *names, int depth, dtake__json *json)
{
    comparison c;
    dtake_field_type type;
    bool exact = true;
    if (is_comparison(f, names, &c)) {
        write_comparison(json, &c);
    } else if (is_between(f, names)) {
        write_between(json, f, property_of(f->args[0], names, &type));
    } else if (is_choice(f, names)) {
        write_choice(json, f, property_of(f->args[0], names, &type));
    } else {
        dtake__ee_put_call(json, NULL, f->op == DTAKE__FILTER_AND ? "Filter.and" : "Filter.or");
        dtake__ee_put_list(json, "filters");
        for (size_t i = 0; i < f->arg_count; i++)
            if (can(f->args[i], names, depth + 1, &exact))
                write_tree(f->args[i], names, depth + 1, json);
        dtake__ee_end_list(json);
        dtake__ee_end_call(json);
    }
}

void dtake__ee_filter_write(const dtake__filter *filter, const dtake__ee_names *names, dtake__json *json)
{
    write_tree(filter, names, 0, json);
}
