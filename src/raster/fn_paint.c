/* paint writes a number into every band; style makes a picture in colours; blend lays one image over another.
 */
#include "raster/colors.h"
#include "raster/eval_draw.h"
#include "raster/eval_function.h"

#include "core/error.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double EXACT = 9007199254740992.; /* 2^53 */

/* --- paint --- */

/* param[0] where in[1] is valid: it covers whatever was there, masked or not. */
static void run_paint(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool painted = in[1].m == NULL || in[1].m[i] != 0;
        out->v[i] = painted ? node->param[0] : in[0].v[i];
        out->m[i] = painted ? 255 : in[0].m == NULL ? 255 : in[0].m[i];
    }
}
static const dtake__px_op op_paint = { .name = "Image.paint", .run = run_paint, .own_mask = true };

/* A number, or the name of a feature's property that is one. False: this feature is not painted. */
static bool number_for(const dtake__value *wanted, const dtake__feature_value *feature, double *out)
{
    if (wanted->kind == DTAKE__NUMBER) {
        *out = wanted->number;
        return true;
    }
    const dtake__value *properties = feature->properties;
    for (size_t i = 0; wanted->kind == DTAKE__STRING && properties != NULL && i < properties->list.count;
         i++) {
        const dtake__value *value = &properties->list.item[i];
        if (strcmp(properties->list.key[i], wanted->text) != 0 || value->null || value->kind != DTAKE__NUMBER)
            continue;
        *out = value->number;
        return true;
    }
    return false;
}

/* What a band of the type can be given without growing. */
static dtake__px_type range_of(dtake__px_type type)
{
    dtake__px_type range = dtake__px_type_of(dtake__px_storage(type));
    return type.precision == DTAKE__PX_INT && range.precision != DTAKE__PX_INT ? dtake__px_int(-EXACT, EXACT)
                                                                               : range;
}

static dtake_status paint_feature(dtake__call *call, dtake__image_value *out,
                                  const dtake__feature_value *feature)
{
    const dtake__value zero = dtake__value_of_number(0);
    const dtake__value *color =
        call->arg[2].null || call->arg[2].kind == DTAKE__OBJECT ? &zero : &call->arg[2];
    dtake__expressions *e = dtake__eval_expressions(call->eval);
    double number, width = 0;
    if (feature->shape == NULL || !number_for(color, feature, &number) ||
        (!call->arg[3].null && !number_for(&call->arg[3], feature, &width)))
        return DTAKE_OK;
    dtake__px where = call->arg[3].null && feature->shape->closed
                          ? dtake__draw_fill(e, feature->shape)
                          : dtake__draw_line(e, feature->shape, call->arg[3].null ? 1 : width);
    for (size_t i = 0; i < out->count; i++) {
        dtake__px_type type = *dtake__call_type(call, out->band[i].px);
        double value = dtake__px_fit(range_of(type), number);
        if (type.precision == DTAKE__PX_INT)
            type = dtake__px_join(type, dtake__px_int(value, value));
        const dtake__px in[2] = { out->band[i].px, where };
        out->band[i].px = dtake__call_px(call, &op_paint, type, in, 2, value);
    }
    return DTAKE_OK;
}

static dtake_status paint(dtake__call *call, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    dtake__image_value *out = dtake__call_image(call, image->count, err);
    dtake_status st = out != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    if (st != DTAKE_OK)
        return st;
    out->id = image->id;
    memcpy(out->band, image->band, image->count * sizeof *out->band);
    for (size_t i = 0; i < call->arg[1].list.count && st == DTAKE_OK; i++) {
        const dtake__value *item = &call->arg[1].list.item[i];
        if (item->null || item->kind != DTAKE__FEATURE)
            return dtake__fail(err, DTAKE_E_USAGE, "only features can be painted");
        st = paint_feature(call, out, item->feature);
    }
    return st;
}
DTAKE__FUNCTION(image_paint, "Image.paint", IMAGE, paint, { "image", DTAKE__IMAGE },
                { "featureCollection", DTAKE__FEATURE_COLLECTION }, { "color", DTAKE__OBJECT, "0" },
                { "width", DTAKE__OBJECT, "null" });

