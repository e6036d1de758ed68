/* Slopes of an elevation image in metres. Gradients are of the four neighbours, over their true distance on
 * the ellipsoid; directions count from true north. Where a neighbour is masked so is the result. */
#include "raster/eval_function.h"
#include "raster/eval_place.h"
#include "raster/sure.h"

#include "core/alloc.h"
#include "core/error.h"

#include <math.h>
#include <string.h>

#define DEGREES (180 / 3.14159265358979323846)

/* --- gradients --- */

static void need_neighbours(const dtake__px_node *node, const dtake__px_place *place, dtake_window *w)
{
    (void)node;
    (void)place;
    *w = (dtake_window){ w->col - 1, w->row - 1, w->width + 2, w->height + 2 };
}

typedef struct metres {
    double east, north;
} metres;

/* A degree of longitude and of latitude there, in metres (WGS 84). */
static metres degree_at(double latitude)
{
    const double a = 6378137, f = 1 / 298.257223563, e2 = f * (2 - f), degree = acosl(-1) / 180;
    double s = (double)sinl(latitude * degree), w = sqrt(1 - e2 * s * s);
    return (metres){ a / w * sqrt(1 - s * s) * degree, a * (1 - e2) / (w * w * w) * degree };
}

static metres way_between(const double *from, const double *to, metres degree)
{
    return (metres){ remainder(to[0] - from[0], 360) * degree.east, (to[1] - from[1]) * degree.north };
}

/* The pixel and its four neighbours, by place in the window around. */
typedef struct cross {
    int64_t at, west, east, above, below;
} cross;

/* Metres of height a metre to the east and to the north: both ways across the pixel climb what they do. */
static bool gradient_at(const double *z, const double *lonlat, cross c, metres *out)
{
    metres degree = degree_at(lonlat[2 * c.at + 1]);
    metres across = way_between(lonlat + 2 * c.west, lonlat + 2 * c.east, degree);
    metres down = way_between(lonlat + 2 * c.above, lonlat + 2 * c.below, degree);
    double climb_across = z[c.east] - z[c.west], climb_down = z[c.below] - z[c.above];
    double area = across.east * down.north - across.north * down.east;
    *out = (metres){ (climb_across * down.north - climb_down * across.north) / area,
                     (climb_down * across.east - climb_across * down.east) / area };
    return isfinite(out->east) && isfinite(out->north);
}

static bool is_valid(const dtake__px_plane *in, cross c)
{
    const uint8_t *m = in->mask;
    return m == NULL ||
           (m[c.at] != 0 && m[c.west] != 0 && m[c.east] != 0 && m[c.above] != 0 && m[c.below] != 0);
}

