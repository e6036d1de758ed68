#include "protocol/tilebox/stac_assets_table.h"

#define NAMES(array)                                                                                         \
    {                                                                                                        \
        (array), sizeof(array) / sizeof((array)[0])                                                          \
    }

static const dtake__stac_named media_list[] = {
    { 1, "application/geo+json" },
    { 2, "application/json" },
    { 3, "image/tiff; application=geotiff; profile=cloud-optimized" },
    { 4, "image/jp2" },
    { 5, "image/jpeg" },
    { 6, "image/png" },
    { 7, "application/xml" },
    { 8, "application/zip" },
    { 9, "inode/directory" },
    { 10, "image/tiff; application=geotiff" },
    { 11, "image/tiff" },
    { 12, "application/x-hdf5" },
    { 13, "application/x-hdf" },
    { 14, "application/x-netcdf" },
    { 15, "application/vnd+zarr" },
    { 16, "application/vnd+zarr" },
    { 17, "application/vnd.apache.parquet" },
    { 18, "application/geopackage+sqlite3" },
    { 19, "application/vnd.laszip+copc" },
    { 20, "text/html" },
    { 21, "text/plain" },
    { 22, "text/xml" },
    { 23, "application/vnd.flatgeobuf" },
    { 24, "application/vnd.pmtiles" },
    { 25, "image/nitf" },
    { 26, "application/octet-stream" },
};
static const dtake__stac_named role_list[] = {
    { 1, "data" },
    { 2, "metadata" },
    { 3, "thumbnail" },
    { 4, "overview" },
    { 5, "visual" },
    { 6, "date" },
    { 7, "graphic" },
    { 8, "data-mask" },
    { 9, "snow-ice" },
    { 10, "land-water" },
    { 11, "water-mask" },
    { 12, "iso-19115" },
    { 100, "reflectance" },
    { 101, "temperature" },
    { 102, "saturation" },
    { 103, "cloud" },
    { 104, "cloud-shadow" },
    { 200, "local-incidence-angle" },
    { 201, "ellipsoid-incidence-angle" },
    { 202, "noise-power" },
    { 203, "amplitude" },
    { 204, "magnitude" },
    { 205, "sigma0" },
    { 206, "beta0" },
    { 207, "gamma0" },
    { 208, "date-offset" },
    { 209, "covmat" },
    { 210, "prd" },
};
static const dtake__stac_named data_type_list[] = {
    { 1, "int8" },    { 2, "int16" },     { 3, "int32" },     { 4, "int64" },
    { 5, "uint8" },   { 6, "uint16" },    { 7, "uint32" },    { 8, "uint64" },
    { 9, "float16" }, { 10, "float32" },  { 11, "float64" },  { 12, "cint16" },
    { 13, "cint32" }, { 14, "cfloat32" }, { 15, "cfloat64" }, { 16, "other" },
};
static const dtake__stac_named common_name_list[] = {
    { 1, "pan" },         { 2, "coastal" }, { 3, "blue" },    { 4, "green" },      { 5, "green05" },
    { 6, "yellow" },      { 7, "red" },     { 8, "rededge" }, { 9, "rededge071" }, { 10, "rededge075" },
    { 11, "rededge078" }, { 12, "nir" },    { 13, "nir08" },  { 14, "nir09" },     { 15, "cirrus" },
    { 16, "swir16" },     { 17, "swir22" }, { 18, "lwir" },   { 19, "lwir11" },    { 20, "lwir12" },
};
static const dtake__stac_named sampling_list[] = { { 1, "area" }, { 2, "point" } };

const dtake__stac_names dtake__stac_media = NAMES(media_list), dtake__stac_roles = NAMES(role_list);
static const dtake__stac_names data_types = NAMES(data_type_list), common_names = NAMES(common_name_list),
                               samplings = NAMES(sampling_list);

