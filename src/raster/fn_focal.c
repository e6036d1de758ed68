/* Samples and those around them. What is masked does not count; where all around is masked so is the result.
 */
#include "raster/eval_function.h"
#include "raster/eval_reduce.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/crs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RADIUS_PX = 256, MAX_ITERATIONS = 100 };

typedef enum shape { CIRCLE, SQUARE, CROSS, PLUS, DIAMOND } shape;

/* param: reduction, shape, radius, 1 for metres. */
typedef struct offset {
    int32_t col, row;
} offset;

/* The neighbourhood on a grid: offsets row by row, the same order everywhere. */
typedef struct around {
    offset *at;
    size_t count;
    int32_t reach;
} around;

static bool inside(shape kind, double col, double row, double radius)
{
    double x = fabs(col), y = fabs(row);
    switch (kind) {
    case CIRCLE:
        return x * x + y * y <= radius * radius;
    case SQUARE:
        return true;
    case CROSS:
        return x == y;
    case PLUS:
        return x == 0 || y == 0;
    case DIAMOND:
        return x + y <= radius;
    }
    return false;
}

static void dispose(void *state)
{
    around *a = state;
    dtake__free(a->at);
    dtake__free(a);
}

static dtake_status radius_of(const dtake__px_node *node, const dtake__raster_grid *grid, double *out,
                              dtake_error *err)
{
    dtake__crs_facts facts;
    *out = node->param[2];
    if (node->param[3] == 0)
        return DTAKE_OK;
    dtake_status st = dtake__crs_facts_of(grid->crs, &facts, err);
    if (st == DTAKE_OK)
        *out /= facts.metres_per_unit * hypot(grid->transform.col_x, grid->transform.col_y);
    return st;
}

static dtake_status prepare(const dtake__px_node *node, const dtake__raster_grid *grid, void **state,
                            dtake_error *err)
{
    double radius;
    dtake_status st = radius_of(node, grid, &radius, err);
    if (st != DTAKE_OK)
        return st;
    if (!(radius >= 0 && radius <= MAX_RADIUS_PX))
        return dtake__fail(err, DTAKE_E_LIMIT, "%s: a radius of %g pixels is not within 0 and %d",
                           node->op->name, radius, MAX_RADIUS_PX);
    around *a = dtake__calloc(1, sizeof *a);
    if (a == NULL)
        return dtake__fail_nomem(err, "a neighbourhood");
    *state = a;
    a->reach = (int32_t)floor(radius);
    size_t side = 2 * (size_t)a->reach + 1;
    a->at = dtake__calloc(side * side, sizeof *a->at);
    if (a->at == NULL)
        return dtake__fail_nomem(err, "a neighbourhood");
    for (int32_t row = -a->reach; row <= a->reach; row++)
        for (int32_t col = -a->reach; col <= a->reach; col++)
            if (inside((shape)node->param[1], col, row, radius))
                a->at[a->count++] = (offset){ col, row };
    return DTAKE_OK;
}

static void need(const dtake__px_node *node, const dtake__px_place *place, dtake_window *window)
{
    const around *a = place->state;
    (void)node;
    window->col -= a->reach;
    window->row -= a->reach;
    window->width += 2 * a->reach;
    window->height += 2 * a->reach;
}

/* A row of results: for each offset in turn the row of samples that lies there. */
typedef struct row {
    double *value, *seen;
    size_t width;
} row;

static void add_row(const row *to, dtake__reduction kind, const double *v, const uint8_t *m)
{
    for (size_t i = 0; i < to->width; i++) {
        bool valid = m == NULL || m[i] != 0;
        double a = to->value[i], x = v[i];
        double next = kind == DTAKE__REDUCE_MIN   ? (x < a ? x : a)
                      : kind == DTAKE__REDUCE_MAX ? (x > a ? x : a)
                                                  : a + x;
        to->value[i] = valid ? next : a;
        to->seen[i] += valid ? 1 : 0;
    }
}

