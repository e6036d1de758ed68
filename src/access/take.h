/* One image under way: from its headers to its file. Lives on the loop thread from dtake__take_start until
 * its result is with the job; the CPU work in between runs on workers. */
#ifndef DTAKE_ACCESS_TAKE_H
#define DTAKE_ACCESS_TAKE_H

#include "access/job.h"
#include "access/take_blocks.h"
#include "io/budget.h"
#include "output/output.h"
#include "raster/reader.h"

typedef struct dtake__raw dtake__raw;
typedef struct dtake__finished dtake__finished;

struct dtake__take {
    dtake_job *job;
    dtake__image *image;
    dtake_get_options options; /* the job's; of one file a band those of that band */
    char *expression;          /* the part of options.expression, when it is not the job's */
    dtake__take *prev, *next_active;
    int64_t start_us;
    dtake__tally tally; /* its parent is the job's */
    atomic_int state;   /* dtake_item_state */
    atomic_int_least64_t bytes_done, bytes_total;
    dtake_status status; /* the first failure */
    dtake_error err;
    bool skipped;
    int restarts;   /* because an object changed under way */
    size_t pending; /* callbacks that must still come */
    dtake__work work;
    dtake__budget_wait budget;
    bool waiting; /* for the budget */
    int64_t held; /* bytes of the budget */

    dtake__layer layer[DTAKE__MAX_SOURCES];
    dtake__raster_op *op[DTAKE__MAX_SOURCES];
    size_t layer_count;
    dtake__place *place; /* one a band of the output */
    char **band_name;    /* the same; "" without */
    size_t place_count;
    dtake__grid grid;
    dtake__blocks blocks;
    dtake__facts facts;
    dtake_pixels pixels;
    dtake__output output;
    dtake__raw *raw; /* with raw: instead of the layers */

    json_t *receipt;           /* of the file that is there already, when it may be the one to make */
    dtake__finished *finished; /* while its sources are asked for their versions */
    bool drawn_only;           /* the file is there; only the contact sheet needs the pixels */
    char *receipt_text;        /* of the file to be written */
    dtake_buf quicklook;       /* a small picture, to be stored beside it */
};

/* Loop thread. The take frees itself; it may be over before this returns. Takes `image`; DTAKE_E_NOMEM: it
 * is still the caller's. */
dtake_status dtake__take_start(dtake_job *job, dtake__image *image);
void dtake__take_cancel(dtake__take *take);

/* For its own files: */
void dtake__take_note(dtake__take *take, dtake_status status,
                      const dtake_error *err); /* keeps the first failure */
void dtake__take_finish(dtake__take *take);
/* Notes it, told of the layer's file and band. */
void dtake__take_note_layer(dtake__take *take, size_t layer, dtake_status status, const dtake_error *err);
bool dtake__take_begins_again(dtake__take *take, dtake_status why); /* counts it; false: no more */
void dtake__take_set_state(dtake__take *take, dtake_item_state state);

/* The same, told of the image, whatever file it was. */
void dtake__take_note_item(dtake__take *take, dtake_status status, dtake_error *why);
bool dtake__take_stopped(dtake__take *take); /* failed, or cancelled, which is noted then */
void dtake__take_work(dtake__take *take, void (*run)(dtake__work *), void (*done)(dtake__work *));
void dtake__take_work_on(dtake__take *take, void (*pool)(dtake_runtime *, dtake__work *),
                         void (*run)(dtake__work *), void (*done)(dtake__work *));
void dtake__take_drop_attempt(dtake__take *take);

/* take_pixels.c, then take_file.c: on the loop thread, to the take's end */
void dtake__take_open(dtake__take *take);
void dtake__take_pixels_ended(dtake__take *take); /* in success and failure */
void dtake__take_make_file(dtake__take *take);

/* The nodata value the files share; masked pixels become it. What was unmasked or visualised has none left.
 */
bool dtake__take_nodata(const dtake__take *take, double *out);

/* Whether all that the pixels go to has one mask for all bands. */
bool dtake__take_has_one_mask(const dtake__take *take);

/* take_layers.c: CPU work. */
dtake_status dtake__take_make_layers(dtake__take *take, dtake_error *err);   /* one a distinct file */
dtake_status dtake__take_resolve_bands(dtake__take *take, dtake_error *err); /* all layers are open */
dtake_status dtake__take_plan(dtake__take *take,
                              dtake_error *err); /* grid, facts, budget.bytes, image->plan */
dtake__raster_job dtake__take_raster_job(dtake__take *take);
dtake_read dtake__take_read(const dtake__layer *layer, dtake_window window);

/* pictures.c: image->picture; explain_only: without pixels. CPU work. */
dtake_status dtake__picture_make(dtake__take *take, dtake_error *err);

/* take_file.c: the nodata value the files share; masked pixels become it. What was unmasked or visualised has
 * none left. */
bool dtake__take_nodata(const dtake__take *take, double *out);

/* The graph's bands, and so their names, are others than those that were read. */
void dtake__take_name_bands(dtake__take *take);

/* quicklook.c: CPU work, then on the loop thread to `then`. */
bool dtake__quicklook_missing(const dtake__take *take);
dtake_status dtake__quicklook_make(dtake__take *take, dtake_error *err);
void dtake__quicklook_store(dtake__take *take, void (*then)(dtake__work *));

/* raw.c */
void dtake__raw_start(dtake__take *take);
void dtake__raw_cancel(dtake__take *take);
void dtake__raw_free(dtake__raw *raw);

#endif
