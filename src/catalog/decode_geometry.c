#include "catalog/decoding.h"

#include "catalog/shape.h"
#include "core/alloc.h"
#include "core/error.h"
#include "geo/geometry.h"

#include <math.h>
#include <string.h>

/* Shapes and numbers of the wanted rows. */
typedef struct pieces {
    dtake__arena arena; /* of the shapes */
    dtake_column shapes;
    dtake__shape_size *sizes; /* per row */
    double *x, *y, *rest;
} pieces;

static void pieces_dispose(pieces *p)
{
    dtake__arena_dispose(&p->arena);
    dtake__free(p->sizes);
    dtake__free(p->x);
    dtake__free(p->y);
    dtake__free(p->rest);
}

/* Every shape measured, and as many positions as there are. Most rows have the shape of the one before. */
static dtake_status measure(pieces *p, uint32_t positions, uint32_t rest, dtake__body *body, dtake_error *err)
{
    const uint8_t *bytes = p->shapes.values, *last = NULL;
    size_t last_len = 0;
    uint64_t positions_left = positions, rest_left = rest;
    for (int64_t i = 0; i < p->shapes.rows; i++) {
        const uint8_t *shape = bytes + p->shapes.offsets[i];
        size_t len = (size_t)(p->shapes.offsets[i + 1] - p->shapes.offsets[i]);
        if (len == 0)
            p->sizes[i] = (dtake__shape_size){ 0, 0, 0 };
        else if (len == last_len && memcmp(shape, last, len) == 0)
            p->sizes[i] = p->sizes[i - 1];
        else if (dtake__shape_measure(shape, len, &p->sizes[i]) != DTAKE_OK)
            return dtake__damaged(body, "a shape of a geometry is none", err);
        last = shape;
        last_len = len;
        if (p->sizes[i].positions > positions_left || p->sizes[i].rest > rest_left)
            return dtake__damaged(body, "a geometry lacks positions", err);
        positions_left -= p->sizes[i].positions;
        rest_left -= p->sizes[i].rest;
    }
    return positions_left == 0 && rest_left == 0 ? DTAKE_OK
                                                 : dtake__damaged(body, "positions without a geometry", err);
}

static dtake_status read_pieces(pieces *p, const dtake__coded *coded, const dtake__frames *runs, size_t count,
                                bool with_rest, dtake__body *body, dtake_error *err)
{
    size_t positions = dtake__rows_of(coded->numbers.ints.starts, runs, count);
    size_t rest = dtake__rows_of(coded->rest.ints.starts, runs, count);
    dtake_status st = dtake__read_texts(coded->texts, runs, count, body, &p->arena, &p->shapes, err);
    if (st != DTAKE_OK)
        return st;
    p->sizes = dtake__alloc(((size_t)p->shapes.rows + 1) * sizeof *p->sizes);
    p->x = dtake__alloc((positions + 1) * sizeof *p->x);
    p->y = dtake__alloc((positions + 1) * sizeof *p->y);
    p->rest = dtake__alloc(((with_rest ? rest : 0) + 1) * sizeof *p->rest);
    if (p->sizes == NULL || p->x == NULL || p->y == NULL || p->rest == NULL)
        return dtake__fail_nomem(err, "decode geometries");
    st = measure(p, (uint32_t)positions, (uint32_t)rest, body, err);
    if (st == DTAKE_OK)
        st = dtake__read_numbers(&coded->numbers, runs, count, body, p->x, err);
    if (st == DTAKE_OK)
        st = dtake__read_numbers(&coded->y, runs, count, body, p->y, err);
    if (st == DTAKE_OK && with_rest)
        st = dtake__read_numbers(&coded->rest, runs, count, body, p->rest, err);
    return st;
}

