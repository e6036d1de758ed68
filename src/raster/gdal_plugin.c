#include "core/alloc.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/text.h"
#include "raster/gdal_handle.h"
#include "raster/rows.h"

/* GDALDataType */
static int gdal_of(dtake_type type)
{
    static const int types[] = { [DTAKE_U8] = 1,  [DTAKE_I8] = 14, [DTAKE_U16] = 2, [DTAKE_I16] = 3,
                                 [DTAKE_U32] = 4, [DTAKE_I32] = 5, [DTAKE_F32] = 6, [DTAKE_F64] = 7 };
    return types[type];
}

static void ignore_error(int kind, int number, const char *message)
{
    (void)kind;
    (void)number;
    (void)message;
}

/* GDAL writes to stderr unless told not to; what went wrong is asked for. */
static void enter(const dtake__gdal *gdal)
{
    gdal->api->CPLPushErrorHandler(ignore_error);
    gdal->api->CPLErrorReset();
    if (gdal->remote) /* beside a local file there may be an .aux.xml with the grid; listing a server costs
                         requests */
        gdal->api->CPLSetThreadLocalConfigOption("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR");
}

static void leave(const dtake__gdal *gdal)
{
    if (gdal->remote)
        gdal->api->CPLSetThreadLocalConfigOption("GDAL_DISABLE_READDIR_ON_OPEN", NULL);
    gdal->api->CPLPopErrorHandler();
}

/* A dataset for this thread alone; NULL: it cannot be opened. Between enter and leave. */
static void *take_dataset(dtake__gdal *gdal)
{
    pthread_mutex_lock(&gdal->lock);
    void *dataset = gdal->idle_count > 0 ? gdal->idle[--gdal->idle_count] : NULL;
    pthread_mutex_unlock(&gdal->lock);
    return dataset != NULL ? dataset
                           : gdal->api->GDALOpenEx(gdal->name, DTAKE__GDAL_RASTER, NULL, NULL, NULL);
}

static void give_dataset(dtake__gdal *gdal, void *dataset)
{
    pthread_mutex_lock(&gdal->lock);
    bool keep = gdal->idle_count < DTAKE__GDAL_MAX_IDLE;
    if (keep)
        gdal->idle[gdal->idle_count++] = dataset;
    pthread_mutex_unlock(&gdal->lock);
    if (!keep)
        gdal->api->GDALClose(dataset);
}

void dtake__gdal_close(dtake__gdal *gdal)
{
    if (gdal == NULL)
        return;
    for (int i = 0; i < gdal->idle_count; i++)
        gdal->api->GDALClose(gdal->idle[i]);
    for (size_t i = 0; i < gdal->texts; i++)
        dtake__free(gdal->text[i]);
    dtake__free(gdal->text);
    dtake__free(gdal->band);
    dtake__free(gdal->overview);
    dtake__free(gdal->gcp);
    dtake__free(gdal->crs);
    dtake__free(gdal->gcp_crs);
    dtake__free(gdal->name);
    pthread_mutex_destroy(&gdal->lock);
    dtake__free(gdal);
}

static dtake__gdal *new_handle(const dtake__gdal_api *api, const char *href)
{
    dtake__gdal *gdal = dtake__calloc(1, sizeof *gdal);
    if (gdal == NULL)
        return NULL;
    dtake_buf name = DTAKE_BUF_INIT(64 << 10);
    gdal->api = api;
    gdal->remote = dtake__is_http_url(href);
    pthread_mutex_init(&gdal->lock, NULL);
    if (dtake__buf_printf(&name, "%s%s", gdal->remote ? "/vsicurl/" : "", href) != DTAKE_OK) {
        dtake__buf_dispose(&name);
        dtake__gdal_close(gdal);
        return NULL;
    }
    gdal->name = (char *)name.data;
    return gdal;
}

static const char *reason(const dtake__gdal_api *api)
{
    const char *said = api->CPLGetLastErrorMsg();
    return said[0] != '\0' ? said : "it gives no reason";
}

dtake_status dtake__gdal_open(dtake__gdal **out, const char *href, const char *what, dtake_raster_info *info,
                              dtake_error *err)
{
    const dtake__gdal_api *api = dtake__gdal_load();
    *info = (dtake_raster_info){ 0 };
    if (api == NULL)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "open %s: %s; install libgdal32 (apt install gdal-bin) to read it", href, what);
    dtake__gdal *gdal = new_handle(api, href);
    if (gdal == NULL)
        return dtake__fail_nomem(err, "open a raster");
    enter(gdal);
    dtake_status st;
    void *dataset = take_dataset(gdal);
    if (dataset == NULL) {
        st = dtake__fail(err, DTAKE_E_UNSUPPORTED, "open %s: %s, and GDAL does not read it either: %s", href,
                         what, reason(api));
    } else {
        dtake_error why;
        st = dtake__gdal_describe(gdal, dataset, info, &why);
        if (st != DTAKE_OK)
            dtake__fail(err, st, "open %s with GDAL: %s", href, why.message);
        give_dataset(gdal, dataset);
    }
    leave(gdal);
    if (st == DTAKE_OK)
        *out = gdal;
    else
        dtake__gdal_close(gdal);
    return st;
}

