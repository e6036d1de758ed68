/* Expressions made ready for one output grid: which planes there are, what each needs, and the steps between
 * them. Immutable when made: blocks of it may be computed on any number of threads. What comes out depends
 * neither on how the output is cut into blocks nor on threads. */
#ifndef DTAKE_RASTER_EVAL_PROGRAM_H
#define DTAKE_RASTER_EVAL_PROGRAM_H

#include "raster/eval_kernel.h"

typedef struct dtake__program dtake__program;

/* `expressions` outlive the program. CPU work of a worker (PROJ). */
dtake_status dtake__program_new(dtake__program **out, const dtake__expressions *expressions,
                                const dtake__px *root, size_t roots, const dtake__raster_grid *grid,
                                dtake_error *err);
void dtake__program_free(dtake__program *program);

/* What is to be read: each once, however often it is used. */
size_t dtake__program_sources(const dtake__program *program);
dtake__program_source dtake__program_source_at(const dtake__program *program, size_t index);

/* For a block of the output, the window of each source's grid that is needed; width 0: nothing. `out` has
 * room for dtake__program_sources. DTAKE_E_NOMEM. */
dtake_status dtake__program_windows(const dtake__program *program, dtake_window block, dtake_window *out);

/* `source`: one plane each; what it does not hold of its window is masked, and of those not needed nothing is
 * looked at. `out`: one a root. */
dtake_status dtake__program_run(const dtake__program *program, dtake_window block,
                                const dtake__px_plane *source, const dtake__kernel_out *out, bool *masked,
                                dtake_error *err);

#endif
