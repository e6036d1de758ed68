#include "item.h"

#include "core/error.h"
#include "geo/crs.h"
#include "scene.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

const char *const asset_keys[ASSETS] = { "B02", "B03", "B04", "B08", "SCL" };

static const char *const common_names[ASSETS] = { "blue", "green", "red", "nir", "" };
static const char *const titles[ASSETS] = { "Blue (band 2), 10 m", "Green (band 3), 10 m",
                                            "Red (band 4), 10 m", "Near infrared (band 8), 10 m",
                                            "Scene classification" };

enum { MULTIHASH_PREFIX = 4 }; /* "1220": SHA-256 of 32 bytes */

static double rounded(double degrees)
{
    return round(degrees * 1e6) / 1e6;
}

/* Corners of the scene in longitude and latitude, from the north-west around by the south, closed. */
static dtake_status corners(double xy[10], dtake_error *err)
{
    const double east = ORIGIN_X + SIDE * PIXEL_M, south = ORIGIN_Y - SIDE * PIXEL_M;
    const double ring[10] = { ORIGIN_X, ORIGIN_Y, ORIGIN_X, south,    east,
                              south,    east,     ORIGIN_Y, ORIGIN_X, ORIGIN_Y };
    memcpy(xy, ring, sizeof ring);
    dtake_status st = dtake__crs_transform("EPSG:32617", "EPSG:4326", xy, 5, err);
    for (int i = 0; st == DTAKE_OK && i < 10; i++)
        xy[i] = rounded(xy[i]);
    return st;
}

static json_t *geometry_of(const double xy[10])
{
    json_t *ring = json_array();
    for (int i = 0; i < 10; i += 2)
        json_array_append_new(ring, json_pack("[f,f]", xy[i], xy[i + 1]));
    return json_pack("{s:s, s:[o]}", "type", "Polygon", "coordinates", ring);
}

static json_t *bbox_of(const double xy[10])
{
    double west = xy[0], south = xy[1], east = xy[0], north = xy[1];
    for (int i = 2; i < 10; i += 2) {
        west = fmin(west, xy[i]);
        east = fmax(east, xy[i]);
        south = fmin(south, xy[i + 1]);
        north = fmax(north, xy[i + 1]);
    }
    return json_pack("[f,f,f,f]", west, south, east, north);
}

static json_t *asset_of(size_t i, const asset_file *file)
{
    char href[16], checksum[80];
    snprintf(href, sizeof href, "./%s.tif", asset_keys[i]);
    snprintf(checksum, sizeof checksum, "1220%s", file->sha256);
    json_t *asset =
        json_pack("{s:s, s:s, s:s, s:[s], s:I, s:s}", "href", href, "type",
                  "image/tiff; application=geotiff; profile=cloud-optimized", "title", titles[i], "roles",
                  "data", "file:size", (json_int_t)file->bytes, "file:checksum", checksum);
    if (i + 1 == ASSETS) {
        json_object_set_new(asset, "raster:bands", json_pack("[{s:s}]", "data_type", "uint8"));
        return asset;
    }
    json_object_set_new(asset, "eo:bands",
                        json_pack("[{s:s, s:s}]", "name", asset_keys[i], "common_name", common_names[i]));
    json_object_set_new(asset, "raster:bands",
                        json_pack("[{s:s, s:f, s:f, s:i}]", "data_type", "uint16", "scale", 0.0001, "offset",
                                  0.0, "nodata", 0));
    return asset;
}

static json_t *properties_of(const pass *date)
{
    const char *platform = date->id[2] == 'A' ? "sentinel-2a" : "sentinel-2b";
    json_t *properties =
        json_pack("{s:s, s:s, s:s, s:[s], s:f, s:i, s:[i,i], s:[f,f,f,f,f,f]}", "datetime", date->time,
                  "platform", platform, "constellation", "sentinel-2", "instruments", "msi", "eo:cloud_cover",
                  date->cloud / 100.0, "proj:epsg", EPSG, "proj:shape", SIDE, SIDE, "proj:transform",
                  (double)PIXEL_M, 0.0, (double)ORIGIN_X, 0.0, -(double)PIXEL_M, (double)ORIGIN_Y);
    json_object_set_new(properties, "gsd", json_integer(PIXEL_M));
    json_object_set_new(
        properties, "description",
        json_string("Made up by demo/make_scenes.c for the demo; no satellite has seen this."));
    return properties;
}

static int append(const char *bytes, size_t len, void *ctx)
{
    return dtake__buf_append(ctx, bytes, len) == DTAKE_OK ? 0 : -1;
}

dtake_status item_write(const pass *date, const asset_file *file, dtake_buf *out, dtake_error *err)
{
    double xy[10];
    dtake_status st = corners(xy, err);
    if (st != DTAKE_OK)
        return st;
    json_t *assets = json_object();
    for (size_t i = 0; i < ASSETS; i++)
        json_object_set_new(assets, asset_keys[i], asset_of(i, &file[i]));
    json_t *extensions = json_array();
    static const char *const extension[] = { "eo/v1.1.0", "projection/v1.1.0", "raster/v1.1.0",
                                             "file/v2.1.0" };
    for (size_t i = 0; i < sizeof extension / sizeof extension[0]; i++)
        json_array_append_new(extensions,
                              json_sprintf("https://stac-extensions.github.io/%s/schema.json", extension[i]));
    json_t *item = json_pack("{s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:[], s:o}", "type", "Feature",
                             "stac_version", "1.0.0", "stac_extensions", extensions, "id", date->id,
                             "collection", "demo-sentinel-2-l2a", "geometry", geometry_of(xy), "bbox",
                             bbox_of(xy), "properties", properties_of(date), "links", "assets", assets);
    int failed = item ? json_dump_callback(item, append, out, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) : -1;
    json_decref(item);
    if (failed || dtake__buf_puts(out, "\n") != DTAKE_OK)
        return dtake__fail_nomem(err, "an item");
    return DTAKE_OK;
}

bool item_read(const char *text, size_t len, asset_file *file)
{
    json_t *item = json_loadb(text, len, 0, NULL);
    bool ok = item != NULL;
    for (size_t i = 0; ok && i < ASSETS; i++) {
        const char *checksum = NULL;
        json_int_t bytes = -1;
        ok = json_unpack(item, "{s:{s:{s:s, s:I}}}", "assets", asset_keys[i], "file:checksum", &checksum,
                         "file:size", &bytes) == 0 &&
             strlen(checksum) == MULTIHASH_PREFIX + 64;
        if (!ok)
            break;
        file[i].bytes = bytes;
        memcpy(file[i].sha256, checksum + MULTIHASH_PREFIX, 65);
    }
    json_decref(item);
    return ok;
}
