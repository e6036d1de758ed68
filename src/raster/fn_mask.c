/* Masks. A mask is carried beside the samples; as an image it is 0 to 1. */
#include "raster/eval_array.h"
#include "raster/eval_function.h"
#include "raster/kernels.h"

/* 0..1 as a mask byte. */
static uint8_t byte_of(double x)
{
    return !(x > 0) ? 0 : x >= 1 ? 255 : (uint8_t)(x * 255 + 0.5);
}

static void run_mask_of(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    (void)node;
    for (size_t i = 0; i < count; i++)
        out->v[i] = in[0].m == NULL ? 1 : in[0].m[i] / 255.;
    out->m = NULL;
}
static const dtake__px_op op_mask_of = {
    .name = "Image.mask", .run = run_mask_of, .own_mask = true, .rounds = true
};

/* in[0] with in[1] as its mask; param 1: only where it is not masked now. */
static void run_mask_by(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    bool update = node->param[0] != 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t valid = update && in[0].m != NULL && in[0].m[i] == 0 ? 0 : 255;
        uint8_t by = in[1].m != NULL && in[1].m[i] == 0 ? 0 : byte_of(in[1].v[i]);
        out->m[i] = valid & by;
        out->v[i] = in[0].v[i];
    }
}
static const dtake__px_op op_mask_by = { .name = "Image.updateMask", .run = run_mask_by, .own_mask = true };

static dtake__px make_mask_by(dtake__call *call, const void *ctx, dtake__px band, dtake__px by)
{
    const dtake__px in[2] = { band, by };
    const bool *update = ctx;
    return dtake__call_px(call, &op_mask_by, *dtake__call_type(call, band), in, 2, *update ? 1 : 0);
}

static dtake_status mask_by(dtake__call *call, const dtake__image_value *image,
                            const dtake__image_value *mask, bool update, dtake_error *err)
{
    size_t most = mask->count > image->count && !update ? mask->count : image->count;
    if (mask->count != 1 && mask->count != image->count && !(image->count == 1 && !update))
        return dtake__fail_pair(image->count, mask->count, err);
    dtake__image_value *out = dtake__call_image(call, most, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    out->id = image->id;
    for (size_t i = 0; i < most; i++) {
        const dtake__band_value *band = &image->band[image->count == 1 ? 0 : i];
        const dtake__band_value *by =
            &mask->band[image->count == 1 && mask->count > 1 ? i : dtake__image_partner(image, i, mask)];
        out->band[i] = *band;
        out->band[i].name = most > image->count ? by->name : band->name;
        out->band[i].px = dtake__array_pairs(call, make_mask_by, &update, band->px, by->px);
    }
    return DTAKE_OK;
}

static dtake__px make_mask_of(dtake__call *call, const void *ctx, dtake__px band)
{
    (void)ctx;
    return dtake__call_px(call, &op_mask_of, dtake__px_real(DTAKE__PX_FLOAT), &band, 1, 0);
}

static dtake_status mask(dtake__call *call, dtake_error *err)
{
    if (call->arg[1].null)
        return dtake__call_each(call, call->arg[0].image, make_mask_of, NULL, err);
    return mask_by(call, call->arg[0].image, call->arg[1].image, false, err);
}
DTAKE__FUNCTION(image_mask, "Image.mask", IMAGE, mask, { "image", DTAKE__IMAGE },
                { "mask", DTAKE__IMAGE, "null" });

static dtake_status update_mask(dtake__call *call, dtake_error *err)
{
    return mask_by(call, call->arg[0].image, call->arg[1].image, true, err);
}
DTAKE__FUNCTION(image_update_mask, "Image.updateMask", IMAGE, update_mask, { "image", DTAKE__IMAGE },
                { "mask", DTAKE__IMAGE });

static dtake_status self_mask(dtake__call *call, dtake_error *err)
{
    return mask_by(call, call->arg[0].image, call->arg[0].image, true, err);
}
DTAKE__FUNCTION(image_self_mask, "Image.selfMask", IMAGE, self_mask, { "image", DTAKE__IMAGE });

/* in[0], where it is masked in[1], the latter within in[2] (the footprint) when there is that. */
static void run_unmask(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    const uint8_t *inside = node->count > 2 ? in[2].m : NULL;
    for (size_t i = 0; i < count; i++) {
        bool masked = in[0].m != NULL && in[0].m[i] == 0;
        uint8_t below = in[1].m == NULL ? 255 : in[1].m[i];
        out->v[i] = masked ? in[1].v[i] : in[0].v[i];
        out->m[i] = !masked                            ? in[0].m == NULL ? 255 : in[0].m[i]
                                               : inside != NULL && inside[i] == 0 ? 0
                                                       : below;
    }
}
static const dtake__px_op op_unmask = {
    .name = "Image.unmask", .run = run_unmask, .own_mask = true, .rounds = true
};

/* The smallest type that holds the data and the value. */
static dtake__px_type unmask_type(dtake__call *call, dtake__px band, dtake__px value)
{
    double number;
    dtake__px_type type = *dtake__call_type(call, band);
    if (!dtake__px_is_constant(dtake__eval_expressions(call->eval), value, &number))
        return dtake__px_join(type, *dtake__call_type(call, value));
    dtake__px_type value_type = *dtake__call_type(call, value);
    if (type.precision == DTAKE__PX_INT && value_type.precision == DTAKE__PX_INT)
        return dtake__px_join(type, value_type);
    dtake_type wide = dtake__type_with_value(dtake__px_storage(type), number);
    return wide == dtake__px_storage(type) && type.precision != DTAKE__PX_INT ? type
                                                                              : dtake__px_type_of(wide);
}

static dtake_status unmask(dtake__call *call, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image, *value = call->arg[1].image;
    dtake__value zero;
    if (call->arg[1].null || call->arg[1].kind != DTAKE__IMAGE) {
        const dtake__value number = dtake__value_of_number(0);
        dtake_status st = dtake__eval_cast(call->eval, &number, DTAKE__IMAGE, &zero, err);
        if (st != DTAKE_OK)
            return st;
        value = zero.image;
    }
    if (value->count != 1 && value->count != image->count)
        return dtake__fail_pair(image->count, value->count, err);
    dtake__image_value *out = dtake__call_image(call, image->count, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    out->id = image->id;
    for (size_t i = 0; i < image->count; i++) {
        const dtake__band_value *band = &image->band[i];
        dtake__px by = value->band[dtake__image_partner(image, i, value)].px;
        const dtake__px in[3] = { band->px, by, band->inside };
        out->band[i] = *band;
        out->band[i].px = dtake__call_px(call, &op_unmask, unmask_type(call, band->px, by), in,
                                         band->inside != 0 && call->arg[2].boolean ? 3 : 2, 0);
    }
    return DTAKE_OK;
}
DTAKE__FUNCTION(image_unmask, "Image.unmask", IMAGE, unmask, { "input", DTAKE__IMAGE },
                { "value", DTAKE__IMAGE, "null" }, { "sameFootprint", DTAKE__BOOLEAN, "true" });
