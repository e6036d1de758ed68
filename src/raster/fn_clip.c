/* What lies inside of a geometry: pixels whose centre does. */
#include "raster/eval_draw.h"
#include "raster/eval_function.h"
#include "raster/eval_shape.h"

#include "core/error.h"

static void copy(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    (void)node;
    for (size_t i = 0; i < count; i++)
        out->v[i] = in[0].v[i];
}
static const dtake__px_op op_clip = { .name = "Image.clip", .run = copy };

static dtake__px make_clip(dtake__call *call, const void *ctx, dtake__px band)
{
    const dtake__px in[2] = { band, *(const dtake__px *)ctx };
    return dtake__call_px(call, &op_clip, *dtake__call_type(call, band), in, 2, 0);
}

static dtake_status clip(dtake__call *call, dtake_error *err)
{
    dtake__value geometry;
    dtake_status st = dtake__eval_cast(call->eval, &call->arg[1], DTAKE__GEOMETRY, &geometry, err);
    if (st != DTAKE_OK)
        return st;
    const dtake__px inside = dtake__draw_fill(dtake__eval_expressions(call->eval), geometry.shape);
    st = dtake__call_each(call, call->arg[0].image, make_clip, &inside, err);
    dtake__image_value *out = (dtake__image_value *)(uintptr_t)call->out.image; /* new: nobody else's yet */
    for (size_t i = 0; st == DTAKE_OK && i < out->count; i++) {
        dtake__extent *extent = dtake__call_alloc(call, 1, sizeof *extent, err);
        if (extent == NULL)
            return DTAKE_E_NOMEM;
        *extent = (dtake__extent){ geometry.shape, out->band[i].extent };
        out->band[i].extent = extent;
        out->band[i].inside = dtake__call_inside(call, out->band[i].inside, inside);
    }
    return st;
}
DTAKE__FUNCTION(image_clip, "Image.clip", IMAGE, clip, { "input", DTAKE__IMAGE },
                { "geometry", DTAKE__OBJECT });
DTAKE__FUNCTION(image_clip_to_collection, "Image.clipToCollection", IMAGE, clip, { "input", DTAKE__IMAGE },
                { "collection", DTAKE__OBJECT });
