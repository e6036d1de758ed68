/* Images that say where a pixel is, and how large. */
#include "raster/eval_function.h"
#include "raster/eval_place.h"

#include "core/alloc.h"
#include "core/error.h"

#include <math.h>
#include <string.h>

/* param[0]: 0 longitude, 1 latitude */
static dtake_status plane_of_degrees(const dtake__px_node *node, const dtake__px_place *place,
                                     dtake_window window, const dtake__px_plane *in, dtake__px_plane *out,
                                     dtake_error *err)
{
    (void)in;
    dtake_status st = dtake__px_plane_init(out, window, DTAKE_F64, true, true, err);
    double *xy = NULL;
    if (st == DTAKE_OK)
        st = dtake__place_degrees(place->grid, window, 0.5, &xy, err);
    for (int64_t i = 0; i < window.width * window.height && st == DTAKE_OK; i++) {
        double v = xy[2 * i + (int64_t)node->param[0]];
        ((double *)out->owned_data)[i] = isfinite(v) ? v : 0;
        ((uint8_t *)out->owned_mask)[i] = isfinite(v) ? 255 : 0;
    }
    dtake__free(xy);
    return st;
}

static const dtake__px_op op_degrees = { .name = "Image.pixelLonLat", .plane = plane_of_degrees };

static dtake_status lon_lat(dtake__call *call, dtake_error *err)
{
    static const char *const names[] = { "longitude", "latitude" };
    dtake__image_value *out = dtake__call_image(call, 2, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    for (int i = 0; i < 2; i++)
        out->band[i] =
            (dtake__band_value){ .name = names[i],
                                 .px = dtake__call_px(call, &op_degrees, dtake__px_real(DTAKE__PX_DOUBLE),
                                                      NULL, 0, i) };
    return DTAKE_OK;
}
DTAKE__FUNCTION(image_pixel_lon_lat, "Image.pixelLonLat", IMAGE, lon_lat, { NULL });

/* Onto a cylinder of equal area (of WGS 84), metres: areas there are true. */
static void equal_area(double *xy, size_t points)
{
    const double a = 6378137, f = 1 / 298.257223563, e2 = f * (2 - f), e = sqrt(e2), pi = acos(-1);
    for (size_t i = 0; i < points; i++) {
        double s = sin(xy[2 * i + 1] * pi / 180);
        double q = (1 - e2) * (s / (1 - e2 * s * s) - log((1 - e * s) / (1 + e * s)) / (2 * e));
        xy[2 * i] *= a * pi / 180;
        xy[2 * i + 1] = a * q / 2;
    }
}

static dtake_status plane_of_areas(const dtake__px_node *node, const dtake__px_place *place,
                                   dtake_window window, const dtake__px_plane *in, dtake__px_plane *out,
                                   dtake_error *err)
{
    const dtake_window corners = { window.col, window.row, window.width + 1, window.height + 1 };
    (void)node;
    (void)in;
    dtake_status st = dtake__px_plane_init(out, window, DTAKE_F64, true, true, err);
    double *xy = NULL;
    if (st == DTAKE_OK)
        st = dtake__place_degrees(place->grid, corners, 0, &xy, err);
    if (st == DTAKE_OK)
        equal_area(xy, (size_t)(corners.width * corners.height));
    for (int64_t i = 0; i < window.width * window.height && st == DTAKE_OK; i++) {
        int64_t at = i / window.width * corners.width + i % window.width;
        const double *p = xy + 2 * at, *q = p + 2 * corners.width;
        double area = fabs((q[2] - p[0]) * (p[3] - q[1]) - (p[2] - q[0]) * (q[3] - p[1])) / 2;
        ((double *)out->owned_data)[i] = isfinite(area) ? area : 0;
        ((uint8_t *)out->owned_mask)[i] = isfinite(area) ? 255 : 0;
    }
    dtake__free(xy);
    return st;
}

static const dtake__px_op op_area = { .name = "Image.pixelArea", .plane = plane_of_areas };

static dtake_status pixel_area(dtake__call *call, dtake_error *err)
{
    dtake__image_value *out = dtake__call_image(call, 1, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    out->band[0] = (dtake__band_value){
        .name = "area", .px = dtake__call_px(call, &op_area, dtake__px_real(DTAKE__PX_DOUBLE), NULL, 0, 0)
    };
    return DTAKE_OK;
}
DTAKE__FUNCTION(image_pixel_area, "Image.pixelArea", IMAGE, pixel_area, { NULL });
