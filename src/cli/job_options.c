#include "cli/job_options.h"

#include "cli/catalog_items.h"
#include "cli/grid_options.h"
#include "cli/input.h"
#include "cli/query_options.h"
#include "core/error.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_ITEMS_BYTES = 256 * 1024 * 1024,
    MAX_AREA_BYTES = 16 * 1024 * 1024,
    MAX_GRAPH_BYTES = 64 * 1024 * 1024
};

bool dtake__mode_parse(const char *text, dtake_mode *out)
{
    *out = strcmp(text, "sequential") == 0  ? DTAKE_MODE_SEQUENTIAL
           : strcmp(text, "processes") == 0 ? DTAKE_MODE_PROCESSES
                                            : DTAKE_MODE_ASYNC;
    return *out != DTAKE_MODE_ASYNC || strcmp(text, "async") == 0;
}

void dtake__runtime_options_read(dtake_runtime_options *out, const dtake__args *args)
{
    int64_t timeout_ms = (int64_t)(dtake__args_f64(args, "timeout", 30) * 1000);
    int64_t retries = dtake__args_i64(args, "retries", 5);
    *out = (dtake_runtime_options){
        .workers = (int)dtake__args_i64(args, "workers", 0),
        .connections_per_host = (int)dtake__args_i64(args, "jobs", 0),
        .bytes_in_flight = dtake__args_i64(args, "memory", 0),
        .retries = retries == 0 ? -1 : (int)retries,
        .connect_timeout_ms = timeout_ms < 10000 ? timeout_ms : 10000,
        .first_byte_ms = timeout_ms,
        .low_speed_ms = timeout_ms,
        .max_bytes_s = dtake__args_i64(args, "max-rate", 0),
        .cache_dir = dtake__args_flag(args, "no-cache") ? "" : dtake__args_text(args, "cache-dir"),
    };
}

static dtake_status read_datetime(dtake_get_options *get, const dtake__args *args, dtake_error *err)
{
    char text[DTAKE__DATETIME_BYTES];
    const char *datetime;
    dtake_status st = dtake__datetime_option(args, text, &datetime, err);
    if (st != DTAKE_OK || datetime == NULL)
        return st;
    get->has_datetime = true;
    return dtake_interval_parse(datetime, &get->datetime, err);
}

static dtake_status read_area(dtake__job_options *out, const dtake__args *args, dtake_error *err)
{
    const char *bbox = dtake__args_text(args, "bbox"), *intersects = dtake__args_text(args, "intersects");
    dtake_status st = DTAKE_OK;
    if (bbox != NULL) {
        out->get.has_bbox = true;
        st = dtake_box_parse(bbox, &out->get.bbox, err);
    }
    if (st != DTAKE_OK || intersects == NULL)
        return st;
    const char *text = intersects + strspn(intersects, " \t\r\n");
    if (*text != '{') {
        st = dtake__input_read(&out->area, intersects, "the area", err);
        text = dtake__buf_str(&out->area);
        out->get.intersects_file = strcmp(intersects, "-") != 0 ? intersects : NULL;
        if (st == DTAKE_OK && strlen(text) != out->area.len)
            st = dtake__fail(err, DTAKE_E_FORMAT, "the area %s is not GeoJSON: it has a zero byte",
                             intersects);
    }
    out->get.intersects = text;
    return st;
}

/* Clouds were looked at by the catalogue, whatever its field is called; time and place are looked at twice.
 */
static dtake_status read_catalog(dtake__job_options *out, const dtake__args *args, dtake_error *err)
{
    if (args->input_count > 0)
        return dtake__fail(
            err, DTAKE_E_USAGE,
            "%s: inputs and images of a catalogue (--dataset, --collections) exclude each other",
            args->command->name);
    dtake_status st = dtake__catalog_items(&out->items, args, err);
    out->get.items_json = dtake__buf_str(&out->items);
    out->get.items_json_bytes = out->items.len;
    out->get.has_cloud = false;
    return st;
}