/* --- laying over --- */

/* Opacity a of `top` over `bottom` of opacity b; the result's is a + b (1 - a). */
static void lay(double top, uint8_t a, double bottom, uint8_t b, bool whole, double *v, uint8_t *m)
{
    if (a == 255 || b == 0) {
        *v = top;
        *m = a;
    } else if (a == 0) {
        *v = bottom;
        *m = b;
    } else {
        double over = a / 255., under = b / 255. * (1 - over), all = over + under;
        double mixed = (top * over + bottom * under) / all;
        *v = whole ? floor(mixed + 0.5) : mixed;
        *m = (uint8_t)(all * 255 + 0.5);
    }
}

/* in: bottom, top. */
static void run_blend(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    bool whole = node->type.precision == DTAKE__PX_INT;
    for (size_t i = 0; i < count; i++)
        lay(in[1].v[i], in[1].m == NULL ? 255 : in[1].m[i], in[0].v[i], in[0].m == NULL ? 255 : in[0].m[i],
            whole, &out->v[i], &out->m[i]);
}
static const dtake__px_op op_blend = {
    .name = "Image.blend", .run = run_blend, .own_mask = true, .rounds = true
};

static dtake__px make_blend(dtake__call *call, const void *ctx, dtake__px bottom, dtake__px top)
{
    const dtake__px in[2] = { bottom, top };
    (void)ctx;
    return dtake__call_px(call, &op_blend,
                          dtake__px_join(*dtake__call_type(call, bottom), *dtake__call_type(call, top)), in,
                          2, 0);
}

