/* The get job: many images, each cut, visualised and written. */
#ifndef DATATAKE_GET_H
#define DATATAKE_GET_H

#include <datatake/grid.h>
#include <datatake/runtime.h>
#include <datatake/time.h>

typedef enum dtake_mode {
    DTAKE_MODE_ASYNC,      /* everything at once, one process */
    DTAKE_MODE_SEQUENTIAL, /* one image after another, the whole engine inside each */
    DTAKE_MODE_PROCESSES,  /* several processes, each asynchronous */
} dtake_mode;

typedef enum dtake_file_format {
    DTAKE_GEOTIFF,
    DTAKE_COG,
    DTAKE_PNG,
    DTAKE_JPEG, /* uint8 of 1 or 3 bands; masked pixels are black */
    DTAKE_NPY,  /* numpy: a record a pixel, a field a band; masked samples are nodata, without one 0 */
} dtake_file_format;

enum { DTAKE_MAX_BANDS = 16, DTAKE_MAX_PALETTE = 256 };

/* Earth Engine's visualize. Lists have one value for all bands or one a band. Exactly one of min/max and
 * gain/bias is used. */
typedef struct dtake_visualize {
    bool enabled;
    int32_t min_count, max_count, gain_count, bias_count, gamma_count;
    double min[DTAKE_MAX_BANDS], max[DTAKE_MAX_BANDS];
    double gain[DTAKE_MAX_BANDS], bias[DTAKE_MAX_BANDS];
    double gamma[DTAKE_MAX_BANDS];
    int32_t palette_count;
    uint8_t palette[DTAKE_MAX_PALETTE][3]; /* red, green, blue */
    double opacity;                        /* 1: opaque */
} dtake_visualize;

/* Reads "000:fff", "viridis" or "viridis_r" (that from its other end) into the palette. DTAKE_E_USAGE. */
DTAKE_API dtake_status dtake_palette_parse(const char *text, dtake_visualize *out, dtake_error *err);

/* Reads "min=0,max=5000,gamma=1.35:1.2:1,palette=000:fff". DTAKE_E_USAGE names the key. */
DTAKE_API dtake_status dtake_visualize_parse(const char *text, dtake_visualize *out, dtake_error *err);

