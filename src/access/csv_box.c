#include "access/csv_box.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/patches.h"
#include "geo/wkb.h"

#include <math.h>
#include <string.h>

enum {
    MAX_EDGE_POINTS = 64,
    RING_POINTS = 5,
    BOX_WKB_BYTES = 13 + RING_POINTS * 16,
    MAX_CACHED = 1 << 17, /* boxes; then all are forgotten */
    SLOT_BITS = 18,
};
static const double TOLERANCE_DEG = 1e-5;

/* What was transformed is rounded to a tenth of a millimetre: no CRS is that exact, and decimals take 28 bits
 * in the catalogue where all digits of a double take 46. */
static const double UNITS_PER_DEG = 1e9;

/* Tiles come again with every overpass, mostly in the same order: what was transformed once is remembered,
 * and the one behind the last one that was found is looked at first. */
typedef struct cached {
    double box[4];
    uint8_t wkb[BOX_WKB_BYTES];
} cached;

struct dtake__csv_boxes {
    const char *crs;
    dtake__patches *patches;
    cached *cache; /* in the order in which they were met */
    uint32_t cached_count, cached_room, last;
    uint32_t *slot; /* of each hash: which box, from 1; 0: none */
    double flat[4]; /* the box that was last found to need no points between its corners */
    bool has_flat;
    dtake_buf wkb;
};

dtake_status dtake__csv_boxes_new(dtake__csv_boxes **out, const char *crs, dtake_error *err)
{
    *out = NULL;
    dtake__csv_boxes *g = dtake__calloc(1, sizeof *g);
    if (g == NULL)
        return dtake__fail_nomem(err, "geometries");
    g->crs = crs;
    g->wkb = DTAKE_BUF_INIT(DTAKE__GEOMETRY_MAX_BYTES);
    g->slot = dtake__calloc((size_t)1 << SLOT_BITS, sizeof *g->slot);
    dtake_status st =
        g->slot != NULL ? dtake__patches_new(&g->patches, crs, err) : dtake__fail_nomem(err, "geometries");
    if (st == DTAKE_OK)
        *out = g;
    else
        dtake__csv_boxes_free(g);
    return st;
}

void dtake__csv_boxes_free(dtake__csv_boxes *boxes)
{
    if (boxes == NULL)
        return;
    dtake__buf_dispose(&boxes->wkb);
    dtake__free(boxes->cache);
    dtake__free(boxes->slot);
    dtake__patches_free(boxes->patches);
    dtake__free(boxes);
}

/* --- outlines --- */

dtake_status dtake__csv_transform(dtake__csv_boxes *g, double *xy, int points, dtake_error *err)
{
    dtake_status st = dtake__patches_transform(g->patches, xy, (size_t)points, err);
    for (int i = 0; i < 2 * points && st == DTAKE_OK; i++) {
        if (!isfinite(xy[i]))
            st = dtake__fail(err, DTAKE_E_FORMAT, "a point lies outside of what %.100s can describe", g->crs);
        else
            xy[i] = nearbyint(xy[i] * UNITS_PER_DEG) / UNITS_PER_DEG;
    }
    return st;
}

static void corner_of(const double *box, int corner, double *x, double *y)
{
    *x = box[corner == 1 || corner == 2 ? 2 : 0];
    *y = box[corner >= 2 ? 3 : 1];
}

/* `each` points an edge, counter-clockwise from the lower left corner. */
static void outline(const double *box, int each, double *xy)
{
    for (int corner = 0; corner < 4; corner++) {
        double x0, y0, x1, y1;
        corner_of(box, corner, &x0, &y0);
        corner_of(box, (corner + 1) & 3, &x1, &y1);
        for (int i = 0; i < each; i++) {
            double *at = xy + 2 * (corner * each + i);
            at[0] = x0 + (x1 - x0) * i / each;
            at[1] = y0 + (y1 - y0) * i / each;
        }
    }
}

/* How far the middles of the edges are from the chords, of an outline with two points an edge. */
static double bend_of(const double *xy)
{
    double most = 0;
    for (int corner = 0; corner < 4; corner++) {
        const double *a = xy + 4 * corner, *middle = a + 2, *b = xy + 4 * ((corner + 1) & 3);
        double dx = middle[0] - (a[0] + b[0]) / 2, dy = middle[1] - (a[1] + b[1]) / 2;
        double bend = sqrt(dx * dx + dy * dy);
        most = bend > most ? bend : most;
    }
    return most;
}

