/* Bands of Earth Engine as rasters: opened by their href, read through fetch.c. */
#include "sources/earthengine/pixels.h"

#include "core/alloc.h"
#include "core/error.h"
#include "format/json.h"
#include "geo/crs.h"
#include "io/workers.h"
#include "sources/earthengine/answer.h"
#include "sources/earthengine/item_bands.h"
#include "sources/earthengine/question.h"
#include "sources/earthengine/shared.h"
#include "sources/rasters.h"

#include <stdio.h>
#include <string.h>

/* Where blocks of large images are cut: a request is a few of them. */
enum { TILE_SIDE = 256, LEAST_LEVEL = 512 };

typedef struct opening {
    dtake_runtime *runtime;
    dtake__foreign_open *open;
    dtake__ee_pixels *pixels;
    bool cancelled, calls;
    dtake__ee_call call; /* of a band without its grid */
    dtake__work work;
    dtake_status status;
    dtake_error err;
} opening;

static void close_pixels(dtake__foreign *foreign)
{
    dtake__ee_pixels *p = (dtake__ee_pixels *)foreign;
    dtake__ee_band_dispose(&p->band);
    dtake__free(p->crs);
    dtake__free(p);
}

static dtake_status find_crs(dtake__ee_pixels *p, dtake_raster_info *info, dtake_error *err)
{
    dtake__crs_facts facts;
    char code[24];
    dtake_status st = dtake__crs_facts_of(p->band.crs, &facts, err);
    if (st != DTAKE_OK)
        return st;
    snprintf(code, sizeof code, "EPSG:%d", (int)facts.epsg);
    p->crs = dtake__strdup(facts.epsg != 0 ? code : p->band.crs);
    info->epsg = facts.epsg;
    info->crs = p->crs;
    return p->crs != NULL ? DTAKE_OK : dtake__fail_nomem(err, "open a band");
}

/* The service keeps each image at half the size, a quarter, and so on, as files have overviews: those whose
 * pixels are whole numbers of the image's. */
static size_t find_levels(dtake__ee_pixels *p)
{
    int64_t width = p->band.width, height = p->band.height;
    size_t count = 0;
    while (count < DTAKE__EE_MOST_LEVELS && width % 2 == 0 && height % 2 == 0 &&
           (width / 2 >= LEAST_LEVEL || height / 2 >= LEAST_LEVEL)) {
        width /= 2;
        height /= 2;
        p->level[count++] = (dtake_overview){ width, height, TILE_SIDE, TILE_SIDE };
    }
    return count;
}

static dtake_status tell_info(dtake__ee_pixels *p, dtake_raster_info *info, dtake_error *err)
{
    const dtake__ee_band *band = &p->band;
    p->named = (dtake_band){ .name = band->band, .color = "undefined", .scale = 1 };
    *info = (dtake_raster_info){
        .driver = "EarthEngine",
        .width = band->width,
        .height = band->height,
        .bands = 1,
        .type = band->type,
        .tile_width = TILE_SIDE,
        .tile_height = TILE_SIDE,
        .compression = "none",
        .predictor = 1,
        .layout = "",
        .interleave = "band",
        .has_transform = true,
        .transform = band->transform,
        .has_nodata = band->has_nodata,
        .nodata = band->nodata,
        .has_mask = !band->has_nodata,
        .band = &p->named,
        .overview = p->level,
        .overview_count = find_levels(p),
        .gcp_crs = "",
        .file_bytes = -1,
        .etag = "",
    };
    return find_crs(p, info, err);
}

static dtake_status describe(opening *o, dtake_error *err)
{
    dtake__ee_pixels *p = o->pixels;
    dtake_status st = dtake__ee_band_read(&p->band, o->open->href, err);
    if (st == DTAKE_OK)
        st = dtake__ee_shared(&p->service, o->runtime, p->band.source, NULL, err);
    return st == DTAKE_OK && p->band.has_grid ? tell_info(p, &o->open->info, err) : st;
}

/* --- a band whose href does not say what it is like --- */

/* Its bands, of what value:compute says of an image. */
static dtake_status find_bands(dtake__span result, dtake__span *bands, dtake_error *err)
{
    dtake__json_in in;
    dtake__json_quoted key;
    *bands = DTAKE__SPAN("[]");
    dtake__json_start(&in, result.text, result.len);
    if (dtake__json_peek(&in) == DTAKE__JSON_OBJECT)
        dtake__json_enter_object(&in);
    while (dtake__json_next_key(&in, &key))
        if (dtake__json_key_is(key, "bands") && dtake__json_peek(&in) == DTAKE__JSON_ARRAY)
            dtake__json_read_raw(&in, bands);
        else
            dtake__json_skip(&in);
    return dtake__json_finish(&in, err);
}

static void take_grid(dtake__ee_band *to, dtake__ee_band *from)
{
    to->has_grid = true;
    to->type = from->type;
    to->crs = from->crs;
    to->width = from->width;
    to->height = from->height;
    to->transform = from->transform;
    from->crs = NULL;
}

