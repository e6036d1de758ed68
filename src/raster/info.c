/* Levels and facts of a raster out of its TIFF directories. */
#include "raster/header.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "format/tile.h"
#include "geo/crs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *dtake__after_verb(const char *message)
{
    return dtake__starts_with(message, "read ") ? message + strlen("read ") : message;
}

/* Without "user:password@". */
static char *shown_form(const char *href)
{
    const char *host = dtake__is_http_url(href) ? strstr(href, "//") + 2 : NULL;
    size_t authority = host != NULL ? strcspn(host, "/?#") : 0, skip = 0;
    for (size_t i = 0; i < authority; i++)
        if (host[i] == '@')
            skip = i + 1;
    char *shown = dtake__strdup(href);
    if (shown != NULL && skip > 0)
        memmove(shown + (host - href), host + skip, strlen(host + skip) + 1);
    return shown;
}

dtake__header *dtake__header_new(const char *href)
{
    dtake__header *header = dtake__calloc(1, sizeof *header);
    if (header == NULL)
        return NULL;
    header->whole = DTAKE_BUF_INIT(DTAKE__HEADER_FIRST_BYTES);
    header->href = dtake__strdup(href);
    header->shown = shown_form(href);
    if (header->href == NULL || header->shown == NULL) {
        dtake__header_free(header);
        return NULL;
    }
    return header;
}

void dtake__header_clear(dtake__header *header)
{
    char *href = header->href, *shown = header->shown;
    dtake__object *object = header->object;
    dtake__header *older = header->older;
    dtake__tiff_dispose(&header->tiff);
    dtake__gdal_close(header->gdal);
    if (header->foreign != NULL)
        header->foreign->kind->close(header->foreign);
    dtake__buf_dispose(&header->whole);
    dtake__free(header->level);
    dtake__free(header->overview);
    dtake__free(header->crs);
    dtake__free(header->gcp_crs);
    dtake__free(header->etag);
    *header = (dtake__header){ .href = href,
                               .shown = shown,
                               .object = object,
                               .older = older,
                               .whole = DTAKE_BUF_INIT(DTAKE__HEADER_FIRST_BYTES) };
}

void dtake__header_free(dtake__header *header)
{
    while (header != NULL) {
        dtake__header *older = header->older;
        dtake__header_clear(header);
        dtake__object_free(header->object);
        dtake__free(header->href);
        dtake__free(header->shown);
        dtake__free(header);
        header = older;
    }
}

bool dtake__header_is_other(const dtake__header *header)
{
    return header->gdal != NULL || header->foreign != NULL;
}

static const char *compression_name(int32_t compression)
{
    switch (compression) {
    case DTAKE__TIFF_NONE:
        return "none";
    case DTAKE__TIFF_LZW:
        return "lzw";
    case DTAKE__TIFF_JPEG:
        return "jpeg";
    case DTAKE__TIFF_DEFLATE:
    case DTAKE__TIFF_OLD_DEFLATE:
        return "deflate";
    case DTAKE__TIFF_PACKBITS:
        return "packbits";
    case DTAKE__TIFF_LERC:
        return "lerc";
    case DTAKE__TIFF_ZSTD:
        return "zstd";
    case DTAKE__TIFF_WEBP:
        return "webp";
    default:
        return "unknown";
    }
}

static int large_first(const void *a, const void *b)
{
    const dtake__raster_level *x = a, *y = b;
    return (x->dir->width < y->dir->width) - (x->dir->width > y->dir->width);
}

static const dtake__tiff_dir *mask_of(const dtake__tiff *tiff, const dtake__tiff_dir *dir)
{
    dtake__tiff_role role = dir->role == DTAKE__TIFF_MAIN ? DTAKE__TIFF_MASK : DTAKE__TIFF_OVERVIEW_MASK;
    for (size_t i = 1; i < tiff->dir_count; i++)
        if (tiff->dir[i].role == role && tiff->dir[i].width == dir->width &&
            tiff->dir[i].height == dir->height)
            return &tiff->dir[i];
    return NULL;
}

static dtake_status fill_levels(dtake__header *header, dtake_error *err)
{
    const dtake__tiff *tiff = &header->tiff;
    header->level = dtake__calloc(tiff->dir_count, sizeof *header->level);
    header->overview = dtake__calloc(tiff->dir_count, sizeof *header->overview);
    if (header->level == NULL || header->overview == NULL)
        return dtake__fail_nomem(err, "open a raster");
    for (size_t i = 0; i < tiff->dir_count; i++) {
        const dtake__tiff_dir *dir = &tiff->dir[i];
        if (dir->role != DTAKE__TIFF_MAIN && dir->role != DTAKE__TIFF_OVERVIEW)
            continue;
        dtake__raster_level level = { dir, mask_of(tiff, dir) };
        if (dtake__tile_supported(dir, NULL) != DTAKE_OK)
            header->unread = dir;
        if (level.mask != NULL && dtake__tile_supported(level.mask, NULL) != DTAKE_OK)
            header->unread = level.mask;
        header->level[header->level_count++] = level;
    }
    if (header->level_count > 2)
        qsort(header->level + 1, header->level_count - 1, sizeof *header->level, large_first);
    for (size_t i = 1; i < header->level_count; i++) {
        const dtake__tiff_dir *dir = header->level[i].dir;
        header->overview[i - 1] =
            (dtake_overview){ dir->width, dir->height, dir->tile_width, dir->tile_height };
    }
    return DTAKE_OK;
}