/* param[0]: 0 to the east, 1 to the north */
static dtake_status plane_of_gradients(const dtake__px_node *node, const dtake__px_place *place,
                                       dtake_window w, const dtake__px_plane *in, dtake__px_plane *out,
                                       dtake_error *err)
{
    double *lonlat = NULL;
    dtake_status st = dtake__px_plane_init(out, w, DTAKE_F64, true, true, err);
    double *z = st == DTAKE_OK ? dtake__px_plane_doubles(in, err) : NULL;
    if (z == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    st = dtake__place_degrees(place->grid, in->window, 0.5, &lonlat, err);
    int64_t wide = in->window.width;
    for (int64_t i = 0; i < w.width * w.height && st == DTAKE_OK; i++) {
        int64_t at = (w.row - in->window.row + i / w.width) * wide + w.col - in->window.col + i % w.width;
        const cross c = { at, at - 1, at + 1, at - wide, at + wide };
        metres g = { 0 };
        bool valid = is_valid(in, c) && gradient_at(z, lonlat, c, &g);
        ((double *)out->owned_data)[i] = !valid ? 0 : node->param[0] == 0 ? g.east : g.north;
        ((uint8_t *)out->owned_mask)[i] = valid ? 255 : 0;
    }
    dtake__free(lonlat);
    dtake__free(z);
    return st;
}
static const dtake__px_op op_gradient = { .name = "a gradient",
                                          .need = need_neighbours,
                                          .plane = plane_of_gradients };

/* --- what is made of them: inputs are the gradients to the east and to the north --- */

static void run_slope(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    (void)node;
    for (size_t i = 0; i < count; i++) {
        double rise = sqrt(in[0].v[i] * in[0].v[i] + in[1].v[i] * in[1].v[i]);
        double quick = atan(rise) * DEGREES;
        out->v[i] = dtake__sure_float(quick) ? quick : (double)(atanl(rise) * (180 / acosl(-1)));
    }
}
static const dtake__px_op op_slope = { .name = "Terrain.slope", .run = run_slope, .rounds = true };

/* Where it goes down, 0 where it does not. */
static void run_aspect(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    (void)node;
    for (size_t i = 0; i < count; i++) {
        double east = -in[0].v[i] + 0., north = -in[1].v[i] + 0.;
        double quick = atan2(east, north) * DEGREES;
        quick = quick < 0 ? quick + 360 : quick;
        if (!dtake__sure_float(quick)) {
            long double slow = atan2l(east, north) * (180 / acosl(-1));
            quick = (double)(slow < 0 ? slow + 360 : slow);
        }
        out->v[i] = (float)quick < 360 ? quick : 0;
    }
}
static const dtake__px_op op_aspect = { .name = "Terrain.aspect", .run = run_aspect, .rounds = true };

/* param: the direction to the light, east, north and up. */
static void run_hillshade(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    const double *light = node->param;
    for (size_t i = 0; i < count; i++) {
        double x = in[0].v[i], y = in[1].v[i];
        double shade = (light[2] - light[0] * x - light[1] * y) / sqrt(1 + x * x + y * y);
        out->v[i] = floor(255 * (shade > 0 ? shade : 0) + 0.5);
    }
}
static const dtake__px_op op_hillshade = { .name = "Terrain.hillshade", .run = run_hillshade };

/* --- the functions --- */

typedef struct terrain {
    const dtake__band_value *elevation;
    dtake__px gradient[2];
} terrain;

static dtake_status find_elevation(dtake__call *call, terrain *t, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    int64_t band = image->count == 1 ? 0 : dtake__image_band(image, "elevation");
    if (band < 0)
        return dtake__fail_no_band(image, "elevation", err);
    t->elevation = &image->band[band];
    for (int i = 0; i < 2; i++)
        t->gradient[i] =
            dtake__call_px(call, &op_gradient, dtake__px_real(DTAKE__PX_DOUBLE), &t->elevation->px, 1, i);
    return DTAKE_OK;
}

static dtake__band_value band_of(dtake__call *call, const terrain *t, const char *name,
                                 const dtake__px_op *op, dtake__px_type type)
{
    dtake__band_value band = *t->elevation;
    band.name = name;
    band.px = dtake__call_px(call, op, type, t->gradient, 2, 0);
    return band;
}

static dtake__band_value shaded(dtake__call *call, const terrain *t, double azimuth, double elevation)
{
    const long double degree = acosl(-1) / 180;
    const dtake__px_node node = { .op = &op_hillshade,
                                  .in = t->gradient,
                                  .count = 2,
                                  .param = { (double)(sinl(azimuth * degree) * cosl(elevation * degree)),
                                             (double)(cosl(azimuth * degree) * cosl(elevation * degree)),
                                             (double)sinl(elevation * degree) },
                                  .type = dtake__px_int(0, 255) };
    dtake__band_value band = *t->elevation;
    band.name = "hillshade";
    band.px = dtake__px_add(dtake__eval_expressions(call->eval), &node);
    return band;
}

static dtake_status one_band(dtake__call *call, dtake__band_value band, dtake_error *err)
{
    dtake__image_value *out = dtake__call_image(call, 1, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    out->band[0] = band;
    return DTAKE_OK;
}

static dtake_status slope(dtake__call *call, dtake_error *err)
{
    terrain t;
    dtake_status st = find_elevation(call, &t, err);
    return st == DTAKE_OK
               ? one_band(call, band_of(call, &t, "slope", &op_slope, dtake__px_real(DTAKE__PX_FLOAT)), err)
               : st;
}
DTAKE__FUNCTION(terrain_slope, "Terrain.slope", IMAGE, slope, { "input", DTAKE__IMAGE });

static dtake_status aspect(dtake__call *call, dtake_error *err)
{
    terrain t;
    dtake_status st = find_elevation(call, &t, err);
    return st == DTAKE_OK
               ? one_band(call, band_of(call, &t, "aspect", &op_aspect, dtake__px_real(DTAKE__PX_FLOAT)), err)
               : st;
}
DTAKE__FUNCTION(terrain_aspect, "Terrain.aspect", IMAGE, aspect, { "input", DTAKE__IMAGE });

static dtake_status hillshade(dtake__call *call, dtake_error *err)
{
    terrain t;
    double azimuth = call->arg[1].number, elevation = call->arg[2].number;
    if (!(fabs(azimuth) <= 1e6 && fabs(elevation) <= 90))
        return dtake__fail(err, DTAKE_E_USAGE, "light from %g degrees, %g degrees high", azimuth, elevation);
    dtake_status st = find_elevation(call, &t, err);
    return st == DTAKE_OK ? one_band(call, shaded(call, &t, azimuth, elevation), err) : st;
}
DTAKE__FUNCTION(terrain_hillshade, "Terrain.hillshade", IMAGE, hillshade, { "input", DTAKE__IMAGE },
                { "azimuth", DTAKE__NUMBER, "270" }, { "elevation", DTAKE__NUMBER, "45" });

/* The image and its slope, aspect and shading. */
static dtake_status products(dtake__call *call, dtake_error *err)
{
    terrain t;
    dtake_status st = find_elevation(call, &t, err);
    const dtake__image_value *image = call->arg[0].image;
    dtake__image_value *out = st == DTAKE_OK ? dtake__call_image(call, image->count + 3, err) : NULL;
    if (out == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    memcpy(out->band, image->band, image->count * sizeof *out->band);
    const dtake__px_type real = dtake__px_real(DTAKE__PX_FLOAT);
    out->band[image->count] = band_of(call, &t, "slope", &op_slope, real);
    out->band[image->count + 1] = band_of(call, &t, "aspect", &op_aspect, real);
    out->band[image->count + 2] = shaded(call, &t, 270, 45);
    return DTAKE_OK;
}
DTAKE__FUNCTION(terrain_products, "Terrain.products", IMAGE, products, { "input", DTAKE__IMAGE });