static dtake_status learn_grid(dtake__ee_band *band, const dtake_buf *body, dtake_error *err)
{
    dtake__span result, list;
    dtake__ee_bands bands = { 0 };
    dtake_status st = dtake__ee_answer_result(body, &result, err);
    if (st == DTAKE_OK)
        st = find_bands(result, &list, err);
    if (st == DTAKE_OK)
        st = dtake__ee_bands_read(&bands, band->source, band->asset, list, err);
    for (size_t i = 0; i < bands.count && st == DTAKE_OK; i++)
        if (strcmp(bands.band[i].band, band->band) == 0 && bands.band[i].has_grid && !band->has_grid)
            take_grid(band, &bands.band[i]);
    dtake__ee_bands_dispose(&bands);
    return st == DTAKE_OK && !band->has_grid
               ? dtake__fail(err, DTAKE_E_NOT_FOUND, "image %.200s has no band '%.60s' on a grid of its own",
                             band->asset, band->band)
               : st;
}

static void learn_run(dtake__work *work)
{
    opening *o = DTAKE__CONTAINER(work, opening, work);
    o->status = learn_grid(&o->pixels->band, &o->call.body, &o->err);
    if (o->status == DTAKE_OK)
        o->status = tell_info(o->pixels, &o->open->info, &o->err);
}

static void end_open(opening *o);

static void learnt(dtake__work *work)
{
    end_open(DTAKE__CONTAINER(work, opening, work));
}

static void answered(dtake__ee_call *call)
{
    opening *o = DTAKE__CONTAINER(call, opening, call);
    o->calls = false;
    o->status = call->status;
    if (call->status != DTAKE_OK) {
        o->err = call->err;
        end_open(o);
        return;
    }
    o->work.run = learn_run;
    o->work.done = learnt;
    dtake__workers_run(o->runtime, &o->work);
}

static bool asks(opening *o)
{
    dtake_buf body = DTAKE_BUF_INIT(64 << 10);
    o->call.done = answered;
    o->call.how = (dtake__ee_how){ .order = o->open->order, .tally = o->open->tally };
    o->status = dtake__ee_ask_image(o->pixels->band.asset, &body, &o->call.err);
    if (o->status == DTAKE_OK)
        o->status = dtake__ee_call_start(&o->call, o->pixels->service, "/value:compute", &body);
    dtake__buf_dispose(&body);
    o->calls = o->status == DTAKE_OK;
    o->err = o->call.err;
    return o->calls;
}

/* --- opening --- */

static void open_run(dtake__work *work)
{
    opening *o = DTAKE__CONTAINER(work, opening, work);
    o->status = describe(o, &o->err);
}

static void end_open(opening *o)
{
    dtake__foreign_open *open = o->open;
    open->status = o->status;
    if (o->cancelled)
        open->status = dtake__fail(&o->err, DTAKE_E_CANCELLED, "cancelled");
    if (open->status == DTAKE_OK)
        open->foreign = &o->pixels->foreign;
    else {
        open->err = o->err;
        close_pixels(&o->pixels->foreign);
    }
    dtake__buf_dispose(&o->call.body);
    dtake__free(o);
    open->done(open);
}

static void opened(dtake__work *work)
{
    opening *o = DTAKE__CONTAINER(work, opening, work);
    bool known = o->status != DTAKE_OK || o->pixels->band.has_grid || o->cancelled;
    if (known || !asks(o))
        end_open(o);
}

static const dtake__foreign_kind KIND;

static void start_open(dtake_runtime *runtime, dtake__foreign_open *open)
{
    opening *o = dtake__calloc(1, sizeof *o);
    dtake__ee_pixels *p = dtake__calloc(1, sizeof *p);
    if (o == NULL || p == NULL) {
        dtake__free(o);
        dtake__free(p);
        open->status = dtake__fail_nomem(&open->err, "open a band");
        open->done(open);
        return;
    }
    p->foreign.kind = &KIND;
    *o = (opening){ .runtime = runtime,
                    .open = open,
                    .pixels = p,
                    .work = { .run = open_run, .done = opened, .order = open->order } };
    open->own = o;
    dtake__workers_run(runtime, &o->work);
}

static void cancel_open(dtake__foreign_open *open)
{
    opening *o = open->own;
    o->cancelled = true;
    if (o->calls)
        dtake__ee_call_cancel(&o->call);
}

static void tell_version(const char *href, char *out, size_t size)
{
    dtake__ee_band band;
    out[0] = '\0';
    if (dtake__ee_band_read(&band, href, NULL) == DTAKE_OK && band.version > 0)
        snprintf(out, size, "\"%lld\"", (long long)band.version);
    dtake__ee_band_dispose(&band);
}

int64_t dtake__ee_sample_bytes(const dtake__ee_band *band)
{
    return (int64_t)dtake_type_bytes(band->type) + (band->has_nodata ? 0 : 1);
}

static int64_t bytes_of(const dtake__foreign *foreign, int64_t pixels)
{
    return pixels * dtake__ee_sample_bytes(&((const dtake__ee_pixels *)foreign)->band);
}

static const dtake__foreign_kind KIND = { .takes = dtake__ee_is_band,
                                          .version = tell_version,
                                          .open = start_open,
                                          .cancel_open = cancel_open,
                                          .read = dtake__ee_fetch_read,
                                          .cancel = dtake__ee_fetch_cancel,
                                          .bytes = bytes_of,
                                          .close = close_pixels };

const dtake__foreign_kind *dtake__source_rasters(void)
{
    return &KIND;
}
