#include "catalog/outlines.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/geometry.h"

#include <math.h>
#include <string.h>

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "decode geometries");
}

void dtake__outlines_dispose(dtake__outlines *o)
{
    dtake__arena_dispose(&o->arena);
    dtake__free(o->sizes);
    dtake__free(o->from);
    dtake__free(o->first);
    dtake__free(o->first_rest);
    dtake__free(o->x);
    dtake__free(o->y);
    dtake__free(o->rest);
    *o = (dtake__outlines){ 0 };
}

/* Of a row: what its shape needs, and its first number. */
static dtake__shape_size size_of(const dtake__outlines *o, int64_t row)
{
    return o->alike != NULL ? o->size : o->sizes[row];
}

static size_t first_of(const dtake__outlines *o, int64_t row)
{
    return o->alike != NULL ? (size_t)row * o->size.positions : o->first[row];
}

static size_t first_rest_of(const dtake__outlines *o, int64_t row)
{
    return o->alike != NULL ? (size_t)row * o->size.rest : o->first_rest[row];
}

static dtake_status measure_alike(dtake__outlines *o, uint32_t positions, uint32_t rest, dtake__body *body,
                                  dtake_error *err)
{
    if (o->alike->value_len > 0 &&
        dtake__shape_measure(o->alike->value, o->alike->value_len, &o->size) != DTAKE_OK)
        return dtake__damaged(body, "a shape of a geometry is none", err);
    return o->size.positions <= positions && o->size.rest <= positions + rest &&
                   o->size.positions * (uint64_t)o->rows == positions &&
                   o->size.rest * (uint64_t)o->rows == rest
               ? DTAKE_OK
               : dtake__damaged(body, "positions without a geometry", err);
}

/* Rows come in whole frames but for the last one, so that they begin where a frame does. */
static bool see_again(dtake__outlines *o, int64_t row, uint8_t before)
{
    if (before == 0 || before > row % DTAKE__FRAME_ROWS)
        return false;
    o->from[row] = o->from[row - before];
    o->sizes[row] = o->sizes[row - before];
    o->first[row] = o->first[row - before];
    o->first_rest[row] = o->first_rest[row - before];
    return true;
}

/* Every shape measured, and as many positions as there are. Most rows have the shape of the one before. */
static dtake_status measure(dtake__outlines *o, uint32_t positions, uint32_t rest, dtake__body *body,
                            dtake_error *err)
{
    const uint8_t *bytes = o->shapes.values, *last = NULL;
    size_t last_len = 0;
    dtake__shape_size last_size = { 0, 0, 0 };
    uint64_t at = 0, rest_at = 0;
    for (int64_t i = 0; i < o->rows; i++) {
        const uint8_t *shape = bytes + o->shapes.offsets[i];
        size_t len = (size_t)(o->shapes.offsets[i + 1] - o->shapes.offsets[i]);
        o->from[i] = (uint32_t)i;
        if (len == DTAKE__SHAPE_AGAIN_BYTES && shape[0] == DTAKE__SHAPE_AGAIN) {
            if (!see_again(o, i, shape[1]))
                return dtake__damaged(body, "a geometry repeats none of its frame", err);
            continue;
        }
        if (len == 0)
            o->sizes[i] = (dtake__shape_size){ 0, 0, 0 };
        else if (len == last_len && memcmp(shape, last, len) == 0)
            o->sizes[i] = last_size;
        else if (dtake__shape_measure(shape, len, &o->sizes[i]) != DTAKE_OK)
            return dtake__damaged(body, "a shape of a geometry is none", err);
        last = shape;
        last_len = len;
        last_size = o->sizes[i];
        o->first[i] = (uint32_t)at;
        o->first_rest[i] = (uint32_t)rest_at;
        at += o->sizes[i].positions;
        rest_at += o->sizes[i].rest;
        if (at > positions || rest_at > rest)
            return dtake__damaged(body, "a geometry lacks positions", err);
    }
    return at == positions && rest_at == rest ? DTAKE_OK
                                              : dtake__damaged(body, "positions without a geometry", err);
}

