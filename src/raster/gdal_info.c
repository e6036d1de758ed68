/* What GDAL knows of a raster, in our terms. */
#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "geo/crs.h"
#include "raster/gdal_handle.h"
#include "raster/kernels.h"
#include "raster/tiles.h"

#include <stdio.h>

static const struct {
    int gdal;
    dtake_type type;
} types[] = {
    { 1, DTAKE_U8 },  { 2, DTAKE_U16 }, { 3, DTAKE_I16 }, { 4, DTAKE_U32 },
    { 5, DTAKE_I32 }, { 6, DTAKE_F32 }, { 7, DTAKE_F64 }, { 14, DTAKE_I8 },
};

static bool type_of(int gdal, dtake_type *out)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].gdal == gdal) {
            *out = types[i].type;
            return true;
        }
    return false;
}

/* A copy that lives as long as the handle; "" when there is no memory for it. */
static const char *keep_text(dtake__gdal *gdal, const char *text, bool lower)
{
    if (text == NULL || text[0] == '\0' || gdal->texts == gdal->text_cap)
        return "";
    char *copy = dtake__strdup(text);
    if (copy == NULL)
        return "";
    for (char *c = copy; lower && *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c += 'a' - 'A';
    return gdal->text[gdal->texts++] = copy;
}

static const char *color_of(int interpretation)
{
    static const char *const names[] = { "undefined", "gray", "palette", "red", "green", "blue", "alpha" };
    return interpretation >= 0 && interpretation < 7 ? names[interpretation] : "undefined";
}

static dtake_status read_bands(dtake__gdal *gdal, void *dataset, dtake_raster_info *info, dtake_error *err)
{
    const dtake__gdal_api *api = gdal->api;
    for (int i = 0; i < gdal->bands; i++) {
        void *band = api->GDALGetRasterBand(dataset, i + 1);
        dtake_type type;
        if (!type_of(api->GDALGetRasterDataType(band), &type))
            return dtake__fail(err, DTAKE_E_UNSUPPORTED, "band %d: samples of GDAL type %d are not supported",
                               i + 1, api->GDALGetRasterDataType(band));
        gdal->type = i == 0 ? type : dtake__type_union(gdal->type, type);
        int has_scale = 0, has_offset = 0, color = api->GDALGetRasterColorInterpretation(band);
        double scale = api->GDALGetRasterScale(band, &has_scale),
               offset = api->GDALGetRasterOffset(band, &has_offset);
        gdal->band[i] = (dtake_band){ keep_text(gdal, api->GDALGetDescription(band), false), color_of(color),
                                      has_scale ? scale : 1, has_offset ? offset : 0 };
        int flags = api->GDALGetMaskFlags(band);
        gdal->has_mask = gdal->has_mask || (flags & DTAKE__GDAL_ALL_VALID) == 0;
        info->has_mask = info->has_mask || (flags & 2) != 0; /* GMF_PER_DATASET: a mask band or alpha */
    }
    return DTAKE_OK;
}

static void read_first_band(dtake__gdal *gdal, void *dataset, dtake_raster_info *info)
{
    const dtake__gdal_api *api = gdal->api;
    void *band = api->GDALGetRasterBand(dataset, 1);
    int has_nodata = 0, block_width = 0, block_height = 0;
    info->nodata = api->GDALGetRasterNoDataValue(band, &has_nodata);
    info->has_nodata = has_nodata != 0;
    if (!info->has_nodata)
        info->nodata = 0;
    gdal->has_nodata = info->has_nodata && dtake__nodata_fits(gdal->type, info->nodata);
    gdal->nodata = info->nodata;
    api->GDALGetBlockSize(band, &block_width, &block_height);
    info->tile_width = block_width;
    info->tile_height = block_height;
    for (size_t i = 0; i < gdal->overview_count; i++) {
        void *overview = api->GDALGetOverview(band, (int)i);
        api->GDALGetBlockSize(overview, &block_width, &block_height);
        gdal->overview[i] =
            (dtake_overview){ api->GDALGetRasterBandXSize(overview), api->GDALGetRasterBandYSize(overview),
                              block_width, block_height };
    }
}

static dtake_status text_of_crs(const char *wkt, char **out, int32_t *epsg, dtake_error *err)
{
    dtake__crs_facts facts = { 0 };
    char code[24] = "";
    if (wkt == NULL)
        wkt = "";
    if (wkt[0] != '\0' && dtake__crs_facts_of(wkt, &facts, NULL) == DTAKE_OK && facts.epsg != 0)
        snprintf(code, sizeof code, "EPSG:%d", (int)facts.epsg);
    *epsg = facts.epsg;
    *out = dtake__strdup(code[0] != '\0' ? code : wkt);
    return *out != NULL ? DTAKE_OK : dtake__fail_nomem(err, "open a raster");
}

static dtake_status read_place(dtake__gdal *gdal, void *dataset, dtake_raster_info *info, dtake_error *err)
{
    const dtake__gdal_api *api = gdal->api;
    double t[6];
    if (api->GDALGetGeoTransform(dataset, t) == 0) {
        info->has_transform = true;
        info->transform = (dtake_affine){ t[0], t[1], t[2], t[3], t[4], t[5] };
    }
    int32_t unused;
    dtake_status st = text_of_crs(api->GDALGetProjectionRef(dataset), &gdal->crs, &info->epsg, err);
    if (st == DTAKE_OK)
        st = text_of_crs(api->GDALGetGCPProjection(dataset), &gdal->gcp_crs, &unused, err);
    const dtake__gdal_point *point = api->GDALGetGCPs(dataset);
    for (size_t i = 0; i < info->gcp_count && st == DTAKE_OK; i++)
        gdal->gcp[i] = (dtake_gcp){ point[i].col, point[i].row, point[i].x, point[i].y, point[i].z };
    return st;
}

static const char *compression_of(dtake__gdal *gdal, void *dataset)
{
    const char *name = gdal->api->GDALGetMetadataItem(dataset, "COMPRESSION", "IMAGE_STRUCTURE");
    const char *driver = gdal->api->GDALGetDriverShortName(gdal->api->GDALGetDatasetDriver(dataset));
    if (name == NULL)
        return dtake__starts_with(driver, "JP2") ? "jpeg2000" : "unknown";
    return keep_text(gdal, name, true);
}

static dtake_status make_room(dtake__gdal *gdal, void *dataset, dtake_raster_info *info, dtake_error *err)
{
    const dtake__gdal_api *api = gdal->api;
    gdal->bands = api->GDALGetRasterCount(dataset);
    gdal->width = api->GDALGetRasterXSize(dataset);
    gdal->height = api->GDALGetRasterYSize(dataset);
    if (gdal->bands < 1 || gdal->bands > DTAKE__GDAL_MAX_BANDS || gdal->width < 1 || gdal->height < 1)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "%d bands of %lld x %lld pixels", (int)gdal->bands,
                           (long long)gdal->width, (long long)gdal->height);
    int overviews = api->GDALGetOverviewCount(api->GDALGetRasterBand(dataset, 1)),
        points = api->GDALGetGCPCount(dataset);
    gdal->overview_count = overviews > 0 && overviews < 64 ? (size_t)overviews : 0;
    info->gcp_count = points > 0 && points < (1 << 20) ? (size_t)points : 0;
    gdal->text_cap = (size_t)gdal->bands + 2;
    gdal->text = dtake__calloc(gdal->text_cap, sizeof *gdal->text);
    gdal->band = dtake__calloc((size_t)gdal->bands, sizeof *gdal->band);
    gdal->overview = dtake__calloc(gdal->overview_count + 1, sizeof *gdal->overview);
    gdal->gcp = dtake__calloc(info->gcp_count + 1, sizeof *gdal->gcp);
    if (gdal->text == NULL || gdal->band == NULL || gdal->overview == NULL || gdal->gcp == NULL)
        return dtake__fail_nomem(err, "open a raster");
    return DTAKE_OK;
}

