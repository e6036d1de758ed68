/* Earth Engine's REST API: what its routes (route_earthengine_*.c) share. Every method is one call of rest.h;
 * the path says which. */
#ifndef DTAKE_SERVER_EARTHENGINE_H
#define DTAKE_SERVER_EARTHENGINE_H

#include "access/evaluate.h"
#include "server/earthengine_flights.h"
#include "server/earthengine_names.h"
#include "server/exchange.h"
#include "server/rest.h"

/* The service's own limits. */
enum {
    DTAKE__EE_BODY_BYTES = 10 << 20,
    DTAKE__EE_PIXEL_BYTES = 48 << 20, /* of one answer: samples, and a byte of mask a pixel and band */
    DTAKE__EE_SIDE_MAX = 32768,
    DTAKE__EE_THUMB_SIDE_MAX = 10000,
    DTAKE__EE_BANDS_MAX = 1024,
    DTAKE__EE_ELEMENTS_MAX = 5000,
};

typedef struct dtake__ee_service { /* server->earthengine */
    dtake_client *client;
    dtake_runtime *runtime; /* its own: pixels are read with more memory than pages of datapoints */
    dtake__evaluator *evaluator;
    dtake__ee_names_kept *names;
    dtake__ee_flights *flights; /* of pixels */
    dtake__ee_flights *values;  /* of values, which need no files for the most part, but memory */
    int64_t max_pixels;         /* of an image; 0: no limit of its own */
} dtake__ee_service;

/* One call, until it is answered. */
typedef struct dtake__ee_asked {
    dtake__ee_service *service;
    dtake__rpc_call *call;
    const char *path; /* behind "/v1/" */
    char project[128];
    const char *rest;     /* behind "projects/X/" */
    dtake__span body;     /* JSON */
    dtake_buf answer;     /* JSON, unless a type was set */
    dtake__rpc_code code; /* of a failure; OK: the one that fits its status */
    dtake__ee_patience patience;
} dtake__ee_asked;

typedef dtake_status dtake__ee_method(dtake__ee_asked *asked, dtake_error *err);

dtake__ee_method dtake__ee_discovery, dtake__ee_algorithms, dtake__ee_compute_value, dtake__ee_make_thumbnail,
    dtake__ee_thumbnail_pixels, dtake__ee_compute_pixels, dtake__ee_asset_pixels, dtake__ee_get_asset,
    dtake__ee_list_assets, dtake__ee_compute_images, dtake__ee_compute_features, dtake__ee_make_table,
    dtake__ee_table_features, dtake__ee_make_map, dtake__ee_map_tile, dtake__ee_config, dtake__ee_operations;

/* A failure with a code of its own. */
dtake_status dtake__ee_no(dtake__ee_asked *asked, dtake__rpc_code code, dtake_error *err, const char *fmt,
                          ...) DTAKE_PRINTF(4, 5);
/* {"name": "projects/P/KIND/ID"} for something that is kept under a name that nobody can guess. */
dtake_status dtake__ee_answer_name(dtake__ee_asked *asked, const char *kind, dtake__span kept,
                                   dtake_error *err);
/* The last segment of a name before ':' or '/', and what is kept under it. DTAKE_E_NOT_FOUND. The caller
 * disposes of *out. */
dtake_status dtake__ee_kept(dtake__ee_asked *asked, const char *kind, dtake_buf *out, dtake_error *err);

/* A graph that came as JSON. */
typedef struct dtake__ee_graph {
    dtake__graph *graph;
    dtake__node node;
    dtake__evaluation *evaluation;
} dtake__ee_graph;
/* `out` is to be disposed of in any case. */
dtake_status dtake__ee_graph_read(dtake__ee_graph *out, dtake__ee_service *service,
                                  const dtake__ee_patience *patience, dtake__span expression,
                                  dtake_error *err);
void dtake__ee_graph_dispose(dtake__ee_graph *graph);

#endif
