/* Running programs over blocks of pixels, a few rows at a time. */
#ifndef DTAKE_RASTER_EVAL_RUN_H
#define DTAKE_RASTER_EVAL_RUN_H

#include "raster/eval_program.h"
#include "raster/eval_value.h"

/* For functions whose value is made of pixels: what the program needs of its sources is read by the
 * evaluation's reader. `out`: one a root. */
dtake_status dtake__eval_run(dtake__eval *eval, const dtake__program *program, dtake_window window,
                             const dtake__kernel_out *out, dtake_error *err);

typedef struct dtake__rows {
    const dtake__program *program;
    dtake_window block; /* of the output's grid */
    const dtake__px_plane *source;
    dtake_pixels *out; /* a mask for each band */
    int64_t col, row;  /* of the output's grid, of the first pixel that `out` holds */
    /* NULL, or asked between rows: what is not OK ends it. */
    dtake_status (*go_on)(void *ctx, dtake_error *err);
    void *ctx;
} dtake__rows;

/* *masked becomes true when a sample is. */
dtake_status dtake__rows_run(const dtake__rows *rows, bool *masked, dtake_error *err);

#endif
