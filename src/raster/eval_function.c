#include "raster/eval_array.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

static void one(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    (void)node;
    (void)in;
    for (size_t i = 0; i < count; i++)
        out->v[i] = 1;
}

static const dtake__px_op op_inside = { .name = "footprints", .run = one };

dtake__px dtake__call_inside(dtake__call *call, dtake__px a, dtake__px b)
{
    const dtake__px in[2] = { a < b ? a : b, a < b ? b : a };
    if (a == 0 || b == 0 || a == b)
        return a > b ? a : b;
    return dtake__call_px(call, &op_inside, dtake__px_int(1, 1), in, 2, 0);
}

static bool same_names(const dtake__image_value *a, const dtake__image_value *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (dtake__image_band(b, a->band[i].name) < 0)
            return false;
    return a->count == b->count;
}

size_t dtake__image_partner(const dtake__image_value *a, size_t i, const dtake__image_value *b)
{
    if (b->count == 1)
        return 0;
    return same_names(a, b) ? (size_t)dtake__image_band(b, a->band[i].name) : i;
}

dtake_status dtake__fail_pair(size_t a, size_t b, dtake_error *err)
{
    return dtake__fail(err, DTAKE_E_USAGE,
                       "images of %zu and %zu bands do not match: as many, or one, are needed", a, b);
}

dtake_status dtake__call_pairs(dtake__call *call, const dtake__image_value *a, const dtake__image_value *b,
                               dtake__pair_fn *make, const void *ctx, dtake_error *err)
{
    const dtake__image_value *named = b->count > a->count ? b : a;
    if (a->count != b->count && a->count != 1 && b->count != 1)
        return dtake__fail_pair(a->count, b->count, err);
    if (a->count == 0 || b->count == 0)
        named = a->count == 0 ? a : b;
    dtake__image_value *out = dtake__call_image(call, named->count, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < out->count; i++) {
        const dtake__band_value *x = named == b ? &a->band[a->count == 1 ? 0 : i] : &a->band[i];
        const dtake__band_value *y = named == b ? &b->band[i] : &b->band[dtake__image_partner(a, i, b)];
        out->band[i] = (dtake__band_value){ .name = named->band[i].name,
                                            .px = dtake__array_pairs(call, make, ctx, x->px, y->px),
                                            .inside = dtake__call_inside(call, x->inside, y->inside),
                                            .grid = x->grid != NULL ? x->grid : y->grid,
                                            .extent = x->grid != NULL ? x->extent : y->extent };
    }
    return DTAKE_OK;
}

dtake_status dtake__call_each(dtake__call *call, const dtake__image_value *image, dtake__each_fn *make,
                              const void *ctx, dtake_error *err)
{
    dtake__image_value *out = dtake__call_image(call, image->count, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    out->id = image->id;
    for (size_t i = 0; i < image->count; i++) {
        out->band[i] = image->band[i];
        out->band[i].px = dtake__array_each(call, make, ctx, image->band[i].px);
    }
    return DTAKE_OK;
}

dtake__px_type dtake__px_real_of(dtake__px_type type)
{
    return dtake__px_real(dtake__px_join(type, dtake__px_real(DTAKE__PX_FLOAT)).precision);
}

void *dtake__call_room(dtake__call *call, void *array, size_t count, size_t *room, size_t bytes,
                       dtake_error *err)
{
    if (count < *room)
        return array;
    size_t more = *room == 0 ? 16 : *room * 2;
    void *grown = dtake__call_alloc(call, more, bytes, err);
    if (grown == NULL)
        return NULL;
    if (count > 0)
        memcpy(grown, array, count * bytes);
    *room = more;
    return grown;
}

dtake_status dtake__eval_call(dtake__eval *eval, const char *name, const dtake__value *arg, size_t count,
                              dtake__value *out, dtake_error *err)
{
    const dtake__function *f = dtake__registry_find(&dtake__functions, name, strlen(name));
    dtake__call *call = dtake__slab_alloc(dtake__eval_slab(eval), 1, sizeof *call);
    dtake_status st = call != NULL ? DTAKE_OK : dtake__fail_nomem(err, "an evaluation");
    if (st != DTAKE_OK)
        return st;
    *call = (dtake__call){ .eval = eval, .function = f };
    for (size_t i = 0; f->param[i].name != NULL && st == DTAKE_OK; i++) {
        if (i < count && !arg[i].null)
            st = dtake__eval_cast(eval, &arg[i], f->param[i].kind, &call->arg[i], err);
        else if (f->param[i].initial != NULL)
            call->arg[i] = dtake__value_of_initial(f->param[i].initial);
        else
            st = dtake__fail(err, DTAKE_E_USAGE, "the argument '%s' is missing", f->param[i].name);
    }
    if (st == DTAKE_OK)
        st = f->run(call, err);
    if (st != DTAKE_OK)
        dtake__error_prefix(err, "%s", name);
    *out = call->out;
    return st;
}

const double *dtake__call_numbers(dtake__call *call, const dtake__value *value, size_t *count,
                                  dtake_error *err)
{
    dtake__value list, number;
    if (dtake__eval_cast(call->eval, value, DTAKE__LIST, &list, err) != DTAKE_OK)
        return NULL;
    double *out = dtake__call_alloc(call, list.list.count + 1, sizeof *out, err);
    for (size_t i = 0; i < list.list.count && out != NULL; i++) {
        if (dtake__eval_cast(call->eval, &list.list.item[i], DTAKE__NUMBER, &number, err) != DTAKE_OK)
            return NULL;
        out[i] = number.number;
    }
    *count = list.list.count;
    return out;
}

double dtake__px_fit(dtake__px_type type, double value)
{
    if (type.precision == DTAKE__PX_FLOAT)
        return (double)(float)value;
    if (type.precision == DTAKE__PX_DOUBLE)
        return value;
    value = value > type.min ? value : type.min; /* and what is no number */
    return trunc(value < type.max ? value : type.max);
}
