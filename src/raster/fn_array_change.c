/* Images whose pixels are arrays to images of other arrays, and of their elements. */
#include "raster/eval_array.h"
#include "raster/eval_reduce.h"

#include "core/error.h"

#include <math.h>

/* Band by band. */
typedef dtake_status change_fn(dtake__call *call, const dtake__array *in, dtake__array *out,
                               dtake_error *err);

static dtake_status change(dtake__call *call, change_fn *make, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    dtake__image_value *out = dtake__call_image(call, image->count, err);
    dtake_status st = out != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    for (size_t i = 0; i < image->count && st == DTAKE_OK; i++) {
        dtake__array in = dtake__array_of(dtake__eval_expressions(call->eval), &image->band[i].px), made;
        if (in.dims == 0)
            return dtake__fail(err, DTAKE_E_USAGE, "the pixels of band '%.60s' are numbers, no arrays",
                               image->band[i].name);
        st = make(call, &in, &made, err);
        out->band[i] = image->band[i];
        out->band[i].px = st == DTAKE_OK ? dtake__array_px(call, &made) : 0;
    }
    return st;
}

/* Elements that are wanted, in two nested loops. */
static dtake_status gather(dtake__call *call, const dtake__array *in, dtake__array *out,
                           const int64_t from[2], const int64_t step[2], bool turned, dtake_error *err)
{
    dtake__px *px = dtake__array_room(call, dtake__array_count(out), err);
    if (px == NULL)
        return DTAKE_E_LIMIT;
    for (size_t i = 0; i < dtake__array_count(out); i++) {
        int64_t first = (int64_t)(i / out->side[1]), second = (int64_t)(i % out->side[1]);
        int64_t row = from[0] + step[0] * (turned ? second : first);
        int64_t col = from[1] + step[1] * (turned ? first : second);
        px[i] = in->px[row * (int64_t)in->side[1] + col];
    }
    out->px = px;
    return DTAKE_OK;
}

static dtake_status project(dtake__call *call, const dtake__array *in, dtake__array *out, dtake_error *err)
{
    size_t count;
    const double *axis = dtake__call_numbers(call, &call->arg[1], &count, err);
    const int64_t from[2] = { 0, 0 }, step[2] = { 1, 1 };
    if (axis == NULL)
        return DTAKE_E_USAGE;
    bool kept[2] = { false, false };
    *out = (dtake__array){ (int)(count < 2 ? count : 2), { 1, 1 }, NULL };
    for (size_t i = 0; i < count; i++) {
        if (i == 2 || !(axis[i] == 0 || axis[i] == 1) || axis[i] >= in->dims || kept[(int)axis[i]])
            return dtake__fail(err, DTAKE_E_USAGE, "axes of arrays with %d are each named once", in->dims);
        kept[(int)axis[i]] = true;
        out->side[i] = in->side[(int)axis[i]];
    }
    for (int i = 0; i < in->dims; i++)
        if (!kept[i] && in->side[i] != 1)
            return dtake__fail(err, DTAKE_E_USAGE, "axis %d has %zu elements: only one of length 1 can go", i,
                               in->side[i]);
    return gather(call, in, out, from, step, count > 0 && axis[0] == 1, err);
}

static dtake_status array_project(dtake__call *call, dtake_error *err)
{
    return change(call, project, err);
}
DTAKE__FUNCTION(image_array_project, "Image.arrayProject", IMAGE, array_project, { "input", DTAKE__IMAGE },
                { "axes", DTAKE__LIST });

/* Of an image of one constant. */
static dtake_status whole_of(dtake__call *call, const dtake__px *px, const char *what, int64_t *out,
                             dtake_error *err)
{
    double value;
    if (!dtake__px_is_constant(dtake__eval_expressions(call->eval), *px, &value) || value != floor(value) ||
        fabs(value) > DTAKE__MAX_ARRAY)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "%s must be a whole number that is the same for all pixels", what);
    *out = (int64_t)value;
    return DTAKE_OK;
}

