#include "raster/eval_json.h"

#include "core/alloc.h"
#include "core/error.h"
#include "format/json_write.h"
#include "raster/eval_assets.h"
#include "raster/eval_element.h"
#include "raster/eval_shape.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_DEPTH = 40,       /* dtake__json goes 64 deep, and a feature takes several levels */
    MAX_VALUES = 1000000, /* lists may hold one another a thousand times over */
};

typedef struct writer {
    dtake__eval *eval;
    dtake__json json;
    int depth, values;
    dtake_error *err;
} writer;

static dtake_status write_value(writer *w, const char *key, const dtake__value *value);

/* --- geometries --- */

static void write_position(dtake__json *json, const double *xy)
{
    dtake__json_array(json, NULL);
    dtake__json_f64(json, NULL, xy[0]);
    dtake__json_f64(json, NULL, xy[1]);
    dtake__json_end(json, ']');
}

static void write_positions(dtake__json *json, const char *key, const double *xy, size_t first, size_t end)
{
    dtake__json_array(json, key);
    for (size_t i = first; i < end; i++)
        write_position(json, xy + 2 * i);
    dtake__json_end(json, ']');
}

static void write_parts(dtake__json *json, const char *key, const double *xy, const size_t *part_end,
                        size_t first, size_t end)
{
    dtake__json_array(json, key);
    for (size_t i = first; i < end; i++)
        write_positions(json, NULL, xy, i > 0 ? part_end[i - 1] : 0, part_end[i]);
    dtake__json_end(json, ']');
}

static void write_coordinates(dtake__json *json, const dtake__figure *shape)
{
    const double *xy = shape->given != NULL ? shape->given : shape->xy;
    const size_t *end = shape->given != NULL ? shape->given_end : shape->part_end;
    if (shape->polygon_end != NULL) {
        dtake__json_text(json, "type", "MultiPolygon");
        dtake__json_array(json, "coordinates");
        for (size_t i = 0; i < shape->polygons; i++)
            write_parts(json, NULL, xy, end, i > 0 ? shape->polygon_end[i - 1] : 0, shape->polygon_end[i]);
        dtake__json_end(json, ']');
        return;
    }
    bool single = shape->parts == 1;
    size_t points = single ? end[0] : 0;
    const char *type = shape->type != NULL             ? shape->type
                       : shape->closed                 ? "Polygon"
                       : single && points == 1         ? "Point"
                       : single                        ? "LineString"
                       : shape->points == shape->parts ? "MultiPoint"
                                                       : "MultiLineString";
    dtake__json_text(json, "type", type);
    if (strcmp(type, "Point") == 0 && shape->points > 0) {
        dtake__json_key(json, DTAKE__SPAN("coordinates"));
        write_position(json, xy);
    } else if ((strcmp(type, "LineString") == 0 || strcmp(type, "LinearRing") == 0) && single) {
        write_positions(json, "coordinates", xy, 0, points);
    } else if (strcmp(type, "MultiPoint") == 0) {
        write_positions(json, "coordinates", xy, 0, shape->points);
    } else {
        write_parts(json, "coordinates", xy, end, 0, shape->parts);
    }
}

static void write_shape(writer *w, const char *key, const dtake__figure *shape)
{
    dtake__json *json = &w->json;
    /* What came as GeoJSON goes as it came. */
    if (shape->given == NULL && shape->area != NULL && shape->polygon_end == NULL && shape->type == NULL) {
        dtake__json_raw(json, key, shape->area);
        return;
    }
    dtake__json_object(json, key);
    if (shape->crs != NULL) {
        dtake__json_object(json, "crs");
        dtake__json_text(json, "type", "name");
        dtake__json_object(json, "properties");
        dtake__json_text(json, "name", shape->crs);
        dtake__json_end(json, '}');
        dtake__json_end(json, '}');
    }
    if (!shape->geodesic && (shape->closed || shape->points > shape->parts))
        dtake__json_bool(json, "geodesic", false);
    write_coordinates(json, shape);
    dtake__json_end(json, '}');
}

/* --- images --- */

static void write_type(dtake__json *json, const char *key, const dtake__px_node *node)
{
    const dtake__px_type *type = &node->type;
    dtake__json_object(json, key);
    dtake__json_text(json, "type", "PixelType");
    dtake__json_text(json, "precision",
                     type->precision == DTAKE__PX_INT     ? "int"
                     : type->precision == DTAKE__PX_FLOAT ? "float"
                                                          : "double");
    if (type->precision == DTAKE__PX_INT) {
        dtake__json_f64(json, "min", type->min);
        dtake__json_f64(json, "max", type->max);
    }
    if (node->op == &dtake__op_array)
        dtake__json_f64(json, "dimensions", node->param[0]);
    dtake__json_end(json, '}');
}