static const dtake__stac_part eo_parts[] = {
    { 1, DTAKE__STAC_NAME, "eo:common_name", &common_names, NULL },
    { 2, DTAKE__STAC_REAL, "eo:center_wavelength", NULL, NULL },
    { 3, DTAKE__STAC_REAL, "eo:full_width_half_max", NULL, NULL },
    { 4, DTAKE__STAC_REAL, "eo:solar_illumination", NULL, NULL },
};
static const dtake__stac_part raster_parts[] = {
    { 1, DTAKE__STAC_NAME, "raster:sampling", &samplings, NULL },
    { 2, DTAKE__STAC_REAL, "raster:scale", NULL, NULL },
    { 3, DTAKE__STAC_REAL, "raster:offset", NULL, NULL },
    { 4, DTAKE__STAC_REAL, "raster:spatial_resolution", NULL, NULL },
};
static const dtake__stac_part projection_parts[] = {
    { 1, DTAKE__STAC_TEXT, "proj:code", NULL, NULL },
    { 2, DTAKE__STAC_REALS, "proj:bbox", NULL, NULL },
    { 3, DTAKE__STAC_WHOLES, "proj:shape", NULL, NULL },
    { 4, DTAKE__STAC_REALS, "proj:transform", NULL, NULL },
};
static const dtake__stac_part file_parts[] = {
    { 1, DTAKE__STAC_HEX, "file:checksum", NULL, NULL },
    { 2, DTAKE__STAC_WHOLE, "file:size", NULL, NULL },
    { 3, DTAKE__STAC_TEXT, "file:local_path", NULL, NULL },
};
static const dtake__stac_part statistics_parts[] = {
    { 1, DTAKE__STAC_REAL, "minimum", NULL, NULL },
    { 2, DTAKE__STAC_REAL, "maximum", NULL, NULL },
};
static const dtake__stac_table eo = NAMES(eo_parts), raster = NAMES(raster_parts),
                               projection = NAMES(projection_parts), file = NAMES(file_parts),
                               statistics = NAMES(statistics_parts);

static const dtake__stac_part band_parts[] = {
    { 1, DTAKE__STAC_TEXT, "name", NULL, NULL },
    { 2, DTAKE__STAC_TEXT, "description", NULL, NULL },
    { 3, DTAKE__STAC_NAME, "data_type", &data_types, NULL },
    { 4, DTAKE__STAC_REAL, "nodata", NULL, NULL },
    { 5, DTAKE__STAC_TEXT, "unit", NULL, NULL },
    { 6, DTAKE__STAC_SPREAD, NULL, NULL, &eo },
    { 7, DTAKE__STAC_SPREAD, NULL, NULL, &raster },
};
/* The key, the addresses, roles and bands of an asset are written one by one. */
static const dtake__stac_part asset_parts[] = {
    { 5, DTAKE__STAC_TEXT, "title", NULL, NULL },
    { 6, DTAKE__STAC_TEXT, "description", NULL, NULL },
    { 9, DTAKE__STAC_REAL, "gsd", NULL, NULL },
    { 11, DTAKE__STAC_NAME, "data_type", &data_types, NULL },
    { 12, DTAKE__STAC_REAL, "nodata", NULL, NULL },
    { 13, DTAKE__STAC_OBJECT, "statistics", NULL, &statistics },
    { 14, DTAKE__STAC_TEXT, "unit", NULL, NULL },
    { 15, DTAKE__STAC_SPREAD, NULL, NULL, &eo },
    { 16, DTAKE__STAC_SPREAD, NULL, NULL, &raster },
    { 17, DTAKE__STAC_SPREAD, NULL, NULL, &projection },
    { 20, DTAKE__STAC_SPREAD, NULL, NULL, &file },
};
const dtake__stac_table dtake__stac_band = NAMES(band_parts), dtake__stac_asset = NAMES(asset_parts);

const char *dtake__stac_name_of(const dtake__stac_names *of, uint64_t number)
{
    for (size_t i = 0; i < of->count; i++)
        if (of->list[i].number == number)
            return of->list[i].name;
    return NULL;
}
