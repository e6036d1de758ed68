/* Between the files of an evaluation. */
#ifndef DTAKE_ACCESS_EVALUATING_H
#define DTAKE_ACCESS_EVALUATING_H

#include "access/ee_item.h"
#include "access/evaluate.h"
#include "raster/eval_assets.h"
#include "raster/eval_program.h"

/* A band as the expressions know it: what dtake__op_source points to. Lives in the slab of its evaluation. */
typedef struct dtake__ee_source {
    const dtake__ee_image *image;
    const dtake__ee_band *band;
    dtake__ee_file *file; /* held by the evaluation; NULL: it is what the item says */
    dtake_type type;
    const dtake__raster_grid *grid;
    struct dtake__ee_source *next;
} dtake__ee_source;

struct dtake__evaluator {
    dtake_client *client;
    dtake_runtime *runtime;
    dtake__ee_files *files;
};

struct dtake__evaluation {
    dtake__evaluator *evaluator;
    const dtake__graph *graph;
    const dtake__ee_patience *patience;
    dtake__ee_map map;
    bool has_map;
    dtake__ee_file **held; /* what was opened, over all rounds */
    size_t held_count, held_room;

    /* Of one round: */
    dtake__eval *eval;
    dtake__ee_image **image;
    size_t image_count, image_room;
    dtake__ee_source *sources;
    bool wrong; /* a file is not what its item said: all must be done once more */
};

extern const dtake__assets dtake__evaluation_assets;
dtake_status dtake__evaluation_load(void *ctx, dtake__eval *eval, const char *id, dtake__image_value *out,
                                    dtake_error *err);
dtake_status dtake__evaluation_read(void *ctx, const dtake__program_source *source, dtake_window window,
                                    dtake__px_plane *out, dtake_error *err);

/* Opens the files of these. `must`: DTAKE_E_... when one cannot be; else it stays as its item says.
 * evaluation->wrong: one is another than was thought. */
dtake_status dtake__evaluation_open_files(dtake__evaluation *e, dtake__ee_source *const *source, size_t count,
                                          bool must, dtake_error *err);
/* The file, held by the evaluation from now on. */
dtake_status dtake__evaluation_hold(dtake__evaluation *e, dtake__ee_file *file, dtake_error *err);

#endif
