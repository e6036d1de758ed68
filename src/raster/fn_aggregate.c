/* Many numbers to one: lists, and columns of collections. */
#include "raster/eval_element.h"
#include "raster/eval_filter.h"
#include "raster/eval_function.h"
#include "raster/eval_share.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

static bool is_number(const dtake__value *value)
{
    return !value->null &&
           (value->kind == DTAKE__NUMBER || value->kind == DTAKE__BOOLEAN || value->kind == DTAKE__DATE);
}

static double number_of(const dtake__value *value)
{
    return value->kind == DTAKE__BOOLEAN ? value->boolean : value->number;
}

/* What a reducer makes of a column; what is null does not count. `weight` may be NULL. */
static dtake_status reduce_column(const dtake__reducer_output *output, const dtake__value *item,
                                  const dtake__value *weight, size_t count, dtake__value *out,
                                  dtake_error *err)
{
    dtake__shares shares = { .keeps = dtake__shares_need(output) };
    dtake_status st = DTAKE_OK;
    double number;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
        double share = weight == NULL ? 1 : is_number(&weight[i]) ? number_of(&weight[i]) : 0;
        if (item[i].null || share <= 0)
            continue;
        if (!is_number(&item[i]))
            st = dtake__fail(err, DTAKE_E_USAGE, "a %s is no number to be reduced",
                             dtake__kind_name(item[i].kind));
        else if (!dtake__shares_add(&shares, (dtake__share){ number_of(&item[i]), share, true }))
            st = dtake__fail_nomem(err, "a column");
    }
    *out = (dtake__value){ .null = true };
    if (st == DTAKE_OK && dtake__shares_reduce(&shares, output, &number))
        *out = dtake__value_of_number(number);
    dtake__shares_dispose(&shares);
    return st;
}

/* Columns side by side; each has `count` values. */
typedef struct columns {
    dtake__value **column;
    size_t columns, count;
} columns;