static dtake_status element(dtake__call *call, const dtake__array *in, dtake__array *out, dtake_error *err)
{
    const dtake__image_value *position = call->arg[1].image;
    const int64_t step[2] = { 1, 1 };
    int64_t at[2] = { 0, 0 };
    dtake_status st = DTAKE_OK;
    dtake__array one = { .px = NULL };
    if (position->count == 1)
        one = dtake__array_of(dtake__eval_expressions(call->eval), &position->band[0].px);
    size_t given = one.px != NULL ? dtake__array_count(&one) : position->count;
    if (given != (size_t)in->dims)
        return dtake__fail(err, DTAKE_E_USAGE, "a position of %zu numbers in arrays of %d dimensions", given,
                           in->dims);
    for (int i = 0; i < in->dims && st == DTAKE_OK; i++) {
        st = whole_of(call, one.px != NULL ? &one.px[i] : &position->band[i].px, "the position", &at[i], err);
        if (st == DTAKE_OK && !(at[i] >= 0 && at[i] < (int64_t)in->side[i]))
            st = dtake__fail(err, DTAKE_E_RANGE, "position %lld on an axis of %zu elements", (long long)at[i],
                             in->side[i]);
    }
    *out = (dtake__array){ 0, { 1, 1 }, NULL };
    return st == DTAKE_OK ? gather(call, in, out, at, step, false, err) : st;
}

static dtake_status array_get(dtake__call *call, dtake_error *err)
{
    return change(call, element, err);
}
DTAKE__FUNCTION(image_array_get, "Image.arrayGet", IMAGE, array_get, { "image", DTAKE__IMAGE },
                { "position", DTAKE__IMAGE });

static dtake_status bound_of(dtake__call *call, const dtake__value *arg, int64_t length, int64_t none,
                             int64_t *out, dtake_error *err)
{
    *out = none;
    if (arg->null)
        return DTAKE_OK;
    if (arg->image->count != 1)
        return dtake__fail(err, DTAKE_E_USAGE, "start and end are images of one band");
    dtake_status st = whole_of(call, &arg->image->band[0].px, "start or end", out, err);
    *out = *out < 0 ? *out + length : *out;
    *out = *out < 0 ? 0 : *out > length ? length : *out;
    return st;
}

static dtake_status part(dtake__call *call, const dtake__array *in, dtake__array *out, dtake_error *err)
{
    double number = call->arg[1].number, step = call->arg[4].number;
    if (!(number == 0 || number == 1) || number >= in->dims || !(step >= 1) || step != floor(step))
        return dtake__fail(err, DTAKE_E_USAGE, "axis %g of %d in steps of %g", number, in->dims, step);
    int axis = (int)number;
    int64_t length = (int64_t)in->side[axis], end, from[2] = { 0, 0 }, steps[2] = { 1, 1 };
    dtake_status st = bound_of(call, &call->arg[2], length, 0, &from[axis], err);
    if (st == DTAKE_OK)
        st = bound_of(call, &call->arg[3], length, length, &end, err);
    if (st == DTAKE_OK && end <= from[axis])
        st = dtake__fail(err, DTAKE_E_EMPTY, "nothing of axis %d lies within start and end", axis);
    if (st != DTAKE_OK)
        return st;
    *out = *in;
    steps[axis] = step < (double)length ? (int64_t)step : length;
    out->side[axis] = (size_t)((end - from[axis] - 1) / steps[axis]) + 1;
    return gather(call, in, out, from, steps, false, err);
}

static dtake_status array_slice(dtake__call *call, dtake_error *err)
{
    return change(call, part, err);
}
DTAKE__FUNCTION(image_array_slice, "Image.arraySlice", IMAGE, array_slice, { "input", DTAKE__IMAGE },
                { "axis", DTAKE__NUMBER, "0" }, { "start", DTAKE__IMAGE, "null" },
                { "end", DTAKE__IMAGE, "null" }, { "step", DTAKE__NUMBER, "1" });

static dtake_status turn(dtake__call *call, const dtake__array *in, dtake__array *out, dtake_error *err)
{
    const int64_t from[2] = { 0, 0 }, step[2] = { 1, 1 };
    double a = call->arg[1].number, b = call->arg[2].number;
    if (!((a == 0 && b == 1) || (a == 1 && b == 0)))
        return dtake__fail(err, DTAKE_E_USAGE, "axes %g and %g: arrays have the axes 0 and 1 here", a, b);
    *out = (dtake__array){ 2, { in->side[1], in->side[0] }, NULL };
    return gather(call, in, out, from, step, true, err);
}

