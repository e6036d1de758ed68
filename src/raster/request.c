#include "raster/request.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/window.h"
#include "io/http.h"

#include <string.h>

/* Windows reach past edges, but not past all reason: sums stay far from overflow. */
static const int64_t MAX_ORIGIN = (int64_t)1 << 40;
static const int64_t MAX_DATA_BYTES = (int64_t)1 << 36;

static int64_t level_count(const dtake__header *header)
{
    return 1 + (int64_t)header->info.overview_count;
}

static dtake_status check(const dtake__header *header, const dtake_read *read, dtake_error *err)
{
    const dtake_raster_info *info = &header->info;
    dtake_window w = read->window;
    if (read->overview < 0 || read->overview >= level_count(header))
        return dtake__fail(err, DTAKE_E_RANGE, "read %s: overview %d: it has %zu", info->href,
                           (int)read->overview, info->overview_count);
    if (w.width <= 0 || w.height <= 0)
        return dtake__fail(err, DTAKE_E_RANGE, "read %s: a window of %lld x %lld pixels is empty", info->href,
                           (long long)w.width, (long long)w.height);
    if (w.col < -MAX_ORIGIN || w.row < -MAX_ORIGIN || w.col > MAX_ORIGIN || w.row > MAX_ORIGIN)
        return dtake__fail(err, DTAKE_E_RANGE, "read %s: a window at %lld, %lld", info->href,
                           (long long)w.col, (long long)w.row);
    for (size_t i = 0; read->bands != NULL && i < read->band_count; i++)
        if (read->bands[i] < 1 || read->bands[i] > info->bands)
            return dtake__fail(err, DTAKE_E_RANGE, "read %s: band %d: it has %d", info->href,
                               (int)read->bands[i], (int)info->bands);
    int64_t bands = read->bands != NULL ? (int64_t)read->band_count : info->bands;
    if (bands < 1 || bands > 65536)
        return dtake__fail(err, DTAKE_E_RANGE, "read %s: %lld bands", info->href, (long long)bands);
    if (w.width > MAX_DATA_BYTES / w.height / bands / (int64_t)(dtake_type_bytes(info->type) + 1))
        return dtake__fail(err, DTAKE_E_LIMIT, "read %s: a window of %lld x %lld pixels; read it in parts",
                           info->href, (long long)w.width, (long long)w.height);
    return DTAKE_OK;
}

static dtake__mask_source mask_source_of(const dtake__header *header, const dtake__raster_level *level)
{
    const dtake_raster_info *info = &header->info;
    if (level->mask != NULL)
        return DTAKE__MASK_DIRECTORY;
    if (info->has_nodata && dtake__nodata_fits(info->type, info->nodata))
        return DTAKE__MASK_NODATA;
    return level->dir->extra_alpha_band > 0 ? DTAKE__MASK_ALPHA : DTAKE__MASK_NONE;
}

dtake_window dtake__request_inside(const dtake__request *request, const dtake__header *header)
{
    const dtake_raster_info *info = &header->info;
    dtake_window all = { 0, 0, info->width, info->height };
    if (request->read.overview > 0) {
        all.width = info->overview[request->read.overview - 1].width;
        all.height = info->overview[request->read.overview - 1].height;
    }
    return dtake__window_meet(request->read.window, all);
}

static void choose_mask(dtake__request *request, const dtake__header *header)
{
    if (header->foreign != NULL) {
        request->mask_bands = request->band_count;
        return;
    }
    if (header->gdal != NULL) {
        dtake_window inside = dtake__request_inside(request, header);
        if (memcmp(&inside, &request->read.window, sizeof inside) != 0 || dtake__gdal_has_mask(header->gdal))
            request->mask_bands = request->band_count;
        return;
    }
    const dtake__raster_level *level = &header->level[request->read.overview];
    request->mask_source = mask_source_of(header, level);
    if (request->mask_source == DTAKE__MASK_NODATA)
        request->mask_bands = request->band_count;
    else if (request->mask_source != DTAKE__MASK_NONE ||
             dtake__canvas_has_outside(level->dir, request->read.window))
        request->mask_bands = 1;
}

