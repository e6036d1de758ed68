/* (first - second) / (first + second), 0 where that sum is 0. A negative sample in either band masks the
 * pixel. */
#include "raster/eval_function.h"

#include "core/error.h"

static void run(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    (void)node;
    for (size_t i = 0; i < count; i++) {
        double x = in[0].v[i], y = in[1].v[i], sum = x + y;
        uint8_t a = in[0].m == NULL ? 255 : in[0].m[i], b = in[1].m == NULL ? 255 : in[1].m[i];
        out->v[i] = sum == 0 ? 0 : (x - y) / sum;
        out->m[i] = x < 0 || y < 0 ? 0 : a < b ? a : b;
    }
}
static const dtake__px_op op = {
    .name = "Image.normalizedDifference", .run = run, .own_mask = true, .rounds = true, .may_fail = true
};

static dtake_status normalized_difference(dtake__call *call, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    const dtake__value *names = &call->arg[1];
    int64_t band[2] = { 0, 1 };
    if (names->null ? image->count < 2 : names->list.count != 2)
        return dtake__fail(err, DTAKE_E_USAGE, "two bands are needed, not %zu",
                           names->null ? image->count : names->list.count);
    for (size_t i = 0; i < 2 && !names->null; i++) {
        const dtake__value *name = &names->list.item[i];
        if (name->null || name->kind != DTAKE__STRING)
            return dtake__fail(err, DTAKE_E_USAGE, "bandNames must be strings");
        band[i] = dtake__image_band(image, name->text);
        if (band[i] < 0)
            return dtake__fail_no_band(image, name->text, err);
    }
    dtake__image_value *out = dtake__call_image(call, 1, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    const dtake__band_value *a = &image->band[band[0]], *b = &image->band[band[1]];
    const dtake__px in[2] = { a->px, b->px };
    out->band[0] =
        (dtake__band_value){ .name = "nd",
                             .px = dtake__call_px(call, &op, dtake__px_real(DTAKE__PX_FLOAT), in, 2, 0),
                             .inside = dtake__call_inside(call, a->inside, b->inside),
                             .grid = a->grid };
    return DTAKE_OK;
}
DTAKE__FUNCTION(image_normalized_difference, "Image.normalizedDifference", IMAGE, normalized_difference,
                { "input", DTAKE__IMAGE }, { "bandNames", DTAKE__LIST, "null" });