dtake_status dtake__gdal_describe(dtake__gdal *gdal, void *dataset, dtake_raster_info *info, dtake_error *err)
{
    dtake_status st = make_room(gdal, dataset, info, err);
    if (st == DTAKE_OK)
        st = read_bands(gdal, dataset, info, err);
    if (st == DTAKE_OK)
        st = read_place(gdal, dataset, info, err);
    if (st != DTAKE_OK)
        return st;
    read_first_band(gdal, dataset, info);
    const char *interleave = gdal->api->GDALGetMetadataItem(dataset, "INTERLEAVE", "IMAGE_STRUCTURE");
    info->driver =
        keep_text(gdal, gdal->api->GDALGetDriverShortName(gdal->api->GDALGetDatasetDriver(dataset)), false);
    info->compression = compression_of(gdal, dataset);
    info->interleave =
        gdal->bands > 1 && interleave != NULL && dtake__equal_nocase(interleave, "PIXEL") ? "pixel" : "band";
    info->layout = "";
    info->predictor = 1;
    info->width = gdal->width;
    info->height = gdal->height;
    info->bands = gdal->bands;
    info->type = gdal->type;
    info->crs = gdal->crs;
    info->gcp_crs = gdal->gcp_crs;
    info->band = gdal->band;
    info->gcp = gdal->gcp;
    info->overview = gdal->overview;
    info->overview_count = gdal->overview_count;
    return DTAKE_OK;
}
