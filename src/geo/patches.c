#include "geo/patches.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/crs.h"

#include <math.h>
#include <string.h>

enum {
    NODES = 5, /* a side: polynomials of degree 4 */
    TRIES = 4, /* a side: where the polynomial is compared with PROJ, between the nodes and at the corners */
    SLOTS = 256,
};
static const double PATCH_METRES = 32768;
static const char TO[] = "OGC:CRS84";

typedef struct patch {
    int64_t col, row; /* of the square, counted from the origin of the CRS */
    bool known;
    bool smooth;
    double lon[NODES][NODES], lat[NODES][NODES];
} patch;

struct dtake__patches {
    const char *crs;
    double side;          /* units of the CRS; 0: it is not projected */
    double node[NODES];   /* Chebyshev's, within -1 to 1 */
    double weight[NODES]; /* of each one's polynomial */
    patch *last;          /* that was looked at */
    patch slot[SLOTS];
};

dtake_status dtake__patches_new(dtake__patches **out, const char *crs, dtake_error *err)
{
    dtake__crs_facts facts;
    *out = NULL;
    dtake_status st = dtake__crs_facts_of(crs, &facts, err);
    if (st != DTAKE_OK)
        return st;
    dtake__patches *p = dtake__calloc(1, sizeof *p);
    if (p == NULL)
        return dtake__fail_nomem(err, "transform points");
    p->crs = crs;
    p->side = facts.geographic ? 0 : PATCH_METRES / facts.metres_per_unit;
    p->last = &p->slot[0];
    for (int i = 0; i < NODES; i++)
        p->node[i] = cos(acos(-1.0) * (2 * i + 1) / (2 * NODES));
    for (int i = 0; i < NODES; i++) {
        p->weight[i] = 1;
        for (int k = 0; k < NODES; k++)
            if (k != i)
                p->weight[i] /= p->node[i] - p->node[k];
    }
    *out = p;
    return DTAKE_OK;
}

void dtake__patches_free(dtake__patches *patches)
{
    dtake__free(patches);
}

/* Lagrange's polynomials at `x`. */
static void polynomials(const dtake__patches *p, double x, double out[NODES])
{
    double before[NODES], after = 1;
    before[0] = 1;
    for (int i = 1; i < NODES; i++)
        before[i] = before[i - 1] * (x - p->node[i - 1]);
    for (int i = NODES - 1; i >= 0; i--) {
        out[i] = p->weight[i] * before[i] * after;
        after *= x - p->node[i];
    }
}

/* `x` and `y` within -1 to 1. */
static void interpolate(const dtake__patches *p, const patch *at, double x, double y, double out[2])
{
    double of_x[NODES], of_y[NODES];
    polynomials(p, x, of_x);
    polynomials(p, y, of_y);
    out[0] = out[1] = 0;
    for (int i = 0; i < NODES; i++) {
        double lon = 0, lat = 0;
        for (int k = 0; k < NODES; k++) {
            lon += of_x[k] * at->lon[i][k];
            lat += of_x[k] * at->lat[i][k];
        }
        out[0] += of_y[i] * lon;
        out[1] += of_y[i] * lat;
    }
}

/* A grid of points of the square, at `place[0..count)` of both axes. */
static dtake_status transform_grid(const dtake__patches *p, const patch *at, const double *place, int count,
                                   double *xy, dtake_error *err)
{
    for (int i = 0; i < count * count; i++) {
        xy[2 * i] = ((double)at->col + (place[i % count] + 1) / 2) * p->side;
        xy[2 * i + 1] = ((double)at->row + (place[i / count] + 1) / 2) * p->side;
    }
    return dtake__crs_transform(p->crs, TO, xy, (size_t)(count * count), err);
}

static dtake_status make(const dtake__patches *p, patch *at, dtake_error *err)
{
    static const double place[TRIES] = { -1, -0.4, 0.2, 1 };
    double nodes[2 * NODES * NODES], tries[2 * TRIES * TRIES], guess[2];
    dtake_status st = transform_grid(p, at, p->node, NODES, nodes, err);
    if (st == DTAKE_OK)
        st = transform_grid(p, at, place, TRIES, tries, err);
    if (st != DTAKE_OK)
        return st;
    for (int i = 0; i < NODES * NODES; i++) {
        at->lon[i / NODES][i % NODES] = nodes[2 * i];
        at->lat[i / NODES][i % NODES] = nodes[2 * i + 1];
    }
    at->smooth = true;
    for (int i = 0; i < TRIES * TRIES && at->smooth; i++) {
        interpolate(p, at, place[i % TRIES], place[i / TRIES], guess);
        at->smooth = fabs(guess[0] - tries[2 * i]) <= DTAKE__PATCH_ERROR_DEG / 2 &&
                     fabs(guess[1] - tries[2 * i + 1]) <= DTAKE__PATCH_ERROR_DEG / 2;
    }
    at->known = true;
    return DTAKE_OK;
}

static dtake_status find(dtake__patches *p, int64_t col, int64_t row, patch **out, dtake_error *err)
{
    patch *at = p->last;
    if (!at->known || at->col != col || at->row != row) {
        at = &p->slot[(uint64_t)(col + 16 * row) % SLOTS];
        p->last = at;
    }
    *out = at;
    if (at->known && at->col == col && at->row == row)
        return DTAKE_OK;
    *at = (patch){ .col = col, .row = row };
    return make(p, at, err);
}

static dtake_status transform_one(dtake__patches *p, double *xy, dtake_error *err)
{
    double col = floor(xy[0] / p->side), row = floor(xy[1] / p->side), out[2];
    patch *at;
    if (!(p->side > 0 && fabs(col) < 1e6 && fabs(row) < 1e6))
        return dtake__crs_transform(p->crs, TO, xy, 1, err);
    dtake_status st = find(p, (int64_t)col, (int64_t)row, &at, err);
    if (st != DTAKE_OK)
        return st;
    if (!at->smooth)
        return dtake__crs_transform(p->crs, TO, xy, 1, err);
    interpolate(p, at, (xy[0] / p->side - col) * 2 - 1, (xy[1] / p->side - row) * 2 - 1, out);
    memcpy(xy, out, sizeof out);
    return DTAKE_OK;
}

dtake_status dtake__patches_transform(dtake__patches *patches, double *xy, size_t points, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < points && st == DTAKE_OK; i++)
        st = transform_one(patches, xy + 2 * i, err);
    return st;
}