/* Pictures are laid over one another in the order of their bands, whatever their names. */
static dtake_status blend(dtake__call *call, dtake_error *err)
{
    const dtake__image_value *bottom = call->arg[0].image, *top = call->arg[1].image;
    size_t count = bottom->count > top->count ? bottom->count : top->count;
    if ((bottom->count != count && bottom->count != 1) || (top->count != count && top->count != 1))
        return dtake__fail_pair(bottom->count, top->count, err);
    dtake__image_value *out = dtake__call_image(call, count, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    out->id = bottom->id;
    for (size_t i = 0; i < count; i++) {
        const dtake__band_value *x = &bottom->band[bottom->count == 1 ? 0 : i];
        const dtake__band_value *y = &top->band[top->count == 1 ? 0 : i];
        out->band[i] = bottom->count >= top->count ? *x : *y;
        out->band[i].inside = 0;
        out->band[i].grid = x->grid != NULL ? x->grid : y->grid;
        out->band[i].px = make_blend(call, NULL, x->px, y->px);
    }
    return DTAKE_OK;
}
DTAKE__FUNCTION(image_blend, "Image.blend", IMAGE, blend, { "bottom", DTAKE__IMAGE },
                { "top", DTAKE__IMAGE });

/* --- style --- */

/* param: value, opacity 0..255; in: what lies below, where. */
static void run_ink(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    uint8_t opacity = (uint8_t)node->param[1];
    for (size_t i = 0; i < count; i++)
        lay(node->param[0], in[1].m == NULL || in[1].m[i] != 0 ? opacity : 0, in[0].v[i],
            in[0].m == NULL ? 255 : in[0].m[i], true, &out->v[i], &out->m[i]);
}
static const dtake__px_op op_ink = { .name = "Collection.style", .run = run_ink, .own_mask = true };

typedef struct ink {
    uint8_t rgb[3], opacity;
} ink;

/* "red", "00f", "0000ff", "0000ff80". */
static dtake_status read_ink(const char *text, ink *out, dtake_error *err)
{
    const char *near = NULL, *digits = text[0] == '#' ? text + 1 : text;
    unsigned opacity = 255;
    if (!dtake__color_parse(text, out->rgb, &near))
        return dtake__fail(err, DTAKE_E_USAGE, "'%.40s' is no colour%s%s", text,
                           near != NULL ? "; the nearest is " : "", near != NULL ? near : "");
    if (strlen(digits) == 8 && strspn(digits, "0123456789abcdefABCDEF") == 8)
        sscanf(digits + 6, "%2x", &opacity);
    out->opacity = (uint8_t)opacity;
    return DTAKE_OK;
}

static void apply_ink(dtake__call *call, dtake__image_value *out, dtake__px where, ink color)
{
    for (size_t i = 0; i < 3 && color.opacity > 0; i++) {
        const dtake__px in[2] = { out->band[i].px, where };
        out->band[i].px = dtake__px_add(dtake__eval_expressions(call->eval),
                                        &(dtake__px_node){ .op = &op_ink,
                                                           .in = in,
                                                           .count = 2,
                                                           .param = { color.rgb[i], color.opacity },
                                                           .type = dtake__px_int(0, 255) });
    }
}

static dtake_status style_feature(dtake__call *call, dtake__image_value *out, const dtake__figure *shape,
                                  ink line, ink fill)
{
    dtake__expressions *e = dtake__eval_expressions(call->eval);
    bool point = !shape->closed && shape->points == shape->parts;
    if (shape->closed)
        apply_ink(call, out, dtake__draw_fill(e, shape), fill);
    if (point)
        apply_ink(call, out, dtake__draw_line(e, shape, call->arg[2].number), fill);
    else if (call->arg[4].number > 0)
        apply_ink(call, out, dtake__draw_line(e, shape, call->arg[4].number), line);
    return DTAKE_OK;
}

static dtake_status style(dtake__call *call, dtake_error *err)
{
    static const char *const names[] = { "vis-red", "vis-green", "vis-blue" };
    dtake__image_value *out = dtake__call_image(call, 3, err);
    ink line, fill;
    dtake_status st = out != NULL ? read_ink(call->arg[1].text, &line, err) : DTAKE_E_NOMEM;
    if (st != DTAKE_OK)
        return st;
    fill = line;
    fill.opacity = (uint8_t)(line.opacity * 0.66 + 0.5);
    if (!call->arg[5].null)
        st = read_ink(call->arg[5].text, &fill, err);
    if (st == DTAKE_OK && !call->arg[6].null)
        st = dtake__fail(err, DTAKE_E_UNSUPPORTED, "styleProperty is not supported");
    if (st == DTAKE_OK && strcmp(call->arg[8].text, "solid") != 0)
        st = dtake__fail(err, DTAKE_E_UNSUPPORTED, "lines can only be solid");
    for (size_t i = 0; i < 3 && st == DTAKE_OK; i++)
        out->band[i] = (dtake__band_value){
            .name = names[i],
            .px = dtake__px_add(dtake__eval_expressions(call->eval),
                                &(dtake__px_node){ .op = &dtake__op_constant, .type = dtake__px_int(0, 0) })
        };
    for (size_t i = 0; i < call->arg[0].list.count && st == DTAKE_OK; i++) {
        dtake__value shape;
        st = dtake__eval_cast(call->eval, &call->arg[0].list.item[i], DTAKE__GEOMETRY, &shape, err);
        if (st == DTAKE_OK)
            st = style_feature(call, out, shape.shape, line, fill);
    }
    return st;
}
DTAKE__FUNCTION(collection_style, "Collection.style", IMAGE, style,
                { "collection", DTAKE__FEATURE_COLLECTION }, { "color", DTAKE__STRING, "black" },
                { "pointSize", DTAKE__NUMBER, "3" }, { "pointShape", DTAKE__STRING, "circle" },
                { "width", DTAKE__NUMBER, "2" }, { "fillColor", DTAKE__STRING, "null" },
                { "styleProperty", DTAKE__STRING, "null" }, { "neighborhood", DTAKE__NUMBER, "5" },
                { "lineType", DTAKE__STRING, "solid" });