static dtake_status read_inputs(dtake__job_options *out, const dtake__args *args, dtake_error *err)
{
    const char *intersects = dtake__args_text(args, "intersects");
    bool is_stdin = false;
    if (dtake__queries_wanted(args))
        return read_catalog(out, args, err);
    if (args->input_count == 0)
        return dtake__fail(
            err, DTAKE_E_USAGE,
            "%s: no input given: datatake %s INPUT..., or images of a catalogue with -d DATASET; see "
            "datatake %s -h",
            args->command->name, args->command->name, args->command->name);
    for (size_t i = 0; i < args->input_count; i++)
        is_stdin = is_stdin || strcmp(args->inputs[i], "-") == 0;
    if (!is_stdin) {
        out->get.inputs = (const char *const *)args->inputs;
        out->get.input_count = args->input_count;
        return DTAKE_OK;
    }
    if (args->input_count > 1)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "- (items from standard input) cannot stand beside other inputs");
    if (intersects != NULL && strcmp(intersects, "-") == 0)
        return dtake__fail(err, DTAKE_E_USAGE, "items and --intersects cannot both come from standard input");
    dtake_status st = dtake__input_read(&out->items, "-", "items", err);
    out->get.items_json = dtake__buf_str(&out->items);
    out->get.items_json_bytes = out->items.len;
    if (st == DTAKE_OK && out->items.len == 0)
        st = dtake__fail(err, DTAKE_E_EMPTY, "read items from standard input: it was empty");
    return st;
}

static dtake_status read_pixels(dtake_get_options *get, const dtake__args *args, dtake_error *err)
{
    get->bands = dtake__args_list(args, "bands", &get->band_count);
    get->assets = dtake__args_list(args, "assets", &get->asset_count);
    get->raw = dtake__args_flag(args, "raw");
    get->has_unmask = dtake__args_text(args, "unmask") != NULL;
    get->unmask = dtake__args_f64(args, "unmask", 0);
    const char *visualize = dtake__args_text(args, "visualize");
    if (get->band_count > DTAKE_MAX_BANDS)
        return dtake__fail(err, DTAKE_E_USAGE, "--bands: at most %d bands", DTAKE_MAX_BANDS);
    if (get->asset_count > 0 && !get->raw)
        return dtake__fail(err, DTAKE_E_USAGE, "--assets goes with --raw; for pixels name --bands");
    if (get->raw && (get->band_count > 0 || visualize != NULL || get->scale_m > 0 || get->has_unmask))
        return dtake__fail(err, DTAKE_E_USAGE,
                           "--raw stores files as they are; it takes no --bands, --visualize, "
                           "--scale or --unmask");
    const char *palette = dtake__args_text(args, "palette");
    get->sample_type = dtake__args_text(args, "type");
    dtake_status st = visualize != NULL ? dtake_visualize_parse(visualize, &get->visualize, err) : DTAKE_OK;
    if (visualize == NULL && palette != NULL)
        get->visualize = (dtake_visualize){ .enabled = true, .opacity = 1 };
    return st == DTAKE_OK && palette != NULL ? dtake_palette_parse(palette, &get->visualize, err) : st;
}

/* A file, or the text itself, which has brackets. */
static dtake_status read_graph(dtake__job_options *out, const dtake__args *args, dtake_error *err)
{
    const char *path = dtake__args_text(args, "graph");
    if (path == NULL)
        return DTAKE_OK;
    if (strchr(path, '(') != NULL && access(path, F_OK) != 0) {
        out->get.graph = path;
        return DTAKE_OK;
    }
    dtake_status st = dtake__input_read(&out->graph, path, "the graph", err);
    out->get.graph = dtake__buf_str(&out->graph);
    if (st == DTAKE_OK && strlen(out->get.graph) != out->graph.len)
        st = dtake__fail(err, DTAKE_E_USAGE, "--graph %.200s: it has a zero byte", path);
    return st;
}

