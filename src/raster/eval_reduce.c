#include "raster/eval_reduce.h"

#include "raster/eval_function.h"

#include <math.h>
#include <string.h>

/* Sorting goes column by column, so many samples side by side. */
enum { COLUMNS = 32 };

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

/* --- in order --- */

static void order(double *restrict low, double *restrict high)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        double a = low[i], b = high[i];
        low[i] = a < b ? a : b;
        high[i] = a < b ? b : a;
    }
}

/* Batcher's odd-even merge sort: the same exchanges whatever the samples. */
static void sort_rows(double *rows, size_t n)
{
    for (size_t p = 1; p < n; p *= 2)
        for (size_t k = p; k >= 1; k /= 2)
            for (size_t j = k % p; j + k < n; j += 2 * k)
                for (size_t i = 0; i < k && i + j + k < n; i++)
                    if ((i + j) / (2 * p) == (i + j + k) / (2 * p))
                        order(rows + (i + j) * COLUMNS, rows + (i + j + k) * COLUMNS);
}

/* The valid samples of up to COLUMNS columns in order, what is masked behind them; how many each has. */
static void sort_columns(const dtake__px_node *node, const dtake__lane *in, size_t first, size_t columns,
                         double *rows, uint32_t seen[COLUMNS])
{
    memset(seen, 0, COLUMNS * sizeof *seen);
    for (size_t n = 0; n < node->count; n++)
        for (size_t i = 0; i < COLUMNS; i++) {
            bool valid = i < columns && is_valid(&in[n], first + i);
            rows[n * COLUMNS + i] = valid ? in[n].v[first + i] : HUGE_VAL;
            seen[i] += valid;
        }
    sort_rows(rows, node->count);
}

static double percentile_of(const double *column, uint32_t count, double percent)
{
    double at = percent / 100 * (count - 1);
    uint32_t below = (uint32_t)at;
    double low = column[below * COLUMNS], part = at - below;
    if (part == 0)
        return low;
    double rise = (column[(below + 1) * COLUMNS] - low) * part;
    return low + rise;
}

static double mode_of(const double *column, uint32_t count)
{
    double best = column[0];
    uint32_t longest = 0, run = 0;
    for (uint32_t n = 0; n < count; n++) {
        run = n > 0 && column[n * COLUMNS] == column[(n - 1) * COLUMNS] ? run + 1 : 1;
        if (run > longest) {
            longest = run;
            best = column[n * COLUMNS];
        }
    }
    return best;
}

static void run_sorted(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    uint32_t seen[COLUMNS];
    bool mode = node->param[0] == DTAKE__REDUCE_MODE;
    for (size_t first = 0; first < count; first += COLUMNS) {
        size_t columns = count - first < COLUMNS ? count - first : COLUMNS;
        sort_columns(node, in, first, columns, out->scratch, seen);
        for (size_t i = 0; i < columns; i++) {
            const double *column = out->scratch + i;
            out->m[first + i] = seen[i] > 0 ? 255 : 0;
            out->v[first + i] = seen[i] == 0 ? 0
                                : mode       ? mode_of(column, seen[i])
                                             : percentile_of(column, seen[i], node->param[1]);
        }
    }
}

/* --- as nodes --- */

static size_t fold_scratch(const dtake__px_node *node, size_t count)
{
    (void)node;
    return 2 * count;
}

static size_t sort_scratch(const dtake__px_node *node, size_t count)
{
    (void)count;
    return node->count * COLUMNS;
}

#define REDUCTION(run_it, room)                                                                              \
    {                                                                                                        \
        .name = "a reducer", .run = run_it, .own_mask = true, .rounds = true, .scratch = room                \
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
    [DTAKE__REDUCE_MODE] = REDUCTION(run_sorted, sort_scratch),
    [DTAKE__REDUCE_PERCENTILE] = REDUCTION(run_sorted, sort_scratch),
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
    return dtake__px_add(e, &(dtake__px_node){ .op = &ops[output->kind],
                                               .in = in,
                                               .count = count,
                                               .param = { output->kind, output->argument },
                                               .type = type_of(output->kind, joined(e, in, count), count) });
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