static void write_grid(dtake__json *json, const char *transform, const dtake__raster_grid *grid)
{
    const dtake_affine identity = { 0, 1, 0, 0, 0, 1 };
    const dtake_affine *t = grid != NULL ? &grid->transform : &identity;
    const double numbers[6] = { t->col_x, t->row_x, t->x0, t->col_y, t->row_y, t->y0 };
    dtake__json_text(json, "crs", grid != NULL ? grid->crs : "EPSG:4326");
    dtake__json_array(json, transform);
    for (int i = 0; i < 6; i++)
        dtake__json_f64(json, NULL, numbers[i]);
    dtake__json_end(json, ']');
}

static dtake_status write_band(writer *w, const dtake__band_value *band)
{
    dtake__json *json = &w->json;
    dtake_window window;
    bool bounded;
    dtake_status st = dtake__band_window(band, &window, &bounded, w->err);
    if (st != DTAKE_OK)
        return st;
    dtake__json_object(json, NULL);
    dtake__json_text(json, "id", band->name);
    write_type(json, "data_type", dtake__px_node_of(dtake__eval_expressions(w->eval), band->px));
    if (bounded) {
        dtake__json_array(json, "dimensions");
        dtake__json_i64(json, NULL, window.width);
        dtake__json_i64(json, NULL, window.height);
        dtake__json_end(json, ']');
    }
    if (bounded && (window.col != 0 || window.row != 0)) {
        dtake__json_array(json, "origin");
        dtake__json_i64(json, NULL, window.col);
        dtake__json_i64(json, NULL, window.row);
        dtake__json_end(json, ']');
    }
    write_grid(json, "crs_transform", band->grid);
    dtake__json_end(json, '}');
    return DTAKE_OK;
}

static dtake_status write_properties(writer *w, const dtake__value *properties, bool with_index)
{
    dtake_status st = DTAKE_OK;
    dtake__json_object(&w->json, "properties");
    for (size_t i = 0; properties != NULL && i < properties->list.count && st == DTAKE_OK; i++)
        if (with_index || strcmp(properties->list.key[i], "system:index") != 0)
            st = write_value(w, properties->list.key[i], &properties->list.item[i]);
    dtake__json_end(&w->json, '}');
    return st;
}

static void write_asset(dtake__json *json, const char *id, int64_t version)
{
    if (id == NULL)
        return;
    dtake__json_text(json, "id", id);
    if (version > 0)
        dtake__json_i64(json, "version", version);
}

static dtake_status write_image(writer *w, const char *key, const dtake__image_value *image)
{
    dtake_status st = dtake__image_need(w->eval, image, w->err);
    if (st != DTAKE_OK)
        return st;
    dtake__json_object(&w->json, key);
    dtake__json_text(&w->json, "type", "Image");
    dtake__json_array(&w->json, "bands");
    for (size_t i = 0; i < image->count && st == DTAKE_OK; i++)
        st = write_band(w, &image->band[i]);
    dtake__json_end(&w->json, ']');
    write_asset(&w->json, image->asset, image->version);
    if (st == DTAKE_OK && image->properties != NULL)
        st = write_properties(w, image->properties, true);
    dtake__json_end(&w->json, '}');
    return st;
}

/* --- features and collections --- */

static dtake_status write_feature(writer *w, const char *key, const dtake__value *value)
{
    const dtake__feature_value *feature = value->feature;
    const dtake__value *index = dtake__properties_get(feature->properties, "system:index");
    dtake__json_object(&w->json, key);
    dtake__json_text(&w->json, "type", "Feature");
    if (feature->shape != NULL)
        write_shape(w, "geometry", feature->shape);
    else
        dtake__json_null(&w->json, "geometry");
    if (index != NULL && index->kind == DTAKE__STRING)
        dtake__json_text(&w->json, "id", index->text);
    dtake_status st = write_properties(w, feature->properties, false);
    dtake__json_end(&w->json, '}');
    return st;
}

/* The columns of the first feature, as the service names their kinds. */
static void write_columns(dtake__json *json, const dtake__value *first)
{
    const dtake__value *properties = dtake__element_properties(first);
    dtake__json_object(json, "columns");
    for (size_t i = 0; properties != NULL && i < properties->list.count; i++) {
        const dtake__value *item = &properties->list.item[i];
        dtake__json_text(json, properties->list.key[i], item->null ? "Object" : dtake__kind_name(item->kind));
    }
    dtake__json_end(json, '}');
}

