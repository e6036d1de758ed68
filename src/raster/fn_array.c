/* Images whose pixels are arrays, and back. */
#include "raster/eval_array.h"
#include "raster/eval_function.h"

#include "core/error.h"

/* --- arrays that are values --- */

static dtake_status array(dtake__call *call, dtake_error *err)
{
    dtake__value list;
    dtake__array made;
    if (!call->arg[1].null)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "pixelType is not known here");
    dtake_status st = DTAKE_OK;
    if (!call->arg[0].null && call->arg[0].kind == DTAKE__ARRAY)
        return dtake__call_give(call, call->arg[0]);
    st = dtake__eval_cast(call->eval, &call->arg[0], DTAKE__LIST, &list, err);
    if (st == DTAKE_OK)
        st = dtake__array_constant(call, &list, &made, err);
    list.kind = DTAKE__ARRAY;
    return st == DTAKE_OK ? dtake__call_give(call, list) : st;
}
DTAKE__FUNCTION(array, "Array", ARRAY, array, { "values", DTAKE__OBJECT },
                { "pixelType", DTAKE__OBJECT, "null" });

/* --- bands to an array --- */

static void run_first(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    (void)node;
    for (size_t i = 0; i < count; i++)
        out->v[i] = in[0].v[i];
}
static const dtake__px_op op_member = { .name = "Image.toArray", .run = run_first, .rounds = true };

/* All elements have the type of all, and are masked where one is. */
static void unite(dtake__call *call, dtake__px *px, size_t count)
{
    dtake__px_type type = *dtake__call_type(call, px[0]);
    for (size_t i = 1; i < count; i++)
        type = dtake__px_join(type, *dtake__call_type(call, px[i]));
    dtake__px all = count > 1 ? dtake__call_px(call, &op_member, type, px, count, 0) : 0;
    for (size_t i = 0; count > 1 && i < count; i++) {
        const dtake__px in[2] = { px[i], all };
        px[i] = dtake__call_px(call, &op_member, type, in, 2, 0);
    }
}

/* Arrays one behind the other along an axis, which may be the first that they do not have yet. */
typedef struct line {
    dtake__array out;
    int axis;
    dtake__px *px;
} line;

static dtake_status line_up(line *l, const dtake__array *part, size_t parts, dtake_error *err)
{
    size_t other = part[0].side[1 - l->axis];
    for (size_t i = 0; i < parts; i++) {
        if (l->axis > part[i].dims)
            return dtake__fail(err, DTAKE_E_USAGE, "arrays of %d dimensions have no axis %d", part[i].dims,
                               l->axis);
        if (part[i].dims != part[0].dims || part[i].side[1 - l->axis] != other)
            return dtake__fail(err, DTAKE_E_USAGE, "arrays of %zu x %zu and %zu x %zu elements in one line",
                               part[0].side[0], part[0].side[1], part[i].side[0], part[i].side[1]);
        l->out.side[l->axis] += part[i].side[l->axis];
    }
    l->out.dims = part[0].dims > l->axis ? part[0].dims : l->axis + 1;
    l->out.side[1 - l->axis] = other;
    return DTAKE_OK;
}

static dtake_status concat(dtake__call *call, const dtake__array *part, size_t parts, double axis,
                           dtake__px *out, dtake_error *err)
{
    if (axis != 0 && axis != 1)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "axis %g: arrays have the axes 0 and 1 here", axis);
    line l = { .axis = (int)axis };
    dtake_status st = line_up(&l, part, parts, err);
    size_t at = 0, count = dtake__array_count(&l.out);
    l.px = st == DTAKE_OK ? dtake__array_room(call, count, err) : NULL;
    if (l.px == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_LIMIT;
    for (size_t i = 0; i < parts; i++) {
        for (size_t k = 0; k < dtake__array_count(&part[i]); k++) {
            size_t row = k / part[i].side[1] + (l.axis == 0 ? at : 0);
            size_t col = k % part[i].side[1] + (l.axis == 1 ? at : 0);
            l.px[row * l.out.side[1] + col] = part[i].px[k];
        }
        at += part[i].side[l.axis];
    }
    unite(call, l.px, count);
    l.out.px = l.px;
    *out = dtake__array_px(call, &l.out);
    return DTAKE_OK;
}

