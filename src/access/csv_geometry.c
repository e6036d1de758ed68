#include "access/csv_geometry.h"

#include "access/csv_box.h"
#include "core/alloc.h"
#include "core/error.h"
#include "geo/crs.h"
#include "geo/wkb.h"

#include <math.h>
#include <string.h>

struct dtake__csv_geometry {
    char *crs;               /* NULL: longitude and latitude */
    dtake__csv_boxes *boxes; /* of another CRS */
    dtake_buf wkb;
    dtake__geometry parsed;
};

dtake_status dtake__csv_geometry_new(dtake__csv_geometry **out, const char *crs, dtake_error *err)
{
    dtake__crs_facts facts;
    *out = NULL;
    if (crs != NULL) {
        dtake_status st = dtake__crs_facts_of(crs, &facts, err);
        if (st != DTAKE_OK) {
            dtake__error_prefix(err, "--crs %.100s", crs);
            return st == DTAKE_E_NOMEM ? st : DTAKE_E_USAGE;
        }
        if (dtake__crs_same(crs, DTAKE__CSV_LON_LAT))
            crs = NULL;
    }
    dtake__csv_geometry *g = dtake__calloc(1, sizeof *g);
    if (g == NULL)
        return dtake__fail_nomem(err, "geometries");
    g->wkb = DTAKE_BUF_INIT(DTAKE__GEOMETRY_MAX_BYTES);
    dtake_status st = DTAKE_OK;
    if (crs != NULL && (g->crs = dtake__strdup(crs)) == NULL)
        st = dtake__fail_nomem(err, "geometries");
    if (st == DTAKE_OK && crs != NULL)
        st = dtake__csv_boxes_new(&g->boxes, g->crs, err);
    if (st == DTAKE_OK)
        *out = g;
    else
        dtake__csv_geometry_free(g);
    return st;
}

void dtake__csv_geometry_free(dtake__csv_geometry *geometry)
{
    if (geometry == NULL)
        return;
    dtake__geometry_dispose(&geometry->parsed);
    dtake__buf_dispose(&geometry->wkb);
    dtake__csv_boxes_free(geometry->boxes);
    dtake__free(geometry->crs);
    dtake__free(geometry);
}

/* --- values --- */

static dtake_status make_box(dtake__csv_geometry *g, const double *box, dtake__span *out, dtake_error *err)
{
    if (!(box[1] <= box[3]))
        return dtake__fail(err, DTAKE_E_FORMAT, "a box whose min y is greater than its max y");
    if (g->crs != NULL) {
        if (!(box[0] <= box[2]))
            return dtake__fail(err, DTAKE_E_FORMAT, "a box whose min x is greater than its max x");
        return dtake__csv_boxes_make(g->boxes, box, out, err);
    }
    if (!(fabs(box[0]) <= 360 && fabs(box[2]) <= 360 && fabs(box[1]) <= 90 && fabs(box[3]) <= 90))
        return dtake__fail(err, DTAKE_E_FORMAT,
                           "box %g,%g,%g,%g: not degrees of longitude and latitude (name the CRS with --crs)",
                           box[0], box[1], box[2], box[3]);
    dtake_status st;
    if (box[0] > box[2]) { /* across the antimeridian */
        dtake__geometry_dispose(&g->parsed);
        st = dtake__geometry_from_box((dtake_box){ box[0], box[1], box[2], box[3] }, &g->parsed, err);
        *out = (dtake__span){ (const char *)g->parsed.wkb, g->parsed.bytes };
        return st;
    }
    dtake__buf_clear(&g->wkb);
    st = dtake__wkb_put_rectangle(&g->wkb, box[0], box[1], box[2], box[3]);
    *out = (dtake__span){ dtake__buf_str(&g->wkb), g->wkb.len };
    return st;
}

static dtake_status make_point(dtake__csv_geometry *g, const double *at, dtake__span *out, dtake_error *err)
{
    double xy[2] = { at[0], at[1] };
    dtake_status st = g->crs != NULL ? dtake__csv_transform(g->boxes, xy, 1, err) : DTAKE_OK;
    if (st == DTAKE_OK && !(fabs(xy[0]) <= 360 && fabs(xy[1]) <= 90))
        st = dtake__fail(err, DTAKE_E_FORMAT,
                         "point %g,%g: not degrees of longitude and latitude (name the CRS with --crs)",
                         xy[0], xy[1]);
    dtake__buf_clear(&g->wkb);
    if (st == DTAKE_OK)
        st = dtake__wkb_put_point(&g->wkb, xy[0], xy[1]);
    *out = (dtake__span){ dtake__buf_str(&g->wkb), g->wkb.len };
    return st;
}

static dtake_status make_parsed(dtake__csv_geometry *g, dtake__span text, dtake__span *out, dtake_error *err)
{
    if (g->crs != NULL)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "a geometry that is written out must be in longitude and latitude; of %.100s only "
                           "point() and box() are transformed",
                           g->crs);
    dtake__geometry_dispose(&g->parsed);
    dtake_status st = dtake__geometry_from_text(text.text, text.len, &g->parsed, err);
    if (st == DTAKE_OK)
        *out = (dtake__span){ (const char *)g->parsed.wkb, g->parsed.bytes };
    return st;
}

dtake_status dtake__csv_geometry_make(dtake__csv_geometry *g, const dtake__row_value *value, dtake__span *out,
                                      dtake_error *err)
{
    *out = (dtake__span){ NULL, 0 };
    switch (value->kind) {
    case DTAKE__ROW_NULL:
        return DTAKE_OK;
    case DTAKE__ROW_POINT:
        return make_point(g, value->number, out, err);
    case DTAKE__ROW_BOX:
        return make_box(g, value->number, out, err);
    case DTAKE__ROW_TEXT:
    case DTAKE__ROW_WKT:
    case DTAKE__ROW_GEOJSON:
    case DTAKE__ROW_WKB:
        return make_parsed(g, value->text, out, err);
    default:
        return dtake__fail(
            err, DTAKE_E_USAGE,
            "--geometry: a number or a time is no geometry; use point(), box() or a column of WKT");
    }
}