/* Zero-initialise; pointers are borrowed until dtake_get_start returns. */
typedef struct dtake_get_options {
    const char *const *inputs; /* item, item collection or NDJSON (path, URL), folder, raster (path, URL) */
    size_t input_count;
    const char *items_json; /* items given as text instead (what the command line reads from "-"); or NULL */
    size_t items_json_bytes;
    const char *items_base; /* href that relative hrefs of items_json start from; NULL: the working folder */

    bool has_bbox;
    dtake_box bbox;
    const char *intersects;      /* GeoJSON text; selects items and masks pixels outside; or NULL */
    const char *intersects_file; /* where that was read from: what a receipt says of one too long for it; or
                                    NULL */
    bool has_datetime;
    dtake_interval datetime;
    bool has_cloud;
    double cloud_max_pct; /* strictly less; items without eo:cloud_cover do not pass */
    int64_t max_items;    /* 0: all */

    const char *const *bands; /* asset keys, eo:bands names, common names; or "2" of a raster input */
    size_t band_count;        /* 0: all of a raster; an error for items with several data assets */

    /* The output's grid (docs/grids.md); with none of these the finest band's own. */
    const char *crs;     /* "EPSG:n", WKT, a PROJ string, or "utm": the zone of the area; NULL: the band's */
    double scale_m;      /* metres a pixel; 0: not given */
    double res_x, res_y; /* units of the CRS a pixel; 0: not given; res_y 0: as res_x */
    bool has_extent;     /* outer edges, in units of the CRS */
    double x_min, y_min, x_max, y_max;
    int64_t size_width, size_height; /* pixels; 0: not given, one of them follows from the other */
    bool align;                      /* the extent is widened to whole multiples of the resolution */
    dtake_resampling resampling;
    /* Of that grid only this window, in pixels from its corner: the very pixels that all of it would have
     * there. 0 wide and high: all. DTAKE_E_RANGE for an image whose grid does not hold it. */
    int64_t part_col, part_row, part_width, part_height;
    /* Pixels are computed in this order (docs/graph.md). */
    bool mask_clouds;       /* by the item's scene classes or quality bits (SCL, QA_PIXEL, Fmask, QA60) */
    const char *expression; /* "ndvi=(B8-B4)/(B8+B4)", several with ';' between them; NULL: the bands */
    const char *graph; /* instead of an expression: the text of a graph (docs/graph.md) in which `image` is
                          the image and `area` what it is cut to; NULL: none */
    const char *composite; /* all images as one: "median", "mean", "count", "mosaic" (the last on top),
                              "quality";  NULL: each by itself. Needs bands or an expression */
    bool by_month;         /* one composite a month */
    const char *quality;   /* the band, or name of an expression, that decides; the greatest wins */
    bool has_unmask;
    double unmask;
    dtake_visualize visualize;
    const char *paint;       /* GeoJSON text: its areas are painted; NULL: none */
    const char *paint_style; /* "color=1,width=2": numbers, or names of properties; NULL: 0, filled */
    const char *outline;     /* "blue,2": the area's outline, in pixels; NULL: none */
    const char
        *sample_type; /* "float32", "uint8" ...: what the file's samples are, cut to its range and cut
                         off towards zero as Earth Engine's casts; NULL: the smallest that holds them */

    bool raw;                  /* store the assets' own bytes */
    const char *const *assets; /* keys, with raw */
    size_t asset_count;

    const char *out_dir;       /* made if missing */
    const char *path_template; /* NULL: "{id}.{ext}" ("{id}_{asset}.{ext}" with raw, and one file a band) */
    dtake_file_format format;
    int32_t jpeg_quality; /* 1 to 100; 0: 90 */
    bool per_band;        /* one file a band of `bands`, whose name is {asset}, instead of one for all */
    int64_t max_pixels;   /* of one image; more is an error before anything is read; 0: as memory allows */
    /* A target that exists already and whose receipt says that it is what would be made, of the same versions
     * of the same sources, is left and counted as skipped (docs/resume.md). Of any other target: */
    bool overwrite;         /* default: it is an error for that item */
    bool skip_existing;     /* default off: it is left and counted as skipped */
    const char *sheet_path; /* contact sheet PNG of all images; NULL: none */
    int32_t quicklook_px;   /* beside each file "ID.quicklook.png", at most so wide and high; 0: none */

    dtake_mode mode;
    int32_t processes;   /* with DTAKE_MODE_PROCESSES; 0: one a core */
    const char *program; /* the datatake program, for DTAKE_MODE_PROCESSES; NULL: found by itself */
    int32_t shard_index, shard_count; /* take items i with i % count == index; count 0: all */
    bool explain_only;                /* plan: read headers, no pixels, write nothing */
    bool no_cache;                    /* leave the header cache alone */
    bool no_resume; /* make every file from the start: neither go on with what an ended process left
                       unfinished, nor leave finished files whose receipt fits (docs/resume.md) */
} dtake_get_options;

typedef struct dtake_job dtake_job;

typedef enum dtake_item_state {
    DTAKE_ITEM_WAITING,
    DTAKE_ITEM_OPENING,
    DTAKE_ITEM_FETCHING,
    DTAKE_ITEM_ENCODING,
    DTAKE_ITEM_WRITING,
    DTAKE_ITEM_DONE,
    DTAKE_ITEM_SKIPPED,
    DTAKE_ITEM_FAILED,
} dtake_item_state;

enum { DTAKE_ACTIVE_ITEMS = 16, DTAKE_NAME_BYTES = 96 };

typedef struct dtake_item_progress {
    char name[DTAKE_NAME_BYTES];
    dtake_item_state state;
    int64_t bytes_done, bytes_total; /* compressed bytes; total 0 while unknown */
} dtake_item_progress;