static dtake_status to_array(dtake__call *call, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    if (image->count == 0)
        return dtake__fail(err, DTAKE_E_EMPTY, "the image has no bands");
    dtake__array *part = dtake__call_alloc(call, image->count, sizeof *part, err);
    dtake__image_value *out = part != NULL ? dtake__call_image(call, 1, err) : NULL;
    if (out == NULL)
        return DTAKE_E_NOMEM;
    out->band[0] = image->band[0];
    out->band[0].name = "array";
    for (size_t i = 0; i < image->count; i++) {
        part[i] = dtake__array_of(dtake__eval_expressions(call->eval), &image->band[i].px);
        out->band[0].inside = dtake__call_inside(call, out->band[0].inside, image->band[i].inside);
    }
    return concat(call, part, image->count, call->arg[1].number, &out->band[0].px, err);
}
DTAKE__FUNCTION(image_to_array, "Image.toArray", IMAGE, to_array, { "image", DTAKE__IMAGE },
                { "axis", DTAKE__NUMBER, "0" });

/* --- an array to bands --- */

static dtake_status only_array(dtake__call *call, dtake__array *out, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    if (image->count != 1)
        return dtake__fail(err, DTAKE_E_USAGE, "one band of arrays is needed, not %zu bands", image->count);
    *out = dtake__array_of(dtake__eval_expressions(call->eval), &image->band[0].px);
    return out->dims > 0
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_USAGE, "the pixels of band '%.60s' are numbers, no arrays",
                             image->band[0].name);
}

static dtake_status check_labels(const dtake__value *labels, const dtake__array *a, dtake_error *err)
{
    if (labels->list.count != (size_t)a->dims)
        return dtake__fail(err, DTAKE_E_USAGE, "labels of %zu axes for arrays of %d", labels->list.count,
                           a->dims);
    for (int axis = 0; axis < a->dims; axis++) {
        const dtake__value *list = &labels->list.item[axis];
        if (list->null || list->kind != DTAKE__LIST || list->list.count != a->side[axis])
            return dtake__fail(err, DTAKE_E_USAGE, "axis %d has %zu elements, and as many labels are needed",
                               axis, a->side[axis]);
        for (size_t i = 0; i < list->list.count; i++)
            if (list->list.item[i].null || list->list.item[i].kind != DTAKE__STRING)
                return dtake__fail(err, DTAKE_E_USAGE, "labels must be strings");
    }
    return DTAKE_OK;
}

