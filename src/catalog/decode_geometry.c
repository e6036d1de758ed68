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
    size_t rows = (size_t)o->rows + 1;
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

dtake_status dtake__outlines_read(dtake__outlines *o, const dtake__coded *coded, const dtake__frames *runs,
                                  size_t count, dtake__body *body, dtake_error *err)
{
    dtake_status st = dtake__read_texts(coded->texts, runs, count, body, &o->arena, &o->shapes, err);
    o->rows = o->shapes.rows;
    o->whole = coded->geometry == DTAKE__GEOMETRY_BYTES;
    if (st != DTAKE_OK || o->whole)
        return st;
    size_t positions = dtake__rows_of(coded->numbers.ints.starts, runs, count);
    size_t rest = dtake__rows_of(coded->rest.ints.starts, runs, count);
    st = make_room(o, positions, rest, err);
    if (st == DTAKE_OK)
        st = measure(o, (uint32_t)positions, (uint32_t)rest, body, err);
    if (st == DTAKE_OK)
        st = dtake__read_numbers(&coded->numbers, runs, count, body, o->x, err);
    if (st == DTAKE_OK)
        st = dtake__read_numbers(&coded->y, runs, count, body, o->y, err);
    if (st == DTAKE_OK && rest > 0)
        st = dtake__read_numbers(&coded->rest, runs, count, body, o->rest, err);
    return st;
}

static size_t shape_of(const dtake__outlines *o, int64_t row, const uint8_t **out)
{
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
    const double *x = o->x + o->first[row], *y = o->y + o->first[row];
    for (size_t i = 0; i < o->sizes[row].positions; i++) {
        out[0] = x[i] < out[0] ? x[i] : out[0];
        out[1] = y[i] < out[1] ? y[i] : out[1];
        out[2] = x[i] > out[2] ? x[i] : out[2];
        out[3] = y[i] > out[3] ? y[i] : out[3];
    }
}

size_t dtake__outline_bytes(const dtake__outlines *o, int64_t row)
{
    const uint8_t *shape;
    return o->whole ? shape_of(o, row, &shape) : o->sizes[row].wkb_bytes;
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
        dtake__shape_join(shape, len, o->x + o->first[row], o->y + o->first[row],
                          o->rest + o->first_rest[row], wkb);
}

dtake_status dtake__outlines_column(const dtake__outlines *o, const int32_t *rows, int64_t count,
                                    dtake__arena *arena, dtake_column *out, dtake_error *err)
{
    int64_t total = 0;
    int32_t *offsets = dtake__arena_alloc(arena, ((size_t)count + 1) * sizeof *offsets);
    if (offsets == NULL)
        return no_memory(err);
    for (int64_t i = 0; i < count; i++) {
        offsets[i] = (int32_t)total;
        total += (int64_t)dtake__outline_bytes(o, rows != NULL ? rows[i] : i);
        if (total > INT32_MAX)
            return dtake__fail(err, DTAKE_E_LIMIT, "decode geometries: more than 2 GiB in a batch");
    }
    offsets[count] = (int32_t)total;
    uint8_t *values = dtake__arena_alloc(arena, (size_t)total + 1);
    if (values == NULL)
        return no_memory(err);
    for (int64_t i = 0; i < count; i++)
        dtake__outline_write(o, rows != NULL ? rows[i] : i, values + offsets[i]);
    *out = (dtake_column){ .rows = count, .offsets = offsets, .values = values };
    return DTAKE_OK;
}

dtake_status dtake__read_geometries(const dtake__coded *coded, const dtake__frames *runs, size_t count,
                                    dtake__body *body, dtake__arena *arena, dtake_column *out,
                                    dtake_error *err)
{
    if (coded->geometry == DTAKE__GEOMETRY_BYTES)
        return dtake__read_texts(coded->texts, runs, count, body, arena, out, err);
    dtake__outlines o = { 0 };
    dtake_status st = dtake__outlines_read(&o, coded, runs, count, body, err);
    if (st == DTAKE_OK)
        st = dtake__outlines_column(&o, NULL, o.rows, arena, out, err);
    dtake__outlines_dispose(&o);
    return st;
}

/* --- some rows --- */

static dtake_status add_nulls(const dtake__coded *coded, const dtake__frames *runs, size_t count,
                              const int32_t *rows, dtake__body *body, dtake__arena *arena, dtake_column *out,
                              dtake_error *err)
{
    size_t bytes = ((size_t)out->rows + 7) / 8;
    int64_t *has = dtake__alloc(((size_t)dtake__rows_of(coded->starts, runs, count) + 1) * sizeof *has);
    uint8_t *bits = dtake__arena_alloc(arena, bytes + 1);
    dtake_status st = has != NULL && bits != NULL ? DTAKE_OK : no_memory(err);
    if (st == DTAKE_OK)
        st = dtake__read_ints(&coded->validity, runs, count, body, has, err);
    if (st == DTAKE_OK) {
        memset(bits, 0, bytes + 1);
        for (int64_t i = 0; i < out->rows; i++) {
            bits[i >> 3] |= (uint8_t)((has[rows[i]] & 1) << (i & 7));
            out->null_count += !(has[rows[i]] & 1);
        }
        out->validity = out->null_count > 0 ? bits : NULL;
    }
    dtake__free(has);
    return st;
}

dtake_status dtake__decode_geometry_rows(const dtake__coded *coded, const dtake__frames *runs, size_t count,
                                         const int32_t *rows, int64_t row_count, dtake__body *body,
                                         dtake__arena *arena, dtake_column *out, dtake_error *err)
{
    dtake__outlines o = { 0 };
    dtake_status st = dtake__outlines_read(&o, coded, runs, count, body, err);
    if (st == DTAKE_OK)
        st = dtake__outlines_column(&o, rows, row_count, arena, out, err);
    if (st == DTAKE_OK && coded->flags == DTAKE__COLUMN_HAS_NULLS)
        st = add_nulls(coded, runs, count, rows, body, arena, out, err);
    dtake__outlines_dispose(&o);
    return st;
}