static dtake_status write_collection(writer *w, const char *key, const dtake__value *value)
{
    bool images = value->kind == DTAKE__IMAGE_COLLECTION;
    dtake__value all = *value;
    dtake_status st = dtake__collection_first(w->eval, value, DTAKE__MAX_ELEMENTS + 1, &all, w->err);
    if (st == DTAKE_OK)
        st = dtake__collection_need(w->eval, &all, w->err);
    if (st == DTAKE_OK && all.list.count > DTAKE__MAX_ELEMENTS)
        st =
            dtake__fail(w->err, DTAKE_E_LIMIT,
                        "Collection query aborted after accumulating over %d elements.", DTAKE__MAX_ELEMENTS);
    if (st != DTAKE_OK)
        return st;
    dtake__json_object(&w->json, key);
    dtake__json_text(&w->json, "type", images ? "ImageCollection" : "FeatureCollection");
    if (images) {
        dtake__json_array(&w->json, "bands");
        dtake__json_end(&w->json, ']');
    } else {
        const dtake__value none = { .null = true };
        write_columns(&w->json, all.list.count > 0 ? &all.list.item[0] : &none);
    }
    if (value->collection != NULL)
        write_asset(&w->json, value->collection->id, value->collection->version);
    if (value->collection != NULL && value->collection->properties != NULL)
        st = write_properties(w, value->collection->properties, true);
    dtake__json_array(&w->json, "features");
    for (size_t i = 0; i < all.list.count && st == DTAKE_OK; i++)
        st = write_value(w, NULL, &all.list.item[i]);
    dtake__json_end(&w->json, ']');
    dtake__json_end(&w->json, '}');
    return st;
}

/* --- all the others --- */

static void write_date(dtake__json *json, const char *key, double ms)
{
    dtake__json_object(json, key);
    dtake__json_text(json, "type", "Date");
    dtake__json_f64(json, "value", ms);
    dtake__json_end(json, '}');
}

static void write_projection(dtake__json *json, const char *key, const dtake__raster_grid *grid)
{
    dtake__json_object(json, key);
    dtake__json_text(json, "type", "Projection");
    write_grid(json, "transform", grid);
    dtake__json_end(json, '}');
}

static dtake_status write_list(writer *w, const char *key, const dtake__value *value)
{
    bool named = value->kind == DTAKE__DICTIONARY;
    dtake_status st = DTAKE_OK;
    if (named)
        dtake__json_object(&w->json, key);
    else
        dtake__json_array(&w->json, key);
    for (size_t i = 0; i < value->list.count && st == DTAKE_OK; i++)
        st = write_value(w, named ? value->list.key[i] : NULL, &value->list.item[i]);
    dtake__json_end(&w->json, named ? '}' : ']');
    return st;
}

static dtake_status write_of_kind(writer *w, const char *key, const dtake__value *value)
{
    switch (value->kind) {
    case DTAKE__BOOLEAN:
        dtake__json_bool(&w->json, key, value->boolean);
        return DTAKE_OK;
    case DTAKE__NUMBER:
        dtake__json_f64(&w->json, key, value->number);
        return DTAKE_OK;
    case DTAKE__STRING:
        dtake__json_text(&w->json, key, value->text);
        return DTAKE_OK;
    case DTAKE__LIST:
    case DTAKE__ARRAY:
    case DTAKE__DICTIONARY:
        return write_list(w, key, value);
    case DTAKE__IMAGE:
        return write_image(w, key, value->image);
    case DTAKE__FEATURE:
        return write_feature(w, key, value);
    case DTAKE__IMAGE_COLLECTION:
    case DTAKE__FEATURE_COLLECTION:
        return write_collection(w, key, value);
    case DTAKE__GEOMETRY:
        write_shape(w, key, value->shape);
        return DTAKE_OK;
    case DTAKE__PROJECTION:
        write_projection(&w->json, key, value->grid);
        return DTAKE_OK;
    case DTAKE__DATE:
        write_date(&w->json, key, value->number);
        return DTAKE_OK;
    case DTAKE__DATE_RANGE:
        dtake__json_object(&w->json, key);
        dtake__json_text(&w->json, "type", "DateRange");
        dtake__json_array(&w->json, "dates");
        dtake__json_f64(&w->json, NULL, value->range.start);
        dtake__json_f64(&w->json, NULL, value->range.end);
        dtake__json_end(&w->json, ']');
        dtake__json_end(&w->json, '}');
        return DTAKE_OK;
    default:
        return dtake__fail(w->err, DTAKE_E_UNSUPPORTED, "a %s cannot be answered as JSON",
                           dtake__kind_name(value->kind));
    }
}

static dtake_status write_value(writer *w, const char *key, const dtake__value *value)
{
    if (++w->values > MAX_VALUES)
        return dtake__fail(w->err, DTAKE_E_LIMIT, "the answer has more than %d values", MAX_VALUES);
    if (value->null) {
        dtake__json_null(&w->json, key);
        return DTAKE_OK;
    }
    if (++w->depth > MAX_DEPTH)
        return dtake__fail(w->err, DTAKE_E_LIMIT, "a value nests more than %d deep", MAX_DEPTH);
    dtake_status st = write_of_kind(w, key, value);
    w->depth--;
    if (st == DTAKE_OK && w->json.status != DTAKE_OK)
        st = dtake__fail(w->err, w->json.status, "the answer is too large");
    return st;
}

dtake_status dtake__value_to_json(dtake__eval *eval, const dtake__value *value, dtake_buf *out,
                                  dtake_error *err)
{
    writer w = { .eval = eval, .json = { .out = out }, .err = err };
    return write_value(&w, NULL, value);
}