static dtake_status flatten(dtake__call *call, dtake_error *err)
{
    dtake__array a;
    const dtake__value *labels = &call->arg[1];
    dtake_status st = only_array(call, &a, err);
    if (st == DTAKE_OK)
        st = check_labels(labels, &a, err);
    dtake__image_value *out = st == DTAKE_OK ? dtake__call_image(call, dtake__array_count(&a), err) : NULL;
    if (out == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_LIMIT;
    for (size_t i = 0; i < out->count; i++) {
        const char *name = labels->list.item[0].list.item[i / a.side[1]].text;
        if (a.dims == 2)
            name = dtake__call_text(call, err, "%s%s%s", name, call->arg[2].text,
                                    labels->list.item[1].list.item[i % a.side[1]].text);
        if (name == NULL)
            return DTAKE_E_LIMIT;
        out->band[i] = call->arg[0].image->band[0];
        out->band[i].name = name;
        out->band[i].px = a.px[i];
    }
    return DTAKE_OK;
}
DTAKE__FUNCTION(image_array_flatten, "Image.arrayFlatten", IMAGE, flatten, { "image", DTAKE__IMAGE },
                { "coordinateLabels", DTAKE__LIST }, { "separator", DTAKE__STRING, "_" });

/* --- two arrays --- */

static void run_dot(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out->v[i] = 0;
    for (size_t k = 0; k < node->count; k += 2)
        for (size_t i = 0; i < count; i++)
            out->v[i] += in[k].v[i] * in[k + 1].v[i];
}
static const dtake__px_op op_dot = { .name = "Image.matrixMultiply", .run = run_dot };

static dtake_status product(dtake__call *call, const dtake__array *a, const dtake__array *b, dtake__px *to,
                            dtake_error *err)
{
    if (a->dims != 2 || b->dims != 2 || a->side[1] != b->side[0])
        return dtake__fail(err, DTAKE_E_USAGE, "matrices of %zu x %zu and %zu x %zu cannot be multiplied",
                           a->side[0], a->side[1], b->side[0], b->side[1]);
    dtake__array out = { 2, { a->side[0], b->side[1] }, NULL };
    size_t inner = a->side[1];
    dtake__px *px = dtake__array_room(call, dtake__array_count(&out), err);
    dtake__px *in = dtake__array_room(call, 2 * inner, err);
    if (px == NULL || in == NULL)
        return DTAKE_E_LIMIT;
    for (size_t i = 0; i < dtake__array_count(&out); i++) {
        for (size_t k = 0; k < inner; k++) {
            in[2 * k] = a->px[i / out.side[1] * inner + k];
            in[2 * k + 1] = b->px[k * out.side[1] + i % out.side[1]];
        }
        px[i] = dtake__call_px(call, &op_dot, dtake__px_real(DTAKE__PX_DOUBLE), in, 2 * inner, 0);
    }
    out.px = px;
    *to = dtake__array_px(call, &out);
    return DTAKE_OK;
}

static dtake_status in_line(dtake__call *call, const dtake__array *a, const dtake__array *b, dtake__px *to,
                            dtake_error *err)
{
    const dtake__array part[2] = { *a, *b };
    return concat(call, part, 2, call->arg[2].number, to, err);
}

typedef dtake_status both_fn(dtake__call *call, const dtake__array *a, const dtake__array *b, dtake__px *to,
                             dtake_error *err);

static dtake_status both(dtake__call *call, both_fn *make, dtake_error *err)
{
    const dtake__image_value *a = call->arg[0].image, *b = call->arg[1].image;
    dtake__expressions *e = dtake__eval_expressions(call->eval);
    if (a->count != b->count && a->count != 1 && b->count != 1)
        return dtake__fail_pair(a->count, b->count, err);
    const dtake__image_value *named = b->count > a->count ? b : a;
    dtake__image_value *out = dtake__call_image(call, named->count, err);
    dtake_status st = out != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    for (size_t i = 0; st == DTAKE_OK && i < named->count; i++) {
        const dtake__band_value *x = &a->band[a->count == 1 ? 0 : i], *y = &b->band[b->count == 1 ? 0 : i];
        dtake__array p = dtake__array_of(e, &x->px), q = dtake__array_of(e, &y->px);
        out->band[i] = x->grid != NULL ? *x : *y;
        out->band[i].name = named->band[i].name;
        out->band[i].inside = dtake__call_inside(call, x->inside, y->inside);
        st = make(call, &p, &q, &out->band[i].px, err);
    }
    return st;
}

static dtake_status multiply(dtake__call *call, dtake_error *err)
{
    return both(call, product, err);
}
DTAKE__FUNCTION(image_matrix_multiply, "Image.matrixMultiply", IMAGE, multiply, { "image1", DTAKE__IMAGE },
                { "image2", DTAKE__IMAGE });

static dtake_status array_cat(dtake__call *call, dtake_error *err)
{
    return both(call, in_line, err);
}
DTAKE__FUNCTION(image_array_cat, "Image.arrayCat", IMAGE, array_cat, { "image1", DTAKE__IMAGE },
                { "image2", DTAKE__IMAGE }, { "axis", DTAKE__NUMBER });
