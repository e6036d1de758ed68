/* Values for values. */
#include "raster/eval_function.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>

/* --- where --- */

static void run_where(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    (void)node;
    for (size_t i = 0; i < count; i++) {
        bool masked = (in[1].m != NULL && in[1].m[i] == 0) || (in[2].m != NULL && in[2].m[i] == 0);
        out->v[i] = !masked && in[1].v[i] != 0 ? in[2].v[i] : in[0].v[i];
        out->m[i] = in[0].m == NULL ? 255 : in[0].m[i];
    }
}
static const dtake__px_op op_where = {
    .name = "Image.where", .run = run_where, .own_mask = true, .rounds = true
};

static dtake_status where(dtake__call *call, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image, *test = call->arg[1].image,
                             *value = call->arg[2].image;
    if ((test->count != 1 && test->count != image->count) ||
        (value->count != 1 && value->count != image->count))
        return dtake__fail_pair(image->count, test->count == 1 ? value->count : test->count, err);
    dtake__image_value *out = dtake__call_image(call, image->count, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    out->id = image->id;
    for (size_t i = 0; i < image->count; i++) {
        const dtake__px in[3] = { image->band[i].px, test->band[dtake__image_partner(image, i, test)].px,
                                  value->band[dtake__image_partner(image, i, value)].px };
        out->band[i] = image->band[i];
        out->band[i].px = dtake__call_px(
            call, &op_where, dtake__px_join(*dtake__call_type(call, in[0]), *dtake__call_type(call, in[2])),
            in, 3, 0);
    }
    return DTAKE_OK;
}
DTAKE__FUNCTION(image_where, "Image.where", IMAGE, where, { "input", DTAKE__IMAGE }, { "test", DTAKE__IMAGE },
                { "value", DTAKE__IMAGE });

/* --- remap --- */

typedef struct entry {
    double from, to;
} entry;

typedef struct table {
    entry *entry; /* by from */
    size_t count;
    bool has_default;
    double otherwise;
} table;

static const entry *look_up(const table *t, double value)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->entry[middle].from < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->count && t->entry[low].from == value ? &t->entry[low] : NULL;
}

static void run_remap(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    const table *t = node->data;
    for (size_t i = 0; i < count; i++) {
        const entry *found = look_up(t, in[0].v[i]);
        out->v[i] = found != NULL ? found->to : t->otherwise;
        out->m[i] = found == NULL && !t->has_default ? 0 : in[0].m == NULL ? 255 : in[0].m[i];
    }
}
static const dtake__px_op op_remap = { .name = "Image.remap", .run = run_remap, .own_mask = true };

static int by_from(const void *a, const void *b)
{
    double x = ((const entry *)a)->from, y = ((const entry *)b)->from;
    return (x > y) - (x < y);
}

static dtake__px_type type_of_number(double number)
{
    return number == floor(number) ? dtake__px_int(number, number) : dtake__px_real(DTAKE__PX_DOUBLE);
}