static dtake_status make_room(dtake__outlines *o, size_t positions, size_t rest, dtake_error *err)
{
    size_t rows = o->alike != NULL ? 1 : (size_t)o->rows + 1;
    o->sizes = dtake__alloc(rows * sizeof *o->sizes);
    o->from = dtake__alloc(rows * sizeof *o->from);
    o->first = dtake__alloc(rows * sizeof *o->first);
    o->first_rest = dtake__alloc(rows * sizeof *o->first_rest);
    o->x = dtake__alloc((positions + 1) * sizeof *o->x);
    o->y = dtake__alloc((positions + 1) * sizeof *o->y);
    o->rest = dtake__alloc((rest + 1) * sizeof *o->rest);
    return o->sizes && o->from && o->first && o->first_rest && o->x && o->y && o->rest ? DTAKE_OK
                                                                                       : no_memory(err);
}

/* Marks of rows as marks of their numbers. */
static dtake_status wanted_numbers(const dtake__outlines *o, const bool *wanted, size_t numbers, bool rest,
                                   bool **out, dtake_error *err)
{
    *out = NULL;
    if (wanted == NULL)
        return DTAKE_OK;
    bool *marks = dtake__calloc(numbers + 1, sizeof *marks);
    if (marks == NULL)
        return no_memory(err);
    for (int64_t i = 0; i < o->rows; i++)
        if (wanted[i])
            memset(marks + (rest ? first_rest_of(o, i) : first_of(o, i)), true,
                   rest ? size_of(o, i).rest : size_of(o, i).positions);
    *out = marks;
    return DTAKE_OK;
}

static dtake_status read_some(const dtake__outlines *o, const dtake__numbers *numbers,
                              const dtake__frames *runs, size_t count, const bool *wanted, bool rest,
                              dtake__body *body, double *out, dtake_error *err)
{
    bool *marks;
    size_t n = dtake__rows_of(numbers->ints.starts, runs, count);
    dtake_status st = wanted_numbers(o, wanted, n, rest, &marks, err);
    if (st == DTAKE_OK)
        st = dtake__read_numbers(numbers, runs, count, marks, body, out, err);
    dtake__free(marks);
    return st;
}

dtake_status dtake__outlines_begin(dtake__outlines *o, const dtake__coded *coded, const dtake__frames *runs,
                                   size_t count, const bool *wanted, dtake__body *body, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    o->whole = coded->geometry == DTAKE__GEOMETRY_BYTES;
    o->alike = coded->texts->kind == DTAKE__BYTES_CONST ? coded->texts : NULL;
    if (o->alike != NULL)
        o->rows = dtake__rows_of(coded->texts->starts, runs, count);
    else
        st = dtake__read_texts(coded->texts, runs, count, NULL, body, &o->arena, &o->shapes, err);
    if (o->alike == NULL)
        o->rows = o->shapes.rows;
    if (st != DTAKE_OK || o->whole)
        return st;
    size_t positions = dtake__rows_of(coded->numbers.ints.starts, runs, count);
    size_t rest = dtake__rows_of(coded->rest.ints.starts, runs, count);
    st = make_room(o, positions, rest, err);
    if (st == DTAKE_OK)
        st = (o->alike != NULL ? measure_alike : measure)(o, (uint32_t)positions, (uint32_t)rest, body, err);
    return st == DTAKE_OK ? read_some(o, &coded->numbers, runs, count, wanted, false, body, o->x, err) : st;
}

dtake_status dtake__outlines_finish(dtake__outlines *o, const dtake__coded *coded, const dtake__frames *runs,
                                    size_t count, const bool *wanted, dtake__body *body, dtake_error *err)
{
    if (o->whole)
        return DTAKE_OK;
    dtake_status st = read_some(o, &coded->y, runs, count, wanted, false, body, o->y, err);
    if (st == DTAKE_OK && dtake__rows_of(coded->rest.ints.starts, runs, count) > 0)
        st = read_some(o, &coded->rest, runs, count, wanted, true, body, o->rest, err);
    return st;
}

dtake_status dtake__outlines_read(dtake__outlines *o, const dtake__coded *coded, const dtake__frames *runs,
                                  size_t count, const bool *wanted, dtake__body *body, dtake_error *err)
{
    dtake_status st = dtake__outlines_begin(o, coded, runs, count, wanted, body, err);
    return st == DTAKE_OK ? dtake__outlines_finish(o, coded, runs, count, wanted, body, err) : st;
}

bool dtake__outline_width(const dtake__outlines *o, int64_t row, double out[2])
{
    if (o->whole)
        return false;
    const double *x = o->x + first_of(o, row), *end = x + size_of(o, row).positions;
    double least = HUGE_VAL, most = -HUGE_VAL;
    for (; x < end; x++) {
        least = *x < least ? *x : least;
        most = *x > most ? *x : most;
    }
    out[0] = least;
    out[1] = most;
    return true;
}

