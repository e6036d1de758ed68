#include "raster/eval_reduce.h"

#include "raster/eval_function.h"
#include "raster/eval_ranks.h"

#include <math.h>
#include <string.h>

static bool is_valid(const dtake__lane *lane, size_t i)
{
    return lane->m == NULL || lane->m[i] != 0;
}

/* --- one after another --- */

#define FOLD(name, start, step, finish)                                                                      \
    static void run_##name(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out,              \
                           size_t count)                                                                     \
    {                                                                                                        \
        double *restrict acc = out->v, *restrict seen = out->scratch;                                        \
        for (size_t i = 0; i < count; i++) {                                                                 \
            acc[i] = start;                                                                                  \
            seen[i] = 0;                                                                                     \
        }                                                                                                    \
        for (size_t n = 0; n < node->count; n++) {                                                           \
            const double *restrict v = in[n].v;                                                              \
            const uint8_t *restrict m = in[n].m;                                                             \
            for (size_t i = 0; i < count; i++) {                                                             \
                bool valid = m == NULL || m[i] != 0;                                                         \
                double x = v[i], a = acc[i], k = seen[i];                                                    \
                (void)x;                                                                                     \
                (void)k;                                                                                     \
                acc[i] = valid ? (step) : a;                                                                 \
                seen[i] = k + (valid ? 1 : 0);                                                               \
            }                                                                                                \
        }                                                                                                    \
        for (size_t i = 0; i < count; i++) {                                                                 \
            double a = acc[i], k = seen[i];                                                                  \
            (void)a;                                                                                         \
            out->m[i] = k > 0 ? 255 : 0;                                                                     \
            acc[i] = k > 0 ? (finish) : 0;                                                                   \
        }                                                                                                    \
    }

FOLD(min, HUGE_VAL, x < a ? x : a, a)
FOLD(max, -HUGE_VAL, x > a ? x : a, a)
FOLD(sum, 0, a + x, a)
FOLD(mean, 0, a + x, a / k)
FOLD(count, 0, a, k)
FOLD(first, 0, k == 0 ? x : a, a)
FOLD(last, 0, x, a)
FOLD(all, 1, a != 0 && x != 0 ? 1 : 0, a)
FOLD(any, 0, a != 0 || x != 0 ? 1 : 0, a)

/* The mean first, then what lies off it. */
static void run_spread(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    double *mean = out->scratch + count;
    run_mean(node, in, out, count);
    memcpy(mean, out->v, count * sizeof *mean);
    for (size_t i = 0; i < count; i++)
        out->v[i] = 0;
    for (size_t n = 0; n < node->count; n++)
        for (size_t i = 0; i < count; i++) {
            double off = in[n].v[i] - mean[i], square = off * off;
            out->v[i] = is_valid(&in[n], i) ? out->v[i] + square : out->v[i];
        }
    bool root = node->param[0] == DTAKE__REDUCE_STD_DEV;
    for (size_t i = 0; i < count; i++) {
        double k = out->scratch[i], variance = k > 0 ? out->v[i] / k : 0;
        out->v[i] = root ? sqrt(variance) : variance;
    }
}

/* --- as nodes --- */

static size_t fold_scratch(const dtake__px_node *node, size_t count)
{
    (void)node;
    return 2 * count;
}

#define REDUCTION(run_it, room)                                                                              \
    {                                                                                                        \
        .name = "a reducer", .run = run_it, .own_mask = true, .rounds = true, .scratch = room                \
    }
#define RANKS                                                                                                \
    {                                                                                                        \
        .name = "a reducer", .run = dtake__ranks_run, .own_mask = true, .rounds = true,                      \
        .scratch = dtake__ranks_scratch, .reads_raw = dtake__ranks_read_raw                                  \
    }
static const dtake__px_op ops[] = {
    [DTAKE__REDUCE_MIN] = REDUCTION(run_min, fold_scratch),
    [DTAKE__REDUCE_MAX] = REDUCTION(run_max, fold_scratch),
    [DTAKE__REDUCE_SUM] = REDUCTION(run_sum, fold_scratch),
    [DTAKE__REDUCE_MEAN] = REDUCTION(run_mean, fold_scratch),
    [DTAKE__REDUCE_COUNT] = REDUCTION(run_count, fold_scratch),
    [DTAKE__REDUCE_VARIANCE] = REDUCTION(run_spread, fold_scratch),
    [DTAKE__REDUCE_STD_DEV] = REDUCTION(run_spread, fold_scratch),
    [DTAKE__REDUCE_FIRST] = REDUCTION(run_first, fold_scratch),
    [DTAKE__REDUCE_LAST] = REDUCTION(run_last, fold_scratch),
    [DTAKE__REDUCE_ALL] = REDUCTION(run_all, fold_scratch),
    [DTAKE__REDUCE_ANY] = REDUCTION(run_any, fold_scratch),
    [DTAKE__REDUCE_MODE] = RANKS,
    [DTAKE__REDUCE_PERCENTILE] = RANKS,
};