/* A snapshot anyone may take, as often as they like. Bytes are bytes on the wire (or read from disk). */
typedef struct dtake_progress {
    bool finished;
    bool items_known; /* false while inputs are still read */
    int64_t items_total, items_done, items_failed, items_skipped;
    int64_t bytes_done, bytes_total; /* total grows while headers arrive */
    int64_t requests, retries;
    int32_t connections;
    double seconds;       /* since the start */
    int32_t active_count; /* items under way, the first DTAKE_ACTIVE_ITEMS of them in `active` */
    dtake_item_progress active[DTAKE_ACTIVE_ITEMS];
} dtake_progress;

/* One finished item. Strings belong to the job and live until the next dtake_job_result or dtake_job_free. */
typedef struct dtake_result {
    const char *id;
    const char *asset;   /* with raw; else "" */
    const char *path;    /* "" if nothing was written */
    const char *sha256;  /* hex, of the file; "" if none */
    const char *message; /* why it failed; "" otherwise */
    const char *href;    /* of its first source; "" if it never had one */
    const char
        *again; /* of an item that failed: a STAC Item of one line that, as an input, tries it again; "" */
    dtake_status status;
    bool skipped;
    int64_t bytes;      /* of the file */
    int64_t wire_bytes; /* fetched for it */
    int32_t requests, retries;
    int64_t width, height;
    double seconds;
} dtake_result;

/* What the job cost against the ideal time of docs/ideal-time.md, and where time was lost. */
typedef struct dtake_cost {
    double seconds, ideal_seconds;
    int64_t requests, requests_min;
    int64_t bytes, bytes_min;
    int64_t header_requests;
    int64_t tiles;
    int64_t ranges;
    int32_t round_trips;      /* serial round trips of the plan */
    double rtt_ms;            /* measured; 0 if nothing was fetched over the network */
    double bandwidth_bytes_s; /* measured */
    double latency_seconds, transfer_seconds,
        cpu_seconds; /* the three bounds of which ideal is the largest */
    double cpu_used_seconds;
    int64_t retries;
    double retry_wait_seconds;
    int64_t peak_rss_bytes;
    char why[256]; /* one sentence: what the difference to the ideal went into */
} dtake_cost;

DTAKE_API dtake_status dtake_get_start(dtake_job **out, dtake_runtime *runtime,
                                       const dtake_get_options *options, dtake_error *err);
DTAKE_API void dtake_job_progress(const dtake_job *job, dtake_progress *out);
DTAKE_API void dtake_job_cancel(dtake_job *job);

/* Results in the order in which they finished: index 0, 1, ... Returns false while there are fewer (or when
 * memory has run out). One thread at a time. */
DTAKE_API bool dtake_job_result(const dtake_job *job, size_t index, dtake_result *out);

/* Waits until the job has finished or `timeout_ms` passed (negative: for ever); true when finished. */
DTAKE_API bool dtake_job_wait(dtake_job *job, int64_t timeout_ms);

/* Calls `done` when the job has finished; at most one a job. */
typedef void (*dtake_job_fn)(dtake_status status, dtake_job *job, void *ctx);
DTAKE_API dtake_status dtake_job_notify(dtake_job *job, dtake_job_fn done, void *ctx);

/* Calls `done`, which must not free the job, as soon as there is a result `index`, or the job has finished
 * with fewer; one at a time a job. DTAKE_E_STATE: there is nothing to wait for (any more), or another one
 * waits. */
DTAKE_API dtake_status dtake_job_notify_result(dtake_job *job, size_t index, dtake_job_fn done, void *ctx);

/* After it finished: DTAKE_OK, DTAKE_E_PARTIAL, DTAKE_E_CANCELLED, or what stopped it before the first item.
 */
DTAKE_API dtake_status dtake_job_status(const dtake_job *job, dtake_error *err);
DTAKE_API void dtake_job_cost(const dtake_job *job, dtake_cost *out);
/* The plan of an explain_only job as a JSON document; the job's own, until dtake_job_free. */
DTAKE_API const char *dtake_job_plan_json(const dtake_job *job);
DTAKE_API void dtake_job_free(dtake_job *job); /* cancels and waits if it still runs */

#endif