static dtake_status join(const pieces *p, dtake__body *body, dtake__arena *arena, dtake_column *out,
                         dtake_error *err)
{
    int64_t rows = p->shapes.rows, total = 0;
    int32_t *offsets = dtake__arena_alloc(arena, ((size_t)rows + 1) * sizeof *offsets);
    if (offsets == NULL)
        return dtake__fail_nomem(err, "decode geometries");
    for (int64_t i = 0; i < rows; i++) {
        offsets[i] = (int32_t)total;
        total += (int64_t)p->sizes[i].wkb_bytes;
        if (total > INT32_MAX)
            return dtake__fail(err, DTAKE_E_LIMIT, "read %s: more than 2 GiB of geometries", body->what);
    }
    offsets[rows] = (int32_t)total;
    uint8_t *values = dtake__arena_alloc(arena, (size_t)total + 1);
    if (values == NULL)
        return dtake__fail_nomem(err, "decode geometries");
    const double *x = p->x, *y = p->y, *rest = p->rest;
    const uint8_t *shapes = p->shapes.values;
    for (int64_t i = 0; i < rows; i++) {
        size_t len = (size_t)(p->shapes.offsets[i + 1] - p->shapes.offsets[i]);
        if (len == 0)
            continue;
        dtake__shape_join(shapes + p->shapes.offsets[i], len, x, y, rest, values + offsets[i]);
        x += p->sizes[i].positions;
        y += p->sizes[i].positions;
        rest += p->sizes[i].rest;
    }
    *out = (dtake_column){ .rows = rows, .offsets = offsets, .values = values };
    return DTAKE_OK;
}

dtake_status dtake__read_geometries(const dtake__coded *coded, const dtake__frames *runs, size_t count,
                                    dtake__body *body, dtake__arena *arena, dtake_column *out,
                                    dtake_error *err)
{
    if (coded->geometry == DTAKE__GEOMETRY_BYTES)
        return dtake__read_texts(coded->texts, runs, count, body, arena, out, err);
    pieces p = { 0 };
    dtake_status st = read_pieces(&p, coded, runs, count, true, body, err);
    if (st == DTAKE_OK)
        st = join(&p, body, arena, out, err);
    pieces_dispose(&p);
    return st;
}

/* --- extents --- */

static void extent_of(const double *x, const double *y, size_t count, double out[4])
{
    out[0] = out[1] = HUGE_VAL;
    out[2] = out[3] = -HUGE_VAL;
    for (size_t i = 0; i < count; i++) {
        out[0] = x[i] < out[0] ? x[i] : out[0];
        out[1] = y[i] < out[1] ? y[i] : out[1];
        out[2] = x[i] > out[2] ? x[i] : out[2];
        out[3] = y[i] > out[3] ? y[i] : out[3];
    }
}

static void extents_of_pieces(const pieces *p, double (*out)[4])
{
    const double *x = p->x, *y = p->y;
    for (int64_t i = 0; i < p->shapes.rows; i++) {
        extent_of(x, y, p->sizes[i].positions, out[i]);
        x += p->sizes[i].positions;
        y += p->sizes[i].positions;
    }
}

/* Bytes that no shape could be made of are no geometry either: extents of them are empty. */
static void extents_of_bytes(const dtake_column *column, double (*out)[4])
{
    for (int64_t i = 0; i < column->rows; i++) {
        dtake__geometry g = dtake__geometry_view((const uint8_t *)column->values + column->offsets[i],
                                                 (size_t)(column->offsets[i + 1] - column->offsets[i]));
        dtake__geometry_facts facts;
        if (g.bytes == 0 || dtake__geometry_facts_of(&g, &facts, NULL) != DTAKE_OK)
            facts = (dtake__geometry_facts){
                .min_x = HUGE_VAL, .min_y = HUGE_VAL, .max_x = -HUGE_VAL, .max_y = -HUGE_VAL
            };
        out[i][0] = facts.min_x;
        out[i][1] = facts.min_y;
        out[i][2] = facts.max_x;
        out[i][3] = facts.max_y;
    }
}

dtake_status dtake__decode_extents(const dtake__coded *coded, const dtake__frames *runs, size_t count,
                                   dtake__body *body, double (*out)[4], dtake_error *err)
{
    pieces p = { 0 };
    dtake_status st = DTAKE_OK;
    if (coded->flags == DTAKE__COLUMN_ALL_NULL) {
        uint32_t rows = dtake__rows_of(coded->starts, runs, count);
        for (uint32_t i = 0; i < rows; i++)
            extent_of(NULL, NULL, 0, out[i]);
    } else if (coded->geometry == DTAKE__GEOMETRY_BYTES) {
        st = dtake__read_texts(coded->texts, runs, count, body, &p.arena, &p.shapes, err);
        if (st == DTAKE_OK)
            extents_of_bytes(&p.shapes, out);
    } else {
        st = read_pieces(&p, coded, runs, count, false, body, err);
        if (st == DTAKE_OK)
            extents_of_pieces(&p, out);
    }
    pieces_dispose(&p);
    return st;
}