static dtake_status remap(dtake__call *call, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    size_t count, to_count;
    const double *from = dtake__call_numbers(call, &call->arg[1], &count, err);
    const double *to = from != NULL ? dtake__call_numbers(call, &call->arg[2], &to_count, err) : NULL;
    table *t = to != NULL ? dtake__call_alloc(call, 1, sizeof *t, err) : NULL;
    entry *entries = t != NULL ? dtake__call_alloc(call, count + 1, sizeof *entries, err) : NULL;
    if (entries == NULL)
        return DTAKE_E_USAGE;
    if (count != to_count || count == 0)
        return dtake__fail(err, DTAKE_E_USAGE, "%zu values to remap to %zu", count, to_count);
    int64_t band = call->arg[4].null ? 0 : dtake__image_band(image, call->arg[4].text);
    if (band < 0 || image->count == 0)
        return dtake__fail_no_band(image, call->arg[4].null ? "0" : call->arg[4].text, err);
    dtake__px_type type = type_of_number(to[0]);
    for (size_t i = 0; i < count; i++) {
        entries[i] = (entry){ from[i], to[i] };
        type = dtake__px_join(type, type_of_number(to[i]));
    }
    qsort(entries, count, sizeof *entries, by_from);
    *t = (table){ entries, count, !call->arg[3].null, 0 };
    if (t->has_default) {
        dtake__value number;
        dtake_status st = dtake__eval_cast(call->eval, &call->arg[3], DTAKE__NUMBER, &number, err);
        if (st != DTAKE_OK)
            return st;
        t->otherwise = number.number;
        type = dtake__px_join(type, type_of_number(t->otherwise));
    }
    dtake__image_value *out = dtake__call_image(call, 1, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    out->band[0] = image->band[band];
    out->band[0].name = "remapped";
    out->band[0].px = dtake__px_add(
        dtake__eval_expressions(call->eval),
        &(dtake__px_node){
            .op = &op_remap, .in = &image->band[band].px, .count = 1, .data = t, .type = type });
    return DTAKE_OK;
}
DTAKE__FUNCTION(image_remap, "Image.remap", IMAGE, remap, { "image", DTAKE__IMAGE }, { "from", DTAKE__LIST },
                { "to", DTAKE__LIST }, { "defaultValue", DTAKE__OBJECT, "null" },
                { "bandName", DTAKE__STRING, "null" });

/* --- ranges --- */

static void run_clamp(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    double low = node->param[0], high = node->param[1];
    for (size_t i = 0; i < count; i++) {
        double x = in[0].v[i] > low ? in[0].v[i] : low;
        out->v[i] = x < high ? x : high;
    }
}
static const dtake__px_op op_clamp = { .name = "Image.clamp", .run = run_clamp, .rounds = true };

static void run_unit_scale(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    double low = node->param[0], range = node->param[1] - low;
    for (size_t i = 0; i < count; i++)
        out->v[i] = (in[0].v[i] - low) / range;
}
static const dtake__px_op op_unit_scale = {
    .name = "Image.unitScale", .run = run_unit_scale, .rounds = true, .may_fail = true
};

typedef struct range {
    const dtake__px_op *op;
    double low, high;
} range;

static dtake__px make_ranged(dtake__call *call, const void *ctx, dtake__px band)
{
    const range *r = ctx;
    dtake__px_type type = *dtake__call_type(call, band);
    if (r->op == &op_unit_scale)
        type = dtake__px_real_of(type);
    else
        type = dtake__px_join(type, dtake__px_join(type_of_number(r->low), type_of_number(r->high)));
    return dtake__px_add(
        dtake__eval_expressions(call->eval),
        &(dtake__px_node){
            .op = r->op, .in = &band, .count = 1, .param = { r->low, r->high }, .type = type });
}

static dtake_status ranged(dtake__call *call, const dtake__px_op *op, dtake_error *err)
{
    const range r = { op, call->arg[1].number, call->arg[2].number };
    if (!(r.low <= r.high))
        return dtake__fail(err, DTAKE_E_USAGE, "low is %g and high %g", r.low, r.high);
    return dtake__call_each(call, call->arg[0].image, make_ranged, &r, err);
}

static dtake_status clamp(dtake__call *call, dtake_error *err)
{
    return ranged(call, &op_clamp, err);
}
DTAKE__FUNCTION(image_clamp, "Image.clamp", IMAGE, clamp, { "input", DTAKE__IMAGE }, { "low", DTAKE__NUMBER },
                { "high", DTAKE__NUMBER });

static dtake_status unit_scale(dtake__call *call, dtake_error *err)
{
    return ranged(call, &op_unit_scale, err);
}
DTAKE__FUNCTION(image_unit_scale, "Image.unitScale", IMAGE, unit_scale, { "input", DTAKE__IMAGE },
                { "low", DTAKE__NUMBER }, { "high", DTAKE__NUMBER });
