/* Single samples, many at a time: the nodes between planes and a few roots, in order, each with a place for
 * its result. For the evaluator's files. */
#ifndef DTAKE_RASTER_EVAL_KERNEL_H
#define DTAKE_RASTER_EVAL_KERNEL_H

#include "raster/eval_pixel.h"

typedef struct dtake__kernel_step {
    dtake__px px;
    const dtake__px_node *node;
    bool may_fail;  /* what it gives may be no number */
    bool leaf;      /* a plane, */
    bool raw;       /* all users of which read raw samples; */
    uint32_t plane; /* its number is set by who has them */
    int32_t v, m;   /* where samples and mask go; -1: the mask is another's */
    size_t in;      /* index of its inputs' steps in `input` */
} dtake__kernel_step;

typedef struct dtake__kernel {
    dtake__kernel_step *step;
    size_t steps;
    uint32_t *input; /* steps */
    size_t *root;    /* the step of each root */
    size_t roots;
    size_t vs, ms; /* places */
} dtake__kernel;

dtake_status dtake__kernel_init(dtake__kernel *kernel, const dtake__expressions *expressions,
                                const dtake__px *root, size_t roots, dtake_error *err);
void dtake__kernel_dispose(dtake__kernel *kernel);

/* Where the samples of roots go. */
typedef struct dtake__kernel_out {
    dtake_type type;
    void *data;    /* of `window`'s first pixel; NULL: only the mask is wanted */
    uint8_t *mask; /* NULL: not wanted */
    int64_t width; /* samples from one row to the next */
} dtake__kernel_out;

/* The planes of all leaves hold `window` at least. Masked samples are written as 0. *masked becomes true when
 * there is one (NULL: not asked). */
dtake_status dtake__kernel_run(const dtake__kernel *kernel, const dtake__px_plane *plane, dtake_window window,
                               const dtake__kernel_out *out, bool *masked, dtake_error *err);

bool dtake__px_is_plane(const dtake__px_node *node);

#endif