static dtake_status transpose(dtake__call *call, dtake_error *err)
{
    return change(call, turn, err);
}
DTAKE__FUNCTION(image_array_transpose, "Image.arrayTranspose", IMAGE, transpose, { "input", DTAKE__IMAGE },
                { "axis1", DTAKE__NUMBER, "0" }, { "axis2", DTAKE__NUMBER, "1" });
DTAKE__FUNCTION(image_matrix_transpose, "Image.matrixTranspose", IMAGE, transpose, { "input", DTAKE__IMAGE },
                { "axis1", DTAKE__NUMBER, "0" }, { "axis2", DTAKE__NUMBER, "1" });

/* --- fewer elements --- */

static dtake_status fold(dtake__call *call, const dtake__array *in, dtake__array *out, dtake_error *err)
{
    const dtake__reducer *reducer = call->arg[1].reducer;
    size_t count;
    const double *axis = dtake__call_numbers(call, &call->arg[2], &count, err);
    bool gone[2] = { false, false };
    if (axis == NULL)
        return DTAKE_E_USAGE;
    for (size_t i = 0; i < count; i++) {
        if (!(axis[i] == 0 || axis[i] == 1) || axis[i] >= in->dims)
            return dtake__fail(err, DTAKE_E_USAGE, "axis %g of arrays with %d", axis[i], in->dims);
        gone[(int)axis[i]] = true;
    }
    *out = (dtake__array){ in->dims, { gone[0] ? 1 : in->side[0], gone[1] ? 1 : in->side[1] }, NULL };
    size_t results = dtake__array_count(out), each = dtake__array_count(in) / results;
    dtake__px *px = dtake__array_room(call, results, err), *part = dtake__array_room(call, each, err);
    if (px == NULL || part == NULL)
        return DTAKE_E_LIMIT;
    for (size_t i = 0; i < results; i++) {
        size_t row = gone[0] ? 0 : i / out->side[1], col = gone[1] ? 0 : i % out->side[1], found = 0;
        for (size_t r = row; r < (gone[0] ? in->side[0] : row + 1); r++)
            for (size_t c = col; c < (gone[1] ? in->side[1] : col + 1); c++)
                part[found++] = in->px[r * in->side[1] + c];
        px[i] = dtake__reduce(dtake__eval_expressions(call->eval), reducer->output, part, found);
    }
    out->px = px;
    return DTAKE_OK;
}

static dtake_status array_reduce(dtake__call *call, dtake_error *err)
{
    dtake_status st = dtake__reducer_check(call->arg[1].reducer, err);
    if (st == DTAKE_OK && (call->arg[1].reducer->count != 1 || !call->arg[3].null))
        st = dtake__fail(err, DTAKE_E_UNSUPPORTED, "reducers of several outputs are not known for arrays");
    return st == DTAKE_OK ? change(call, fold, err) : st;
}
DTAKE__FUNCTION(image_array_reduce, "Image.arrayReduce", IMAGE, array_reduce, { "input", DTAKE__IMAGE },
                { "reducer", DTAKE__REDUCER }, { "axes", DTAKE__LIST },
                { "fieldAxis", DTAKE__NUMBER, "null" });

static dtake_status greatest(dtake__call *call, const dtake__array *in, dtake__array *out, dtake_error *err)
{
    if (in->dims != 1)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "arrays of %d dimensions: one is known here", in->dims);
    dtake__px *px = dtake__array_room(call, 1, err);
    if (px == NULL)
        return DTAKE_E_LIMIT;
    px[0] = dtake__reduce_which(dtake__eval_expressions(call->eval), in->px, in->side[0]);
    *out = (dtake__array){ 1, { 1, 1 }, px };
    return DTAKE_OK;
}

static dtake_status array_argmax(dtake__call *call, dtake_error *err)
{
    return change(call, greatest, err);
}
DTAKE__FUNCTION(image_array_argmax, "Image.arrayArgmax", IMAGE, array_argmax, { "image", DTAKE__IMAGE });
