/* Graphs over the images of a catalogue, as Earth Engine evaluates them: to a value, or to pixels on a grid.
 *
 * Bands are made of what an image's item says of its files, and only those that a result needs are opened;
 * when a file turns out to be another grid or type, the graph is evaluated once more with what is now known.
 */
#ifndef DTAKE_ACCESS_EVALUATE_H
#define DTAKE_ACCESS_EVALUATE_H

#include "access/ee_files.h"
#include "access/ee_map.h"
#include "core/buf.h"
#include "raster/eval_value.h"

typedef struct dtake__evaluator dtake__evaluator; /* for any number of evaluations, on any threads */

dtake_status dtake__evaluator_open(dtake__evaluator **out, dtake_client *client, dtake_runtime *runtime,
                                   dtake_error *err);
void dtake__evaluator_close(dtake__evaluator *evaluator); /* NULL is fine */
/* Ids of collections and the datasets behind them, as of now. */
dtake_status dtake__evaluator_map(dtake__evaluator *evaluator, dtake__ee_map *out, dtake_error *err);

typedef struct dtake__evaluation dtake__evaluation;

/* `graph` and `patience` outlive it. Everything below blocks, and computes on the caller's thread. */
dtake_status dtake__evaluation_new(dtake__evaluation **out, dtake__evaluator *evaluator,
                                   const dtake__graph *graph, const dtake__ee_patience *patience,
                                   dtake_error *err);
void dtake__evaluation_free(dtake__evaluation *evaluation); /* NULL is fine */

/* What `show` makes of the value of a node, once all that is known of its files is true; it may be asked more
 * than once, with `out` empty. */
typedef dtake_status dtake__evaluation_show(dtake__eval *eval, const dtake__value *value, void *ctx,
                                            dtake_buf *out, dtake_error *err);
dtake_status dtake__evaluation_value(dtake__evaluation *evaluation, dtake__node node,
                                     dtake__evaluation_show *show, void *ctx, dtake_buf *out,
                                     dtake_error *err);

/* The image that a node is, or these bands of it, in their order; their files are open. Good until the next
 * evaluation. `bands` NULL or empty: all. DTAKE_E_EMPTY: it has none. */
dtake_status dtake__evaluation_image(dtake__evaluation *evaluation, dtake__node node,
                                     const dtake__strings *bands, const dtake__image_value **out,
                                     dtake_error *err);
/* The type that holds all of its bands. */
dtake_type dtake__evaluation_type(const dtake__evaluation *evaluation, const dtake__image_value *image);
/* Pixels of the grid, with a mask a band unless nothing is masked. DTAKE_E_LIMIT: even one pixel needs more
 * memory than there is for it. */
dtake_status dtake__evaluation_pixels(dtake__evaluation *evaluation, const dtake__image_value *image,
                                      const dtake__raster_grid *grid, dtake_pixels *out, dtake_error *err);

#endif