dtake_status dtake__request_init(dtake__request *request, const dtake__header *header, const dtake_read *read,
                                 dtake_error *err)
{
    dtake_status st = check(header, read, err);
    if (st != DTAKE_OK)
        return st;
    const dtake_raster_info *info = &header->info;
    *request =
        (dtake__request){ .read = *read,
                          .band_count = read->bands != NULL ? (int32_t)read->band_count : info->bands };
    request->bands = dtake__calloc((size_t)request->band_count, sizeof *request->bands);
    if (request->bands == NULL)
        return dtake__fail_nomem(err, "read a window");
    for (int32_t i = 0; i < request->band_count; i++)
        request->bands[i] = read->bands != NULL ? read->bands[i] : i + 1;
    request->read.bands = request->bands;
    request->read.band_count = (size_t)request->band_count;
    request->fill = info->has_nodata && dtake__nodata_fits(info->type, info->nodata) ? info->nodata : 0;
    if (read->want_mask)
        choose_mask(request, header);
    return DTAKE_OK;
}

void dtake__request_dispose(dtake__request *request)
{
    dtake__free(request->bands);
    *request = (dtake__request){ 0 };
}

int64_t dtake__request_data_bytes(const dtake__request *request, const dtake__header *header)
{
    int64_t pixels = request->read.window.width * request->read.window.height;
    return pixels * request->band_count * (int64_t)dtake_type_bytes(header->info.type) +
           pixels * request->mask_bands;
}

dtake_status dtake__request_canvas(const dtake__request *request, const dtake__header *header,
                                   dtake__canvas *out, dtake_error *err)
{
    dtake_window w = request->read.window;
    size_t count = (size_t)(w.width * w.height);
    *out = (dtake__canvas){
        .window = w, .bands = request->bands, .mask_source = request->mask_source, .fill = request->fill
    };
    if (!dtake__header_is_other(header)) {
        out->dir = header->level[request->read.overview].dir;
        out->mask_dir = header->level[request->read.overview].mask;
    }
    out->pixels = (dtake_pixels){ .width = w.width,
                                  .height = w.height,
                                  .bands = request->band_count,
                                  .type = header->info.type,
                                  .mask_bands = request->mask_bands };
    size_t bytes = count * (size_t)request->band_count * dtake_type_bytes(header->info.type);
    bool made_of_data = !dtake__header_is_other(header) && request->mask_source == DTAKE__MASK_NODATA;
    out->pixels.data = dtake__header_is_other(header) ? dtake__calloc(1, bytes) : dtake__alloc(bytes);
    if (request->mask_bands > 0)
        out->pixels.mask = made_of_data ? dtake__alloc((size_t)request->mask_bands * count)
                                        : dtake__calloc((size_t)request->mask_bands, count);
    if (out->pixels.data != NULL && (request->mask_bands == 0 || out->pixels.mask != NULL))
        return DTAKE_OK;
    dtake_pixels_dispose(&out->pixels);
    return dtake__fail(err, DTAKE_E_NOMEM, "a window of %lld x %lld pixels: out of memory",
                       (long long)w.width, (long long)w.height);
}

/* For files a round trip is a system call; 20 us at 2 GB/s. */
static const dtake__merge_rule local_rule = { .rtt_ms = 0.02, .bandwidth_bytes_s = 2e9, .parallel = 1 };

/* Before anything was measured: what the client begins with. */
enum { UNMEASURED_PARALLEL = 64, WORTH_SPREADING = 4 };

/* How many connections the read may have for itself. */
static int64_t share_of(const dtake__http_path *path, int64_t parallel, int32_t windows_waiting)
{
    if (windows_waiting >= 0)
        return parallel / (1 + (int64_t)windows_waiting);
    return path->under_way < parallel ? parallel - path->under_way : 0;
}

/* The same by the budget: how many such windows it lets in at once, each with its pixels and at most as many
 * compressed bytes. Large ones come one after the other, whoever waits. */
static int64_t share_by_budget(dtake_runtime *runtime, int64_t parallel, int64_t data_bytes)
{
    double windows = (double)dtake__runtime_options_of(runtime)->bytes_in_flight / (2.0 * (double)data_bytes);
    return windows > 1 ? (int64_t)((double)parallel / windows) : parallel;
}

static dtake__merge_rule rule_of(const dtake__header *header, dtake_runtime *runtime, int32_t windows_waiting,
                                 int64_t data_bytes)
{
    if (!dtake__object_is_remote(header->object))
        return local_rule;
    dtake__http_path path = { .parallel = UNMEASURED_PARALLEL };
    dtake__merge_rule rule = { .parallel = UNMEASURED_PARALLEL };
    if (dtake__http_path_to(runtime, header->href, &path))
        rule = (dtake__merge_rule){ .rtt_ms = path.rtt_ms,
                                    .bandwidth_bytes_s = path.bandwidth_bytes_s,
                                    .parallel = path.parallel };
    int64_t share = share_of(&path, rule.parallel, windows_waiting);
    int64_t by_budget = share_by_budget(runtime, rule.parallel, data_bytes);
    rule.split = share == rule.parallel || by_budget >= WORTH_SPREADING;
    share = share > by_budget ? share : by_budget;
    rule.spread = share >= WORTH_SPREADING ? (int)share : 0;
    return rule;
}