static dtake__px_type type_of(dtake__reduction kind, dtake__px_type type, size_t count)
{
    double n = (double)count;
    switch (kind) {
    case DTAKE__REDUCE_MIN:
    case DTAKE__REDUCE_MAX:
    case DTAKE__REDUCE_FIRST:
    case DTAKE__REDUCE_LAST:
    case DTAKE__REDUCE_MODE:
        return dtake__px_join(type, dtake__px_int(0, 0));
    case DTAKE__REDUCE_SUM:
        return type.precision == DTAKE__PX_INT ? dtake__px_int(fmin(type.min * n, 0), fmax(type.max * n, 0))
                                               : type;
    case DTAKE__REDUCE_COUNT:
        return dtake__px_int(0, n);
    case DTAKE__REDUCE_ALL:
    case DTAKE__REDUCE_ANY:
        return dtake__px_int(0, 1);
    default:
        return dtake__px_real_of(type);
    }
}

static dtake__px_type joined(const dtake__expressions *e, const dtake__px *in, size_t count)
{
    dtake__px_type type = dtake__px_int(0, 0);
    for (size_t i = 0; i < count; i++)
        if (in[i] != 0)
            type = i == 0 ? dtake__px_node_of(e, in[i])->type
                          : dtake__px_join(type, dtake__px_node_of(e, in[i])->type);
    return type;
}

dtake__px dtake__reduce(dtake__expressions *e, const dtake__reducer_output *output, const dtake__px *in,
                        size_t count)
{
    dtake__px_type type = joined(e, in, count);
    bool ranks = output->kind == DTAKE__REDUCE_MODE || output->kind == DTAKE__REDUCE_PERCENTILE;
    return dtake__px_add(
        e, &(dtake__px_node){ .op = &ops[output->kind],
                              .in = in,
                              .count = count,
                              .param = { output->kind, output->argument, ranks ? dtake__ranks_form(type) : 0,
                                         ranks ? dtake__ranks_least(type) : 0 },
                              .type = type_of(output->kind, type, count) });
}

/* --- the best of several --- */

static void run_which(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    double *best = out->scratch;
    for (size_t i = 0; i < count; i++) {
        out->v[i] = 0;
        out->m[i] = 0;
    }
    for (size_t n = 0; n < node->count; n++)
        for (size_t i = 0; i < count; i++)
            if (is_valid(&in[n], i) && (out->m[i] == 0 || in[n].v[i] > best[i])) {
                best[i] = in[n].v[i];
                out->v[i] = (double)n;
                out->m[i] = 255;
            }
}
static const dtake__px_op op_which = {
    .name = "the best of several", .run = run_which, .own_mask = true, .scratch = fold_scratch
};

static void run_pick(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool known = is_valid(&in[0], i) && in[0].v[i] >= 0 && in[0].v[i] < (double)(node->count - 1);
        const dtake__lane *from = &in[known ? 1 + (size_t)in[0].v[i] : 0];
        out->v[i] = known ? from->v[i] : 0;
        out->m[i] = !known ? 0 : from->m == NULL ? 255 : from->m[i];
    }
}
static const dtake__px_op op_pick = { .name = "one of several", .run = run_pick, .own_mask = true };

dtake__px dtake__reduce_which(dtake__expressions *e, const dtake__px *in, size_t count)
{
    return dtake__px_add(
        e, &(dtake__px_node){
               .op = &op_which, .in = in, .count = count, .type = dtake__px_int(0, (double)count) });
}

dtake__px dtake__reduce_pick(dtake__expressions *e, const dtake__px *in, size_t count)
{
    return dtake__px_add(
        e, &(dtake__px_node){ .op = &op_pick,
                              .in = in,
                              .count = count,
                              .type = dtake__px_join(joined(e, in + 1, count - 1), dtake__px_int(0, 0)) });
}