bool dtake__gdal_has_mask(const dtake__gdal *gdal)
{
    return gdal->has_mask;
}

/* The part of the window that is in the image, and where it lies in the pixels. */
typedef struct inside {
    int64_t col, row, width, height, to_col, to_row;
} inside;

static void cut(int64_t first, int64_t count, int64_t side, int64_t *at, int64_t *len, int64_t *to)
{
    int64_t end = first + count < side ? first + count : side;
    *at = first > 0 ? first : 0;
    *len = end > *at ? end - *at : 0;
    *to = *at - first;
}

static inside inside_of(const dtake__gdal *gdal, const dtake_read *read)
{
    int64_t width = gdal->width, height = gdal->height;
    if (read->overview > 0) {
        width = gdal->overview[read->overview - 1].width;
        height = gdal->overview[read->overview - 1].height;
    }
    inside in;
    cut(read->window.col, read->window.width, width, &in.col, &in.width, &in.to_col);
    cut(read->window.row, read->window.height, height, &in.row, &in.height, &in.to_row);
    return in;
}

static bool read_band(const dtake__gdal *gdal, void *band, inside in, void *out, int64_t line,
                      dtake_type type)
{
    size_t bytes = dtake_type_bytes(type);
    uint8_t *at = (uint8_t *)out + (size_t)(in.to_row * line + in.to_col) * bytes;
    if (line * (int64_t)bytes > INT32_MAX)
        return false;
    return gdal->api->GDALRasterIO(band, DTAKE__GDAL_READ, (int)in.col, (int)in.row, (int)in.width,
                                   (int)in.height, at, (int)in.width, (int)in.height, gdal_of(type),
                                   (int)bytes, (int)(line * (int64_t)bytes)) == 0;
}

/* Nodata by ourselves: GDAL's overviews do not know what a side file says. */
static bool mask_band(const dtake__gdal *gdal, void *band, inside in, const uint8_t *data, uint8_t *mask,
                      const dtake_pixels *pixels)
{
    if (!gdal->has_nodata) {
        void *source = gdal->api->GDALGetMaskBand(band);
        return source != NULL && read_band(gdal, source, in, mask, pixels->width, DTAKE_U8);
    }
    size_t bytes = dtake_type_bytes(pixels->type);
    for (int64_t row = in.to_row; row < in.to_row + in.height; row++) {
        int64_t at = row * pixels->width + in.to_col;
        dtake__row_mask(mask + at, data + (size_t)at * bytes, in.width, pixels->type, gdal->nodata);
    }
    return true;
}

static bool read_all(dtake__gdal *gdal, void *dataset, const dtake_read *read, const int32_t *bands,
                     dtake_pixels *pixels)
{
    inside in = inside_of(gdal, read);
    size_t plane = (size_t)(pixels->width * pixels->height);
    for (int32_t i = 0; i < pixels->bands && in.width > 0 && in.height > 0; i++) {
        void *band = gdal->api->GDALGetRasterBand(dataset, bands[i]);
        if (read->overview > 0 && band != NULL)
            band = gdal->api->GDALGetOverview(band, read->overview - 1);
        uint8_t *data = (uint8_t *)pixels->data + (size_t)i * plane * dtake_type_bytes(pixels->type);
        if (band == NULL || !read_band(gdal, band, in, data, pixels->width, pixels->type))
            return false;
        if (pixels->mask != NULL &&
            !mask_band(gdal, band, in, data, pixels->mask + (size_t)i * plane, pixels))
            return false;
    }
    for (size_t i = 0; pixels->mask != NULL && i < plane * (size_t)pixels->mask_bands; i++)
        pixels->mask[i] = pixels->mask[i] != 0 ? 255 : 0;
    return true;
}

dtake_status dtake__gdal_read(dtake__gdal *gdal, const dtake_read *read, const int32_t *bands,
                              dtake_pixels *pixels, dtake_error *err)
{
    enter(gdal);
    dtake_status st = DTAKE_OK;
    void *dataset = take_dataset(gdal);
    if (dataset == NULL)
        st = dtake__fail(err, DTAKE_E_OTHER, "GDAL cannot open it any more: %s", reason(gdal->api));
    else if (!read_all(gdal, dataset, read, bands, pixels))
        st = dtake__fail(err, DTAKE_E_FORMAT, "GDAL: %s", reason(gdal->api));
    if (dataset != NULL)
        give_dataset(gdal, dataset);
    leave(gdal);
    return st;
}
