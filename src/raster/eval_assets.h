/* Assets of a graph: where images and collections come from, and how they stay unread until somebody asks.
 *
 * An image that was loaded may have its properties only; its bands are made when pixels or their description
 * are asked for, and what functions make of such an image waits likewise. A collection that was loaded is a
 * query and the functions to be mapped over what it finds. */
#ifndef DTAKE_RASTER_EVAL_ASSETS_H
#define DTAKE_RASTER_EVAL_ASSETS_H

#include "query/filter.h"
#include "raster/eval_value.h"

/* Which images of a collection are wanted. All of it may be ignored, it only saves work: whoever asked looks
 * at each image once more. */
typedef struct dtake__asset_query {
    const char *id;          /* of the collection, "COPERNICUS/S2_SR" */
    double start_ms, end_ms; /* of system:time_start; the end does not belong to it; +-HUGE_VAL: open */
    bool has_box;
    dtake_box box;               /* each image that is wanted meets it */
    const dtake__filter *filter; /* fields are properties by their Earth Engine names; NULL: all */
} dtake__asset_query;

/* Takes the images in the order of the collection. *enough: no more are wanted. */
typedef dtake_status dtake__asset_sink(void *sink, const dtake__image_value *image, bool *enough,
                                       dtake_error *err);

/* Called with the `ctx` of dtake__eval_new, on the thread that evaluates. What they make lives in
 * dtake__eval_slab. Unknown ids: DTAKE_E_NOT_FOUND. */
typedef struct dtake__assets {
    /* The bands of an image for which dtake__image_later was called. */
    dtake_status (*bands)(void *ctx, dtake__eval *eval, const void *token, dtake__image_value *out,
                          dtake_error *err);
    /* Images of a collection, each as the image loader makes one. */
    dtake_status (*collection)(void *ctx, dtake__eval *eval, const dtake__asset_query *query,
                               dtake__asset_sink *sink, void *sink_ctx, dtake_error *err);
    /* What is known of a collection without looking at its images: id, version, properties. */
    dtake_status (*describe)(void *ctx, dtake__eval *eval, const char *id, dtake__collection_value *out,
                             dtake_error *err);
    /* A table as a collection of features; NULL: there are none. */
    dtake_status (*table)(void *ctx, dtake__eval *eval, const char *id, dtake__value *out, dtake_error *err);
} dtake__assets;

/* `assets` outlives the evaluation. Single images come from the loader that dtake__eval_new got. */
void dtake__eval_set_assets(dtake__eval *eval, const dtake__assets *assets);

/* For loaders: an image without bands yet, which `bands` makes of the token when they are needed. */
dtake_status dtake__image_later(dtake__eval *eval, dtake__image_value *image, const void *token,
                                dtake_error *err);

/* For loaders: adds a property, or replaces it; `properties` may be NULL. */
dtake_status dtake__properties_set(dtake__eval *eval, const dtake__value **properties, const char *name,
                                   dtake__value value, dtake_error *err);
/* NULL: it has none of that name, or it is null. */
const dtake__value *dtake__properties_get(const dtake__value *properties, const char *name);

/* --- for the evaluator and the functions --- */

/* The bands are there afterwards. */
dtake_status dtake__image_need(dtake__eval *eval, const dtake__image_value *image, dtake_error *err);

/* An image that will come of a call whose first argument has no bands yet. */
dtake_status dtake__image_postpone(dtake__call *call, dtake__node node, dtake_error *err);
bool dtake__image_may_wait(const dtake__call *call);

/* The properties that the result of a call has from its first argument. */
dtake_status dtake__image_inherit(dtake__call *call, dtake_error *err);

/* A collection that is a query. */
dtake_status dtake__collection_load(dtake__eval *eval, const char *id, dtake__value *out, dtake_error *err);

/* A table of features. */
dtake_status dtake__table_load(dtake__eval *eval, const char *id, dtake__value *out, dtake_error *err);

/* *collection has its items afterwards (and is then read like a list). */
dtake_status dtake__collection_need(dtake__eval *eval, dtake__value *collection, dtake_error *err);

/* The collection with one thing more to be done; items are not looked at where that can be put off. */
dtake_status dtake__collection_filter(dtake__eval *eval, const dtake__value *from,
                                      const dtake__filter_value *filter, dtake__value *out, dtake_error *err);
dtake_status dtake__collection_map(dtake__eval *eval, const dtake__value *from,
                                   const dtake__closure *function, bool drop_nulls, dtake__value *out,
                                   dtake_error *err);
dtake_status dtake__collection_first(dtake__eval *eval, const dtake__value *from, size_t count,
                                     dtake__value *out, dtake_error *err);

enum {
    DTAKE__MAX_ELEMENTS = 5000,  /* of a collection that is answered */
    DTAKE__MAX_LOADED = 1000000, /* images of a collection that are looked at */
};

#endif