static void fold_row(const dtake__px_node *node, const around *a, const dtake__px_plane *in,
                     const double *samples, int64_t at_row, int64_t at_col, const row *to, uint8_t *mask)
{
    dtake__reduction kind = (dtake__reduction)node->param[0];
    double start = kind == DTAKE__REDUCE_MIN ? HUGE_VAL : kind == DTAKE__REDUCE_MAX ? -HUGE_VAL : 0;
    for (size_t i = 0; i < to->width; i++) {
        to->value[i] = start;
        to->seen[i] = 0;
    }
    for (size_t k = 0; k < a->count; k++) {
        size_t from = (size_t)((at_row + a->at[k].row - in->window.row) * in->window.width + at_col +
                               a->at[k].col - in->window.col);
        add_row(to, kind, samples + from, in->mask != NULL ? in->mask + from : NULL);
    }
    for (size_t i = 0; i < to->width; i++) {
        mask[i] = to->seen[i] > 0 ? 255 : 0;
        to->value[i] = to->seen[i] == 0             ? 0
                       : kind == DTAKE__REDUCE_MEAN ? to->value[i] / to->seen[i]
                                                    : to->value[i];
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double middle(const double *sorted, size_t count)
{
    return count % 2 == 1 ? sorted[count / 2]
                          : sorted[count / 2 - 1] + (sorted[count / 2] - sorted[count / 2 - 1]) * 0.5;
}

static double most_frequent(const double *sorted, size_t count)
{
    double best = sorted[0];
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < count; i++) {
        run = i > 0 && sorted[i] == sorted[i - 1] ? run + 1 : 1;
        if (run > longest) {
            longest = run;
            best = sorted[i];
        }
    }
    return best;
}

static void sort_row(const dtake__px_node *node, const around *a, const dtake__px_plane *in,
                     const double *samples, int64_t at_row, int64_t at_col, const row *to, uint8_t *mask,
                     double *found)
{
    for (size_t i = 0; i < to->width; i++) {
        size_t count = 0;
        for (size_t k = 0; k < a->count; k++) {
            size_t from = (size_t)((at_row + a->at[k].row - in->window.row) * in->window.width + at_col +
                                   (int64_t)i + a->at[k].col - in->window.col);
            if (in->mask == NULL || in->mask[from] != 0)
                found[count++] = samples[from];
        }
        if (count > 1)
            qsort(found, count, sizeof *found, ascending);
        mask[i] = count > 0 ? 255 : 0;
        to->value[i] = count == 0                             ? 0
                       : node->param[0] == DTAKE__REDUCE_MODE ? most_frequent(found, count)
                                                              : middle(found, count);
    }
}

static dtake_status plane(const dtake__px_node *node, const dtake__px_place *place, dtake_window window,
                          const dtake__px_plane *in, dtake__px_plane *out, dtake_error *err)
{
    const around *a = place->state;
    bool sorts = node->param[0] == DTAKE__REDUCE_PERCENTILE || node->param[0] == DTAKE__REDUCE_MODE;
    dtake_status st = dtake__px_plane_init(out, window, DTAKE_F64, true, true, err);
    double *seen = dtake__calloc((size_t)window.width, sizeof *seen);
    double *found = dtake__calloc(a->count + 1, sizeof *found);
    double *samples = st == DTAKE_OK ? dtake__px_plane_doubles(in, err) : NULL;
    if (st == DTAKE_OK && (seen == NULL || found == NULL || samples == NULL))
        st = dtake__fail_nomem(err, "a block of pixels");
    for (int64_t r = 0; r < window.height && st == DTAKE_OK; r++) {
        size_t at = (size_t)(r * window.width);
        const row to = { (double *)out->owned_data + at, seen, (size_t)window.width };
        if (sorts)
            sort_row(node, a, in, samples, window.row + r, window.col, &to, out->owned_mask + at, found);
        else
            fold_row(node, a, in, samples, window.row + r, window.col, &to, out->owned_mask + at);
        if (node->type.precision == DTAKE__PX_FLOAT)
            for (size_t i = 0; i < to.width; i++)
                to.value[i] = (double)(float)to.value[i];
    }
    dtake__free(seen);
    dtake__free(found);
    dtake__free(samples);
    return st;
}

static const dtake__px_op op = {
    .name = "a neighbourhood", .prepare = prepare, .dispose = dispose, .need = need, .plane = plane
};

/* --- the functions --- */

typedef struct focal {
    double reduction, shape, radius, metres;
    int iterations;
} focal;

static dtake__px make_focal(dtake__call *call, const void *ctx, dtake__px band)
{
    const focal *f = ctx;
    for (int i = 0; i < f->iterations; i++) {
        dtake__px_type type = *dtake__call_type(call, band);
        bool real = f->reduction == DTAKE__REDUCE_MEAN || f->reduction == DTAKE__REDUCE_PERCENTILE;
        band = dtake__px_add(dtake__eval_expressions(call->eval),
                             &(dtake__px_node){ .op = &op,
                                                .in = &band,
                                                .count = 1,
                                                .param = { f->reduction, f->shape, f->radius, f->metres },
                                                .type = real ? dtake__px_real_of(type)
                                                             : dtake__px_join(type, dtake__px_int(0, 0)) });
    }
    return band;
}

static dtake_status run_focal(dtake__call *call, dtake__reduction reduction, dtake_error *err)
{
    static const char *const shapes[] = { "circle", "square", "cross", "plus", "diamond" };
    focal f = { reduction, -1, call->arg[1].number, 0, (int)call->arg[4].number };
    if (!call->arg[5].null)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "a kernel is not known here: kernelType and radius are");
    for (int i = 0; i < 5; i++)
        if (strcmp(call->arg[2].text, shapes[i]) == 0)
            f.shape = i;
    if (f.shape < 0)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "kernelType '%.40s' is none of circle, square, cross, plus, diamond",
                           call->arg[2].text);
    f.metres = strcmp(call->arg[3].text, "meters") == 0;
    if (f.metres == 0 && strcmp(call->arg[3].text, "pixels") != 0)
        return dtake__fail(err, DTAKE_E_USAGE, "units are pixels or meters, not '%.40s'", call->arg[3].text);
    if (!(call->arg[4].number >= 1 && call->arg[4].number <= MAX_ITERATIONS))
        return dtake__fail(err, DTAKE_E_USAGE, "iterations are 1 to %d", MAX_ITERATIONS);
    return dtake__call_each(call, call->arg[0].image, make_focal, &f, err);
}

#define FOCAL(id, title, reduction)                                                                          \
    static dtake_status fn_##id(dtake__call *call, dtake_error *err)                                         \
    {                                                                                                        \
        return run_focal(call, reduction, err);                                                              \
    }                                                                                                        \
    DTAKE__FUNCTION(image_##id, title, IMAGE, fn_##id, { "image", DTAKE__IMAGE },                            \
                    { "radius", DTAKE__NUMBER, "1.5" }, { "kernelType", DTAKE__STRING, "circle" },           \
                    { "units", DTAKE__STRING, "pixels" }, { "iterations", DTAKE__NUMBER, "1" },              \
                    { "kernel", DTAKE__OBJECT, "null" })

FOCAL(focal_min, "Image.focal_min", DTAKE__REDUCE_MIN);
FOCAL(focal_max, "Image.focal_max", DTAKE__REDUCE_MAX);
FOCAL(focal_mean, "Image.focal_mean", DTAKE__REDUCE_MEAN);
FOCAL(focal_median, "Image.focal_median", DTAKE__REDUCE_PERCENTILE);
FOCAL(focal_mode, "Image.focal_mode", DTAKE__REDUCE_MODE);
