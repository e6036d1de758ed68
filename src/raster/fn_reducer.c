/* Reducers as values. */
#include "raster/eval_function.h"
#include "raster/eval_reduce.h"

#include "core/error.h"

#include <stdio.h>
#include <string.h>

static dtake_status give(dtake__call *call, const dtake__reducer_output *output, size_t count,
                         dtake_error *err)
{
    dtake__reducer *reducer = dtake__call_alloc(call, 1, sizeof *reducer, err);
    if (reducer == NULL)
        return DTAKE_E_NOMEM;
    *reducer = (dtake__reducer){ output, count };
    return dtake__call_give(call, (dtake__value){ .kind = DTAKE__REDUCER, .reducer = reducer });
}

#define REDUCER(id, title, word, reduction, ...)                                                             \
    static dtake_status fn_##id(dtake__call *call, dtake_error *err)                                         \
    {                                                                                                        \
        static const dtake__reducer_output output = { reduction, 50, word };                                 \
        return give(call, &output, 1, err);                                                                  \
    }                                                                                                        \
    DTAKE__FUNCTION(reducer_##id, title, REDUCER, fn_##id, __VA_ARGS__)
#define NO_PARAMETERS                                                                                        \
    {                                                                                                        \
        NULL                                                                                                 \
    }

REDUCER(min, "Reducer.min", "min", DTAKE__REDUCE_MIN, { "numInputs", DTAKE__NUMBER, "1" });
REDUCER(max, "Reducer.max", "max", DTAKE__REDUCE_MAX, { "numInputs", DTAKE__NUMBER, "1" });
REDUCER(sum, "Reducer.sum", "sum", DTAKE__REDUCE_SUM, NO_PARAMETERS);
REDUCER(mean, "Reducer.mean", "mean", DTAKE__REDUCE_MEAN, NO_PARAMETERS);
REDUCER(count, "Reducer.count", "count", DTAKE__REDUCE_COUNT, NO_PARAMETERS);
REDUCER(variance, "Reducer.variance", "variance", DTAKE__REDUCE_VARIANCE, NO_PARAMETERS);
REDUCER(std_dev, "Reducer.stdDev", "stdDev", DTAKE__REDUCE_STD_DEV, NO_PARAMETERS);
REDUCER(first, "Reducer.first", "first", DTAKE__REDUCE_FIRST, NO_PARAMETERS);
REDUCER(first_non_null, "Reducer.firstNonNull", "first", DTAKE__REDUCE_FIRST, NO_PARAMETERS);
REDUCER(last, "Reducer.last", "last", DTAKE__REDUCE_LAST, NO_PARAMETERS);
REDUCER(last_non_null, "Reducer.lastNonNull", "last", DTAKE__REDUCE_LAST, NO_PARAMETERS);
REDUCER(all_non_zero, "Reducer.allNonZero", "all", DTAKE__REDUCE_ALL, NO_PARAMETERS);
REDUCER(any_non_zero, "Reducer.anyNonZero", "any", DTAKE__REDUCE_ANY, NO_PARAMETERS);
REDUCER(mode, "Reducer.mode", "mode", DTAKE__REDUCE_MODE, { "maxBuckets", DTAKE__NUMBER, "null" },
        { "minBucketWidth", DTAKE__NUMBER, "null" }, { "maxRaw", DTAKE__NUMBER, "null" });
REDUCER(median, "Reducer.median", "median", DTAKE__REDUCE_PERCENTILE, { "maxBuckets", DTAKE__NUMBER, "null" },
        { "minBucketWidth", DTAKE__NUMBER, "null" }, { "maxRaw", DTAKE__NUMBER, "null" });

static dtake_status min_max(dtake__call *call, dtake_error *err)
{
    static const dtake__reducer_output output[] = { { DTAKE__REDUCE_MIN, 0, "min" },
                                                    { DTAKE__REDUCE_MAX, 0, "max" } };
    return give(call, output, 2, err);
}
DTAKE__FUNCTION(reducer_min_max, "Reducer.minMax", REDUCER, min_max, NO_PARAMETERS);

static dtake_status percentile(dtake__call *call, dtake_error *err)
{
    size_t count;
    const double *percent = dtake__call_numbers(call, &call->arg[0], &count, err);
    dtake__reducer_output *output =
        percent != NULL ? dtake__call_alloc(call, count + 1, sizeof *output, err) : NULL;
    if (output == NULL)
        return DTAKE_E_USAGE;
    if (count == 0)
        return dtake__fail(err, DTAKE_E_USAGE, "no percentiles are given");
    for (size_t i = 0; i < count; i++) {
        if (!(percent[i] >= 0 && percent[i] <= 100))
            return dtake__fail(err, DTAKE_E_USAGE, "percentile %g is not within 0 and 100", percent[i]);
        output[i] = (dtake__reducer_output){ DTAKE__REDUCE_PERCENTILE, percent[i],
                                             dtake__call_text(call, err, "p%g", percent[i]) };
        if (output[i].name == NULL)
            return DTAKE_E_NOMEM;
    }
    if (!call->arg[1].null && call->arg[1].list.count != count)
        return dtake__fail(err, DTAKE_E_USAGE, "%zu names for %zu percentiles", call->arg[1].list.count,
                           count);
    for (size_t i = 0; !call->arg[1].null && i < count; i++) {
        const dtake__value *name = &call->arg[1].list.item[i];
        if (name->null || name->kind != DTAKE__STRING)
            return dtake__fail(err, DTAKE_E_USAGE, "outputNames must be strings");
        output[i].name = name->text;
    }
    return give(call, output, count, err);
}
DTAKE__FUNCTION(reducer_percentile, "Reducer.percentile", REDUCER, percentile, { "percentiles", DTAKE__LIST },
                { "outputNames", DTAKE__LIST, "null" }, { "maxBuckets", DTAKE__NUMBER, "null" },
                { "minBucketWidth", DTAKE__NUMBER, "null" }, { "maxRaw", DTAKE__NUMBER, "null" });

dtake_status dtake__reducer_check(const dtake__reducer *reducer, dtake_error *err)
{
    return reducer->lists || reducer->repeat > 0
               ? dtake__fail(err, DTAKE_E_UNSUPPORTED, "this reducer is for the columns of a collection")
               : DTAKE_OK;
}

static dtake_status to_list(dtake__call *call, dtake_error *err)
{
    static const dtake__reducer_output output = { DTAKE__REDUCE_FIRST, 0, "list" };
    double tuple = call->arg[0].null ? 0 : call->arg[0].number;
    if (!(tuple >= 0 && tuple <= 100))
        return dtake__fail(err, DTAKE_E_USAGE, "tupleSize %g is not within 1 and 100", tuple);
    dtake_status st = give(call, &output, 1, err);
    if (st != DTAKE_OK)
        return st;
    dtake__reducer *reducer = (dtake__reducer *)(uintptr_t)call->out.reducer; /* new: nobody else's yet */
    reducer->lists = true;
    reducer->tuple = (size_t)tuple;
    return DTAKE_OK;
}
DTAKE__FUNCTION(reducer_to_list, "Reducer.toList", REDUCER, to_list, { "tupleSize", DTAKE__NUMBER, "null" },
                { "numOptional", DTAKE__NUMBER, "0" });

static dtake_status repeat(dtake__call *call, dtake_error *err)
{
    dtake__reducer *reducer = dtake__call_alloc(call, 1, sizeof *reducer, err);
    double count = call->arg[1].number;
    if (reducer == NULL)
        return DTAKE_E_NOMEM;
    if (!(count >= 1 && count <= 100))
        return dtake__fail(err, DTAKE_E_USAGE, "count %g is not within 1 and 100", count);
    if (call->arg[0].reducer->repeat > 0)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "a reducer that is repeated already");
    *reducer = *call->arg[0].reducer;
    reducer->repeat = (size_t)count;
    return dtake__call_give(call, (dtake__value){ .kind = DTAKE__REDUCER, .reducer = reducer });
}
DTAKE__FUNCTION(reducer_repeat, "Reducer.repeat", REDUCER, repeat, { "reducer", DTAKE__REDUCER },
                { "count", DTAKE__NUMBER });