/* One range of unknown size. */
static dtake_status plan_for_gdal(dtake__plan *plan, dtake_error *err)
{
    *plan = (dtake__plan){ .range_count = 1, .runs = 1 };
    plan->range = dtake__calloc(1, sizeof *plan->range);
    return plan->range != NULL ? DTAKE_OK : dtake__fail_nomem(err, "plan a window");
}

static dtake_status plan_for_foreign(const dtake__request *request, const dtake__header *header,
                                     dtake__plan *plan, dtake_error *err)
{
    dtake_window inside = dtake__request_inside(request, header);
    dtake_status st = plan_for_gdal(plan, err);
    if (st == DTAKE_OK && inside.width > 0) {
        int64_t bytes = header->foreign->kind->bytes(header->foreign, inside.width * inside.height);
        plan->bytes = plan->range[0].bytes = (uint64_t)bytes;
    }
    return st;
}

static bool has_band(const dtake__request *request, int32_t band)
{
    for (int32_t i = 0; i < request->band_count; i++)
        if (request->bands[i] == band)
            return true;
    return false;
}

dtake_status dtake__request_plan(const dtake__request *request, const dtake__header *header,
                                 dtake_runtime *runtime, int32_t windows_waiting, dtake__plan *plan,
                                 dtake_error *err)
{
    if (header->foreign != NULL)
        return plan_for_foreign(request, header, plan, err);
    if (header->gdal != NULL)
        return plan_for_gdal(plan, err);
    const dtake__raster_level *level = &header->level[request->read.overview];
    const dtake__tiff_dir *mask = request->mask_source == DTAKE__MASK_DIRECTORY ? level->mask : NULL;
    dtake__merge_rule rule =
        rule_of(header, runtime, windows_waiting, dtake__request_data_bytes(request, header));
    int32_t alpha = request->mask_source == DTAKE__MASK_ALPHA ? level->dir->extra_alpha_band : 0;
    if (alpha == 0 || has_band(request, alpha))
        return dtake__plan_make(plan, level->dir, mask, request->read.window, request->bands,
                                (size_t)request->band_count, &rule, err);
    int32_t *bands = dtake__calloc((size_t)request->band_count + 1, sizeof *bands);
    if (bands == NULL)
        return dtake__fail_nomem(err, "plan a window");
    memcpy(bands, request->bands, (size_t)request->band_count * sizeof *bands);
    bands[request->band_count] = alpha;
    dtake_status st = dtake__plan_make(plan, level->dir, mask, request->read.window, bands,
                                       (size_t)request->band_count + 1, &rule, err);
    dtake__free(bands);
    return st;
}

dtake_status dtake__raster_plan(const dtake_raster *raster, const dtake_read *read,
                                const dtake__raster_job *job, dtake__plan *plan, dtake_error *err)
{
    const dtake__header *header = dtake__raster_header(raster);
    dtake__request request;
    dtake_status st = dtake__request_init(&request, header, read, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__request_plan(&request, header, raster->runtime, job != NULL ? job->windows_waiting : -1, plan,
                             err);
    if (st != DTAKE_OK)
        dtake__error_prefix(err, "read %s", header->shown);
    dtake__request_dispose(&request);
    return st;
}

int64_t dtake__plan_held_bytes(const dtake__plan *plan)
{
    uint64_t total = 0, largest = 0;
    for (size_t i = 0; i < plan->range_count; i++) {
        total += plan->range[i].bytes;
        largest = plan->range[i].bytes > largest ? plan->range[i].bytes : largest;
    }
    uint64_t most = DTAKE__READ_AHEAD_BYTES + largest;
    return (int64_t)(total < most ? total : most);
}

int64_t dtake__raster_read_bytes(const dtake_raster *raster, const dtake_read *read)
{
    const dtake__header *header = dtake__raster_header(raster);
    dtake__request request;
    dtake__plan plan = { 0 };
    if (dtake__request_init(&request, header, read, NULL) != DTAKE_OK)
        return 0;
    int64_t bytes = dtake__request_data_bytes(&request, header);
    if (dtake__request_plan(&request, header, raster->runtime, INT32_MAX, &plan, NULL) == DTAKE_OK)
        bytes += dtake__plan_held_bytes(&plan);
    dtake__plan_dispose(&plan);
    dtake__request_dispose(&request);
    return bytes;
}