static uint64_t hash_of(const double *numbers, int count)
{
    uint64_t hash = 0;
    for (int i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &numbers[i], 8);
        hash = (hash ^ bits) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 29;
    }
    return hash;
}

/* Bending grows with the square of an edge's length. What a box with edges at least as long needed nearby
 * (within a hundred of its edges) is enough for this one; how much it bends is measured for the first of
 * them. */
static bool is_flat(const dtake__csv_boxes *g, const double *box)
{
    const double *flat = g->flat;
    double width = flat[2] - flat[0], height = flat[3] - flat[1];
    return g->has_flat && box[2] - box[0] <= width && box[3] - box[1] <= height &&
           fabs(box[0] - flat[0]) <= 100 * width && fabs(box[1] - flat[1]) <= 100 * height;
}

static dtake_status make_outline(dtake__csv_boxes *g, const double *box, dtake_error *err)
{
    double xy[2 * (4 * MAX_EDGE_POINTS + 1)];
    int each = 1;
    dtake_status st = DTAKE_OK;
    if (!is_flat(g, box)) {
        outline(box, 2, xy);
        st = dtake__csv_transform(g, xy, 8, err);
        if (st != DTAKE_OK)
            return st;
        /* a chord of half the length bends a quarter as much */
        double needed = ceil(sqrt(bend_of(xy) / TOLERANCE_DEG));
        each = needed < 1 ? 1 : needed > MAX_EDGE_POINTS ? MAX_EDGE_POINTS : (int)needed;
        g->has_flat = bend_of(xy) < TOLERANCE_DEG / 4;
        memcpy(g->flat, box, sizeof g->flat);
    }
    outline(box, each, xy);
    st = dtake__csv_transform(g, xy, 4 * each, err);
    memcpy(xy + 8 * each, xy, 2 * sizeof *xy);
    dtake__buf_clear(&g->wkb);
    return st == DTAKE_OK ? dtake__wkb_put_polygon(&g->wkb, xy, (uint32_t)(4 * each + 1)) : st;
}

static bool is_box(const dtake__csv_boxes *g, uint32_t at, const double *box)
{
    return at < g->cached_count && memcmp(g->cache[at].box, box, sizeof g->cache[at].box) == 0;
}

/* The slot of the box, or the empty one where it is to stand. */
static uint32_t *find_slot(const dtake__csv_boxes *g, const double *box)
{
    uint64_t at = hash_of(box, 4) >> (64 - SLOT_BITS);
    while (g->slot[at] != 0 && !is_box(g, g->slot[at] - 1, box))
        at = (at + 1) & ((UINT64_C(1) << SLOT_BITS) - 1);
    return &g->slot[at];
}

/* False: no memory, which is no harm here. */
static bool make_room(dtake__csv_boxes *g)
{
    if (g->cached_count == MAX_CACHED) {
        memset(g->slot, 0, ((size_t)1 << SLOT_BITS) * sizeof *g->slot);
        g->cached_count = 0;
    }
    if (g->cached_count < g->cached_room)
        return true;
    uint32_t room = g->cached_room == 0 ? 1024 : g->cached_room * 2;
    cached *grown = dtake__realloc_array(g->cache, room, sizeof *grown);
    if (grown == NULL)
        return false;
    g->cache = grown;
    g->cached_room = room;
    return true;
}

static void remember(dtake__csv_boxes *g, const double *box)
{
    if (g->wkb.len != BOX_WKB_BYTES || !make_room(g))
        return;
    uint32_t at = g->cached_count++;
    memcpy(g->cache[at].box, box, sizeof g->cache[at].box);
    memcpy(g->cache[at].wkb, g->wkb.data, BOX_WKB_BYTES);
    *find_slot(g, box) = at + 1;
    g->last = at;
}

dtake_status dtake__csv_boxes_make(dtake__csv_boxes *g, const double box[4], dtake__span *out,
                                   dtake_error *err)
{
    uint32_t next = g->last + 1;
    if (!is_box(g, next, box)) {
        uint32_t slot = *find_slot(g, box);
        next = slot > 0 ? slot - 1 : UINT32_MAX;
    }
    if (next != UINT32_MAX) {
        g->last = next;
        *out = (dtake__span){ (const char *)g->cache[next].wkb, BOX_WKB_BYTES };
        return DTAKE_OK;
    }
    dtake_status st = make_outline(g, box, err);
    if (st == DTAKE_OK)
        remember(g, box);
    *out = (dtake__span){ dtake__buf_str(&g->wkb), g->wkb.len };
    return st;
}