static size_t shape_of(const dtake__outlines *o, int64_t row, const uint8_t **out)
{
    if (o->alike != NULL) {
        *out = o->alike->value;
        return o->alike->value_len;
    }
    row = o->whole ? row : o->from[row];
    *out = (const uint8_t *)o->shapes.values + o->shapes.offsets[row];
    return (size_t)(o->shapes.offsets[row + 1] - o->shapes.offsets[row]);
}

/* Bytes that no shape could be made of are no geometry either. */
static void extent_of_bytes(const uint8_t *wkb, size_t len, double out[4])
{
    dtake__geometry g = dtake__geometry_view(wkb, len);
    dtake__geometry_facts facts;
    if (len == 0 || dtake__geometry_facts_of(&g, &facts, NULL) != DTAKE_OK)
        return;
    out[0] = facts.min_x;
    out[1] = facts.min_y;
    out[2] = facts.max_x;
    out[3] = facts.max_y;
}

void dtake__outline_extent(const dtake__outlines *o, int64_t row, double out[4])
{
    out[0] = out[1] = HUGE_VAL;
    out[2] = out[3] = -HUGE_VAL;
    if (o->whole) {
        const uint8_t *wkb;
        size_t len = shape_of(o, row, &wkb);
        extent_of_bytes(wkb, len, out);
        return;
    }
    const double *x = o->x + first_of(o, row), *y = o->y + first_of(o, row);
    for (size_t i = 0, n = size_of(o, row).positions; i < n; i++) {
        out[0] = x[i] < out[0] ? x[i] : out[0];
        out[1] = y[i] < out[1] ? y[i] : out[1];
        out[2] = x[i] > out[2] ? x[i] : out[2];
        out[3] = y[i] > out[3] ? y[i] : out[3];
    }
}

size_t dtake__outline_bytes(const dtake__outlines *o, int64_t row)
{
    const uint8_t *shape;
    return o->whole ? shape_of(o, row, &shape) : size_of(o, row).wkb_bytes;
}

void dtake__outline_write(const dtake__outlines *o, int64_t row, uint8_t *wkb)
{
    const uint8_t *shape;
    size_t len = shape_of(o, row, &shape);
    if (len == 0)
        return;
    if (o->whole)
        memcpy(wkb, shape, len);
    else
        dtake__shape_join(shape, len, o->x + first_of(o, row), o->y + first_of(o, row),
                          o->rest + first_rest_of(o, row), wkb);
}

/* WKB of all rows; those that are not wanted are empty. */
static dtake_status join(const dtake__outlines *o, const bool *wanted, dtake__arena *arena, dtake_column *out,
                         dtake_error *err)
{
    int64_t total = 0;
    int32_t *offsets = dtake__arena_alloc(arena, ((size_t)o->rows + 1) * sizeof *offsets);
    if (offsets == NULL)
        return no_memory(err);
    for (int64_t i = 0; i < o->rows; i++) {
        offsets[i] = (int32_t)total;
        if (wanted == NULL || wanted[i])
            total += (int64_t)dtake__outline_bytes(o, i);
        if (total > INT32_MAX)
            return dtake__fail(err, DTAKE_E_LIMIT, "decode geometries: more than 2 GiB in a batch");
    }
    offsets[o->rows] = (int32_t)total;
    uint8_t *values = dtake__arena_alloc(arena, (size_t)total + 1);
    if (values == NULL)
        return no_memory(err);
    for (int64_t i = 0; i < o->rows; i++)
        if (wanted == NULL || wanted[i])
            dtake__outline_write(o, i, values + offsets[i]);
    *out = (dtake_column){ .rows = o->rows, .offsets = offsets, .values = values };
    return DTAKE_OK;
}

dtake_status dtake__read_geometries(const dtake__coded *coded, const dtake__frames *runs, size_t count,
                                    const bool *wanted, dtake__body *body, dtake__arena *arena,
                                    dtake_column *out, dtake_error *err)
{
    if (coded->geometry == DTAKE__GEOMETRY_BYTES)
        return dtake__read_texts(coded->texts, runs, count, wanted, body, arena, out, err);
    dtake__outlines o = { 0 };
    dtake_status st = dtake__outlines_read(&o, coded, runs, count, wanted, body, err);
    if (st == DTAKE_OK)
        st = join(&o, wanted, arena, out, err);
    dtake__outlines_dispose(&o);
    return st;
}