/* FILE,color=VALUE,width=PIXELS */
static dtake_status read_drawings(dtake__job_options *out, const dtake__args *args, dtake_error *err)
{
    char path[4096];
    const char *paint = dtake__args_text(args, "paint");
    out->get.mask_clouds = dtake__args_flag(args, "mask-clouds");
    out->get.expression = dtake__args_text(args, "expression");
    out->get.outline = dtake__args_text(args, "outline");
    dtake_status st = read_graph(out, args, err);
    if (strcmp(args->command->name, "composite") == 0) {
        out->get.composite = dtake__args_text(args, "method");
        out->get.by_month = strcmp(dtake__args_text(args, "by"), "month") == 0;
        out->get.quality = dtake__args_text(args, "quality");
    }
    if (paint == NULL || st != DTAKE_OK)
        return st;
    const char *rest = paint;
    dtake__next_piece(&rest, ',', path, sizeof path);
    st = dtake__input_read(&out->paint, path, "what to paint", err);
    if (st == DTAKE_OK && strlen(dtake__buf_str(&out->paint)) != out->paint.len)
        st = dtake__fail(err, DTAKE_E_FORMAT, "--paint %.200s is not GeoJSON: it has a zero byte", path);
    out->get.paint = dtake__buf_str(&out->paint);
    out->get.paint_style = rest;
    return st;
}

static dtake_status read_files(dtake_get_options *get, const dtake__args *args, dtake_error *err)
{
    const char *format = dtake__args_text(args, "of"), *mode = dtake__args_text(args, "mode");
    get->out_dir = dtake__args_text(args, "output");
    get->path_template = dtake__args_text(args, "template");
    get->format = strcmp(format, "cog") == 0      ? DTAKE_COG
                  : strcmp(format, "png") == 0    ? DTAKE_PNG
                  : strncmp(format, "jp", 2) == 0 ? DTAKE_JPEG
                  : strcmp(format, "npy") == 0    ? DTAKE_NPY
                                                  : DTAKE_GEOTIFF;
    get->jpeg_quality = (int32_t)dtake__args_i64(args, "jpeg-quality", 0);
    get->per_band = dtake__args_flag(args, "per-band");
    get->quicklook_px = (int32_t)dtake__args_i64(args, "quicklook", 0);
    get->max_pixels = dtake__args_i64(args, "max-pixels", 0);
    get->overwrite = dtake__args_flag(args, "overwrite");
    get->skip_existing = dtake__args_flag(args, "skip-existing");
    get->no_resume = dtake__args_flag(args, "no-resume");
    get->sheet_path = dtake__args_text(args, "sheet");
    get->explain_only = dtake__args_flag(args, "explain");
    get->no_cache = dtake__args_flag(args, "no-cache");
    get->processes = (int32_t)dtake__args_i64(args, "processes", 0);
    if (mode != NULL)
        dtake__mode_parse(mode, &get->mode);
    if (get->overwrite && get->skip_existing)
        return dtake__fail(err, DTAKE_E_USAGE, "--overwrite and --skip-existing exclude each other");
    return DTAKE_OK;
}

dtake_status dtake__job_options_read(dtake__job_options *out, const dtake__args *args, dtake_error *err)
{
    *out = (dtake__job_options){ .items = DTAKE_BUF_INIT(MAX_ITEMS_BYTES),
                                 .area = DTAKE_BUF_INIT(MAX_AREA_BYTES),
                                 .paint = DTAKE_BUF_INIT(MAX_AREA_BYTES),
                                 .graph = DTAKE_BUF_INIT(MAX_GRAPH_BYTES) };
    dtake__runtime_options_read(&out->runtime, args);
    out->get.has_cloud = dtake__args_text(args, "cloud") != NULL;
    out->get.cloud_max_pct = dtake__args_f64(args, "cloud", 0);
    out->get.max_items = dtake__args_i64(args, "max-items", 0);
    dtake_status st = read_files(&out->get, args, err);
    if (st == DTAKE_OK)
        st = dtake__grid_options_read(&out->get, args, err);
    if (st == DTAKE_OK)
        st = read_pixels(&out->get, args, err);
    if (st == DTAKE_OK)
        st = read_drawings(out, args, err);
    if (st == DTAKE_OK)
        st = read_datetime(&out->get, args, err);
    if (st == DTAKE_OK)
        st = read_area(out, args, err);
    return st == DTAKE_OK ? read_inputs(out, args, err) : st;
}

void dtake__job_options_dispose(dtake__job_options *options)
{
    dtake__buf_dispose(&options->items);
    dtake__buf_dispose(&options->area);
    dtake__buf_dispose(&options->paint);
    dtake__buf_dispose(&options->graph);
}