static dtake_status set_outputs(dtake__call *call, dtake_error *err)
{
    const dtake__reducer *from = call->arg[0].reducer;
    const dtake__value *names = &call->arg[1];
    dtake__reducer_output *output = dtake__call_alloc(call, from->count + 1, sizeof *output, err);
    dtake__reducer *reducer = dtake__call_alloc(call, 1, sizeof *reducer, err);
    if (output == NULL || reducer == NULL)
        return DTAKE_E_NOMEM;
    if (names->list.count != from->count)
        return dtake__fail(err, DTAKE_E_USAGE, "%zu names for %zu outputs", names->list.count, from->count);
    for (size_t i = 0; i < from->count; i++) {
        const dtake__value *name = &names->list.item[i];
        if (name->null || name->kind != DTAKE__STRING)
            return dtake__fail(err, DTAKE_E_USAGE, "outputs must be strings");
        output[i] = from->output[i];
        output[i].name = name->text;
    }
    *reducer = *from;
    reducer->output = output;
    return dtake__call_give(call, (dtake__value){ .kind = DTAKE__REDUCER, .reducer = reducer });
}
DTAKE__FUNCTION(reducer_set_outputs, "Reducer.setOutputs", REDUCER, set_outputs,
                { "reducer", DTAKE__REDUCER }, { "outputs", DTAKE__LIST });

static dtake_status combine(dtake__call *call, dtake_error *err)
{
    const dtake__reducer *a = call->arg[0].reducer, *b = call->arg[1].reducer;
    dtake__reducer_output *output = dtake__call_alloc(call, a->count + b->count, sizeof *output, err);
    if (output == NULL)
        return DTAKE_E_NOMEM;
    if (dtake__reducer_check(a, err) != DTAKE_OK || dtake__reducer_check(b, err) != DTAKE_OK)
        return DTAKE_E_UNSUPPORTED;
    if (!call->arg[3].boolean)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "reducers are combined with sharedInputs only");
    memcpy(output, a->output, a->count * sizeof *output);
    memcpy(output + a->count, b->output, b->count * sizeof *output);
    for (size_t i = a->count; i < a->count + b->count; i++) {
        output[i].name = dtake__call_text(call, err, "%s%s", call->arg[2].text, output[i].name);
        if (output[i].name == NULL)
            return DTAKE_E_NOMEM;
    }
    return give(call, output, a->count + b->count, err);
}
DTAKE__FUNCTION(reducer_combine, "Reducer.combine", REDUCER, combine, { "reducer1", DTAKE__REDUCER },
                { "reducer2", DTAKE__REDUCER }, { "outputPrefix", DTAKE__STRING, "" },
                { "sharedInputs", DTAKE__BOOLEAN, "false" });
