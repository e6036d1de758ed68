#include "raster/eval_array.h"

#include "core/error.h"

size_t dtake__array_count(const dtake__array *array)
{
    return array->side[0] * array->side[1];
}

dtake__array dtake__array_of(const dtake__expressions *expressions, const dtake__px *px)
{
    const dtake__px_node *node = dtake__px_node_of(expressions, *px);
    if (node->op != &dtake__op_array)
        return (dtake__array){ 0, { 1, 1 }, px };
    return (
        dtake__array){ (int)node->param[0], { (size_t)node->param[1], (size_t)node->param[2] }, node->in };
}

dtake__px dtake__array_px(dtake__call *call, const dtake__array *array)
{
    size_t count = dtake__array_count(array);
    if (array->dims == 0)
        return array->px[0];
    dtake__px_node node = { .op = &dtake__op_array,
                            .in = array->px,
                            .count = count,
                            .param = { array->dims, (double)array->side[0], (double)array->side[1] } };
    for (size_t i = 0; i < count; i++)
        if (array->px[i] == 0)
            return 0;
    node.type = *dtake__call_type(call, array->px[0]);
    for (size_t i = 1; i < count; i++)
        node.type = dtake__px_join(node.type, *dtake__call_type(call, array->px[i]));
    return dtake__px_add(dtake__eval_expressions(call->eval), &node);
}

dtake__px *dtake__array_room(dtake__call *call, size_t count, dtake_error *err)
{
    if (count == 0 || count > DTAKE__MAX_ARRAY) {
        dtake__fail(err, DTAKE_E_LIMIT, "an array of %zu elements a pixel: 1 to %d are allowed", count,
                    DTAKE__MAX_ARRAY);
        return NULL;
    }
    return dtake__call_alloc(call, count, sizeof(dtake__px), err);
}

static dtake__px no_room(dtake__call *call)
{
    return dtake__px_fail(dtake__eval_expressions(call->eval), DTAKE_E_LIMIT, "no room for more arrays");
}

dtake__px dtake__array_each(dtake__call *call, dtake__each_fn *make, const void *ctx, dtake__px a)
{
    if (a == 0)
        return 0;
    dtake__array in = dtake__array_of(dtake__eval_expressions(call->eval), &a);
    if (in.dims == 0)
        return make(call, ctx, a);
    dtake__px *out = dtake__call_alloc(call, dtake__array_count(&in), sizeof *out, NULL);
    if (out == NULL)
        return no_room(call);
    for (size_t i = 0; i < dtake__array_count(&in); i++)
        out[i] = make(call, ctx, in.px[i]);
    in.px = out;
    return dtake__array_px(call, &in);
}

dtake__px dtake__array_pairs(dtake__call *call, dtake__pair_fn *make, const void *ctx, dtake__px a,
                             dtake__px b)
{
    dtake__expressions *e = dtake__eval_expressions(call->eval);
    if (a == 0 || b == 0)
        return 0;
    dtake__array x = dtake__array_of(e, &a), y = dtake__array_of(e, &b), out = x.dims > 0 ? x : y;
    if (x.dims == 0 && y.dims == 0)
        return make(call, ctx, a, b);
    if (x.dims > 0 && y.dims > 0 && (x.dims != y.dims || x.side[0] != y.side[0] || x.side[1] != y.side[1]))
        return dtake__px_fail(e, DTAKE_E_USAGE, "arrays of %zu x %zu and %zu x %zu elements do not match",
                              x.side[0], x.side[1], y.side[0], y.side[1]);
    dtake__px *px = dtake__call_alloc(call, dtake__array_count(&out), sizeof *px, NULL);
    if (px == NULL)
        return no_room(call);
    for (size_t i = 0; i < dtake__array_count(&out); i++)
        px[i] = make(call, ctx, x.px[x.dims > 0 ? i : 0], y.px[y.dims > 0 ? i : 0]);
    out.px = px;
    return dtake__array_px(call, &out);
}

/* --- arrays that are values --- */

static dtake_status shape_of(const dtake__value *value, dtake__array *out, dtake_error *err)
{
    const dtake__value *first = value->list.count > 0 ? &value->list.item[0] : NULL;
    bool rows = first != NULL && !first->null && first->kind == DTAKE__LIST;
    *out = (dtake__array){ rows ? 2 : 1, { value->list.count, rows ? first->list.count : 1 }, NULL };
    for (size_t i = 0; rows && i < value->list.count; i++) {
        const dtake__value *row = &value->list.item[i];
        if (row->null || row->kind != DTAKE__LIST || row->list.count != out->side[1])
            return dtake__fail(err, DTAKE_E_USAGE, "an array's rows must be lists of one length");
    }
    return DTAKE_OK;
}

dtake_status dtake__array_constant(dtake__call *call, const dtake__value *value, dtake__array *out,
                                   dtake_error *err)
{
    dtake_status st = shape_of(value, out, err);
    dtake__px *px = st == DTAKE_OK ? dtake__array_room(call, dtake__array_count(out), err) : NULL;
    if (px == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_LIMIT;
    for (size_t i = 0; i < dtake__array_count(out); i++) {
        const dtake__value *item = &value->list.item[i / out->side[1]];
        item = out->dims == 2 ? &item->list.item[i % out->side[1]] : item;
        if (item->null || (item->kind != DTAKE__NUMBER && item->kind != DTAKE__BOOLEAN))
            return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                               "arrays are numbers, or rows of numbers: no more than %d dimensions",
                               DTAKE__MAX_ARRAY_DIMS);
        px[i] = dtake__px_constant(dtake__eval_expressions(call->eval),
                                   item->kind == DTAKE__NUMBER ? item->number : item->boolean);
    }
    out->px = px;
    return DTAKE_OK;
}