/* An EPSG code when there is one, else WKT; text that PROJ does not read stays as it is, for a person to see.
 */
static char *crs_text(const char *text, int32_t *epsg)
{
    dtake__crs_facts facts;
    bool known = text[0] != '\0' && dtake__crs_facts_of(text, &facts, NULL) == DTAKE_OK;
    if (*epsg == 0 && known)
        *epsg = facts.epsg;
    if (*epsg != 0) {
        char code[24];
        snprintf(code, sizeof code, "EPSG:%d", (int)*epsg);
        return dtake__strdup(code);
    }
    dtake_buf wkt = DTAKE_BUF_INIT(256 << 10);
    if (!known || dtake__crs_to_wkt(text, false, &wkt, NULL) != DTAKE_OK) {
        dtake__buf_dispose(&wkt);
        return dtake__strdup(text);
    }
    return (char *)wkt.data;
}

static dtake_status fill_crs(dtake__header *header, dtake_error *err)
{
    dtake_buf text = DTAKE_BUF_INIT(64 << 10);
    int32_t epsg = 0;
    dtake_status st = dtake__tiff_crs(&header->tiff, &epsg, &text, err);
    if (st == DTAKE_E_NOMEM) {
        dtake__buf_dispose(&text);
        return st;
    }
    bool points_only = header->tiff.gcp_count > 0 && !header->tiff.has_transform;
    header->crs = crs_text(st == DTAKE_OK ? dtake__buf_str(&text) : "", &epsg);
    header->gcp_crs = dtake__strdup("");
    dtake__buf_dispose(&text);
    if (header->crs == NULL || header->gcp_crs == NULL)
        return dtake__fail_nomem(err, "open a raster");
    if (points_only) { /* then it says what the control points are in: the pixels are on no grid */
        char *keep = header->crs;
        header->crs = header->gcp_crs;
        header->gcp_crs = keep;
        epsg = 0;
    }
    header->info.epsg = epsg;
    return DTAKE_OK;
}

dtake_status dtake__header_fill(dtake__header *header, dtake_error *err)
{
    const dtake__tiff *tiff = &header->tiff;
    const dtake__tiff_dir *main = &tiff->dir[0];
    dtake_status st = fill_levels(header, err);
    if (st == DTAKE_OK)
        st = fill_crs(header, err);
    if (st != DTAKE_OK)
        return st;
    header->etag =
        dtake__strdup(dtake__object_is_remote(header->object) ? dtake__object_etag(header->object) : "");
    if (header->etag == NULL)
        return dtake__fail_nomem(err, "open a raster");
    header->info = (dtake_raster_info){
        .href = header->href,
        .driver = "GTiff",
        .width = main->width,
        .height = main->height,
        .bands = main->bands,
        .type = main->type,
        .tile_width = main->tile_width,
        .tile_height = main->tile_height,
        .compression = compression_name(main->compression),
        .predictor = main->predictor,
        .layout = tiff->cog      ? "COG"
                  : main->strips ? "strips"
                                 : "tiled",
        .interleave = main->planar || main->bands == 1 ? "band" : "pixel",
        .big_tiff = tiff->big_tiff,
        .big_endian = tiff->big_endian,
        .epsg = header->info.epsg,
        .crs = header->crs,
        .has_transform = tiff->has_transform,
        .transform = tiff->transform,
        .has_nodata = tiff->has_nodata,
        .nodata = tiff->nodata,
        .has_mask = header->level[0].mask != NULL || main->extra_alpha_band > 0,
        .band = tiff->band,
        .overview = header->overview,
        .overview_count = header->level_count - 1,
        .gcp = tiff->gcp,
        .gcp_count = tiff->gcp_count,
        .gcp_crs = header->gcp_crs,
        .file_bytes = dtake__object_bytes(header->object),
        .etag = header->etag,
    };
    return DTAKE_OK;
}

static bool same_double(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

bool dtake__header_same_grid(const dtake__header *a, const dtake__header *b)
{
    const dtake_raster_info *x = &a->info, *y = &b->info;
    if ((a->gdal != NULL) != (b->gdal != NULL) || x->width != y->width || x->height != y->height ||
        x->bands != y->bands || x->type != y->type || x->overview_count != y->overview_count ||
        x->has_mask != y->has_mask)
        return false;
    for (size_t i = 0; i < x->overview_count; i++)
        if (x->overview[i].width != y->overview[i].width || x->overview[i].height != y->overview[i].height)
            return false;
    return strcmp(x->crs, y->crs) == 0 && x->has_transform == y->has_transform &&
           (!x->has_transform || memcmp(&x->transform, &y->transform, sizeof x->transform) == 0) &&
           x->has_nodata == y->has_nodata && same_double(x->nodata, y->nodata);
}