static dtake_status read_columns(dtake__call *call, const dtake__value *from, const dtake__value *names,
                                 columns *out, dtake_error *err)
{
    dtake__value all = *from;
    dtake_status st = dtake__collection_need(call->eval, &all, err);
    *out = (columns){ .columns = names->list.count, .count = st == DTAKE_OK ? all.list.count : 0 };
    out->column = dtake__call_alloc(call, names->list.count + 1, sizeof *out->column, err);
    if (st != DTAKE_OK || out->column == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    for (size_t c = 0; c < names->list.count; c++) {
        const dtake__value *name = &names->list.item[c];
        out->column[c] = dtake__call_alloc(call, out->count + 1, sizeof **out->column, err);
        if (out->column[c] == NULL)
            return DTAKE_E_NOMEM;
        if (name->null || name->kind != DTAKE__STRING)
            return dtake__fail(err, DTAKE_E_USAGE, "selectors must be strings");
        for (size_t i = 0; i < out->count; i++)
            out->column[c][i] = dtake__element_get(&all.list.item[i], name->text);
    }
    return DTAKE_OK;
}

/* The rows of some columns as items, those with a null left out. */
static dtake_status list_of(dtake__call *call, const columns *from, size_t first, size_t tuple,
                            dtake__value *out, dtake_error *err)
{
    size_t inputs = tuple > 0 ? tuple : 1, kept = 0;
    dtake__value *item = dtake__call_alloc(call, from->count + 1, sizeof *item, err);
    dtake__value *part = dtake__call_alloc(call, from->count * inputs + 1, sizeof *part, err);
    if (item == NULL || part == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < from->count; i++) {
        bool whole = true;
        for (size_t k = 0; k < inputs; k++) {
            part[i * inputs + k] = from->column[first + k][i];
            whole = whole && !from->column[first + k][i].null;
        }
        if (whole)
            item[kept++] =
                tuple > 0 ? (dtake__value){ .kind = DTAKE__LIST, .list = { part + i * inputs, NULL, inputs } }
                          : part[i];
    }
    *out = (dtake__value){ .kind = DTAKE__LIST, .list = { item, NULL, kept } };
    return DTAKE_OK;
}

static dtake_status reduce_one(dtake__call *call, const dtake__reducer *reducer, size_t output,
                               const columns *from, size_t first, const columns *weights, dtake__value *out,
                               dtake_error *err)
{
    if (reducer->lists)
        return list_of(call, from, first, reducer->tuple, out, err);
    return reduce_column(&reducer->output[output], from->column[first],
                         weights->columns > 0 ? weights->column[0] : NULL, from->count, out, err);
}

static dtake_status reduce_columns(dtake__call *call, const dtake__reducer *reducer, const columns *from,
                                   const columns *weights, dtake_error *err)
{
    size_t inputs = reducer->lists && reducer->tuple > 0 ? reducer->tuple : 1;
    size_t times = reducer->repeat > 0 ? reducer->repeat : 1;
    dtake__value *item = dtake__call_alloc(call, reducer->count + 1, sizeof *item, err);
    const char **key = dtake__call_alloc(call, reducer->count + 1, sizeof *key, err);
    dtake_status st = item != NULL && key != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    if (st == DTAKE_OK && from->columns != inputs * times)
        return dtake__fail(err, DTAKE_E_USAGE, "the reducer has %zu inputs, and there are %zu columns",
                           inputs * times, from->columns);
    for (size_t i = 0; i < reducer->count && st == DTAKE_OK; i++) {
        dtake__value *each = dtake__call_alloc(call, times, sizeof *each, err);
        for (size_t t = 0; each != NULL && t < times && st == DTAKE_OK; t++)
            st = reduce_one(call, reducer, i, from, t * inputs, weights, &each[t], err);
        if (each == NULL)
            return DTAKE_E_NOMEM;
        key[i] = reducer->output[i].name;
        item[i] = reducer->repeat > 0 ? (dtake__value){ .kind = DTAKE__LIST, .list = { each, NULL, times } }
                                      : each[0];
    }
    return st == DTAKE_OK ? dtake__call_give(call, (dtake__value){ .kind = DTAKE__DICTIONARY,
                                                                   .list = { item, key, reducer->count } })
                          : st;
}

static dtake_status of_collection(dtake__call *call, dtake_error *err)
{
    columns from, weights = { 0 };
    dtake_status st = read_columns(call, &call->arg[0], &call->arg[2], &from, err);
    if (st == DTAKE_OK && !call->arg[3].null)
        st = read_columns(call, &call->arg[0], &call->arg[3], &weights, err);
    return st == DTAKE_OK ? reduce_columns(call, call->arg[1].reducer, &from, &weights, err) : st;
}
DTAKE__FUNCTION(collection_reduce_columns, "Collection.reduceColumns", DICTIONARY, of_collection,
                { "collection", DTAKE__ANY_COLLECTION }, { "reducer", DTAKE__REDUCER },
                { "selectors", DTAKE__LIST }, { "weightSelectors", DTAKE__LIST, "null" });

/* One output: its value; several: a dictionary. */
static dtake_status of_list(dtake__call *call, dtake_error *err)
{
    const dtake__reducer *reducer = call->arg[1].reducer;
    columns from = { .columns = 1, .count = call->arg[0].list.count }, weights = { 0 };
    dtake__value *column = call->arg[0].list.item;
    from.column = &column;
    dtake_status st = reduce_columns(call, reducer, &from, &weights, err);
    return st == DTAKE_OK && reducer->count == 1 ? dtake__call_give(call, call->out.list.item[0]) : st;
}
DTAKE__FUNCTION(list_reduce, "List.reduce", OBJECT, of_list, { "list", DTAKE__LIST },
                { "reducer", DTAKE__REDUCER });

/* --- aggregate_... --- */

static dtake_status column_of(dtake__call *call, columns *out, dtake_error *err)
{
    dtake__value *name = dtake__call_alloc(call, 1, sizeof *name, err);
    if (name == NULL)
        return DTAKE_E_NOMEM;
    *name = call->arg[1];
    const dtake__value names = { .kind = DTAKE__LIST, .list = { name, NULL, 1 } };
    return read_columns(call, &call->arg[0], &names, out, err);
}

static dtake_status aggregate(dtake__call *call, dtake__reduction kind, bool of_sample, dtake_error *err)
{
    columns from;
    dtake_status st = column_of(call, &from, err);
    const dtake__reducer_output output = { kind, 50, "" };
    dtake__value out;
    if (st == DTAKE_OK)
        st = reduce_column(&output, from.column[0], NULL, from.count, &out, err);
    if (st != DTAKE_OK)
        return st;
    if (of_sample && !out.null) { /* of those that were drawn, not of all there are */
        double n = 0;
        for (size_t i = 0; i < from.count; i++)
            n += !from.column[0][i].null;
        double by = n > 1 ? n / (n - 1) : 0;
        out.number *= kind == DTAKE__REDUCE_STD_DEV ? sqrt(by) : by;
    }
    return dtake__call_give(call, out);
}

#define AGGREGATE(id, title, kind, of_sample)                                                                \
    static dtake_status fn_##id(dtake__call *call, dtake_error *err)                                         \
    {                                                                                                        \
        return aggregate(call, kind, of_sample, err);                                                        \
    }                                                                                                        \
    DTAKE__FUNCTION(aggregate_##id, title, NUMBER, fn_##id, { "collection", DTAKE__ANY_COLLECTION },         \
                    { "property", DTAKE__STRING })

AGGREGATE(max, "AggregateFeatureCollection.max", DTAKE__REDUCE_MAX, false);
AGGREGATE(mean, "AggregateFeatureCollection.mean", DTAKE__REDUCE_MEAN, false);
AGGREGATE(min, "AggregateFeatureCollection.min", DTAKE__REDUCE_MIN, false);
AGGREGATE(sum, "AggregateFeatureCollection.sum", DTAKE__REDUCE_SUM, false);
AGGREGATE(sample_sd, "AggregateFeatureCollection.sample_sd", DTAKE__REDUCE_STD_DEV, true);
AGGREGATE(sample_var, "AggregateFeatureCollection.sample_var", DTAKE__REDUCE_VARIANCE, true);
AGGREGATE(total_sd, "AggregateFeatureCollection.total_sd", DTAKE__REDUCE_STD_DEV, false);
AGGREGATE(total_var, "AggregateFeatureCollection.total_var", DTAKE__REDUCE_VARIANCE, false);

#define COLUMN_PARAMETERS                                                                                    \
    { "collection", DTAKE__ANY_COLLECTION },                                                                 \
    {                                                                                                        \
        "property", DTAKE__STRING                                                                            \
    }

static dtake_status product(dtake__call *call, dtake_error *err)
{
    columns from;
    double out = 1;
    dtake_status st = column_of(call, &from, err);
    for (size_t i = 0; st == DTAKE_OK && i < from.count; i++)
        out *= is_number(&from.column[0][i]) ? number_of(&from.column[0][i]) : 1;
    return st == DTAKE_OK ? dtake__call_give(call, dtake__value_of_number(out)) : st;
}
DTAKE__FUNCTION(aggregate_product, "AggregateFeatureCollection.product", NUMBER, product, COLUMN_PARAMETERS);

static dtake_status count_set(dtake__call *call, dtake_error *err)
{
    columns from;
    double count = 0;
    dtake_status st = column_of(call, &from, err);
    for (size_t i = 0; st == DTAKE_OK && i < from.count; i++)
        count += !from.column[0][i].null;
    return st == DTAKE_OK ? dtake__call_give(call, dtake__value_of_number(count)) : st;
}
DTAKE__FUNCTION(aggregate_count, "AggregateFeatureCollection.count", NUMBER, count_set, COLUMN_PARAMETERS);

static dtake_status first_set(dtake__call *call, dtake_error *err)
{
    columns from;
    dtake_status st = column_of(call, &from, err);
    for (size_t i = 0; st == DTAKE_OK && i < from.count; i++)
        if (!from.column[0][i].null)
            return dtake__call_give(call, from.column[0][i]);
    return st;
}
DTAKE__FUNCTION(aggregate_first, "AggregateFeatureCollection.first", OBJECT, first_set, COLUMN_PARAMETERS);

/* Each value once, in the order of their first, and how often it is there. */
static dtake_status tally(dtake__call *call, dtake__value **value, double **often, size_t *kinds,
                          dtake_error *err)
{
    columns from;
    dtake_status st = column_of(call, &from, err);
    *kinds = 0;
    if (st == DTAKE_OK && from.count > 2 * DTAKE__MAX_ELEMENTS)
        return dtake__fail(err, DTAKE_E_LIMIT, "more than %d elements", 2 * DTAKE__MAX_ELEMENTS);
    *value = st == DTAKE_OK ? dtake__call_alloc(call, from.count + 1, sizeof **value, err) : NULL;
    *often = st == DTAKE_OK ? dtake__call_alloc(call, from.count + 1, sizeof **often, err) : NULL;
    if (*value == NULL || *often == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    for (size_t i = 0; i < from.count; i++) {
        size_t k = 0;
        if (from.column[0][i].null)
            continue;
        while (k < *kinds && !dtake__value_equal(call->eval, &(*value)[k], &from.column[0][i]))
            k++;
        (*value)[k] = from.column[0][i];
        (*often)[k]++;
        *kinds += k == *kinds;
    }
    return DTAKE_OK;
}

static dtake_status count_distinct(dtake__call *call, dtake_error *err)
{
    dtake__value *value;
    double *often;
    size_t kinds;
    dtake_status st = tally(call, &value, &often, &kinds, err);
    return st == DTAKE_OK ? dtake__call_give(call, dtake__value_of_number((double)kinds)) : st;
}
DTAKE__FUNCTION(aggregate_count_distinct, "AggregateFeatureCollection.count_distinct", NUMBER, count_distinct,
                COLUMN_PARAMETERS);

static dtake_status histogram(dtake__call *call, dtake_error *err)
{
    dtake__value *value, word;
    double *often;
    size_t kinds;
    const dtake__value *out = NULL;
    dtake_status st = tally(call, &value, &often, &kinds, err);
    for (size_t i = 0; st == DTAKE_OK && i < kinds; i++) {
        st = dtake__eval_call(call->eval, "String", &value[i], 1, &word, err);
        if (st == DTAKE_OK)
            st = dtake__properties_set(call->eval, &out, word.text, dtake__value_of_number(often[i]), err);
    }
    return st == DTAKE_OK
               ? dtake__call_give(call, out != NULL ? *out : (dtake__value){ .kind = DTAKE__DICTIONARY })
               : st;
}
DTAKE__FUNCTION(aggregate_histogram, "AggregateFeatureCollection.histogram", DICTIONARY, histogram,
                COLUMN_PARAMETERS);

static dtake_status stats(dtake__call *call, dtake_error *err)
{
    static const struct {
        const char *key, *function;
    } parts[] = { { "max", "max" },
                  { "mean", "mean" },
                  { "min", "min" },
                  { "sample_sd", "sample_sd" },
                  { "sample_var", "sample_var" },
                  { "sum", "sum" },
                  { "total_count", "count" },
                  { "total_sd", "total_sd" },
                  { "total_var", "total_var" },
                  { "valid_count", "count" } };
    const dtake__value *out = NULL;
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && st == DTAKE_OK; i++) {
        const char *name = dtake__call_text(call, err, "AggregateFeatureCollection.%s", parts[i].function);
        dtake__value one;
        st = name != NULL ? dtake__eval_call(call->eval, name, call->arg, 2, &one, err) : DTAKE_E_LIMIT;
        if (st == DTAKE_OK)
            st = dtake__properties_set(call->eval, &out, parts[i].key, one, err);
    }
    return st == DTAKE_OK ? dtake__call_give(call, *out) : st;
}
DTAKE__FUNCTION(aggregate_stats, "AggregateFeatureCollection.stats", DICTIONARY, stats, COLUMN_PARAMETERS);
