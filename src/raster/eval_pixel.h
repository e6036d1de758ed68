/* What a graph comes to: one expression of pixels for each band, nodes shared. A node's value is a sample and
 * its mask byte (255 valid, 0 masked, between: half transparent). Samples are doubles on their way; a node's
 * type says which values they can take, so that whole numbers stay exact and float32 is rounded after every
 * step.
 *
 * After the first failure dtake__px_add returns 0; dtake__expressions_status tells. */
#ifndef DTAKE_RASTER_EVAL_PIXEL_H
#define DTAKE_RASTER_EVAL_PIXEL_H

#include <datatake/raster.h>

#include "core/slab.h"
#include "geo/output_grid.h"

typedef uint32_t dtake__px; /* 0: none */

typedef enum dtake__precision { DTAKE__PX_INT, DTAKE__PX_FLOAT, DTAKE__PX_DOUBLE } dtake__precision;

typedef struct dtake__px_type {
    dtake__precision precision;
    double min, max; /* of whole numbers; else what is known */
} dtake__px_type;

dtake__px_type dtake__px_type_of(dtake_type type);
dtake__px_type dtake__px_int(double min, double max); /* beyond 2^53: double */
dtake__px_type dtake__px_real(dtake__precision precision);
dtake__px_type dtake__px_join(dtake__px_type a, dtake__px_type b);
dtake_type dtake__px_storage(dtake__px_type type); /* the smallest that holds it */

/* Some samples of one node, side by side. */
typedef struct dtake__lane {
    double *v; /* NULL where `raw` is given */
    const void
        *raw; /* of an input of an operation that `reads_raw`: whole numbers as they lie in their plane */
    dtake_type raw_type;
    uint8_t *m;      /* NULL: all valid */
    double *scratch; /* of the result: as many as the operation's `scratch` says */
} dtake__lane;

/* Samples of a window of a grid. */
typedef struct dtake__px_plane {
    dtake_window window;
    dtake_type type;
    const void *data;    /* NULL with a mask alone: 1 everywhere */
    const uint8_t *mask; /* NULL: all valid */
    void *owned_data, *owned_mask;
} dtake__px_plane;

dtake_status dtake__px_plane_init(dtake__px_plane *plane, dtake_window window, dtake_type type, bool has_data,
                                  bool has_mask, dtake_error *err);
/* All samples as doubles, NULL: no memory. */
double *dtake__px_plane_doubles(const dtake__px_plane *plane, dtake_error *err);
/* Of doubles that it owns, with a mask: what is no number is masked. */
void dtake__px_plane_mask_failed(dtake__px_plane *plane);
void dtake__px_plane_dispose(dtake__px_plane *plane);

typedef struct dtake__px_node dtake__px_node;

/* What an operation on planes is told of its surroundings. */
typedef struct dtake__px_place {
    const dtake__raster_grid *grid;
    void *state; /* what `prepare` made for this grid */
} dtake__px_place;

typedef struct dtake__px_op {
    const char *name;
    /* Of single samples: fills out->v (and out->m with own_mask; else the mask is the least of the inputs').
     * out is none of the inputs. */
    void (*run)(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count);
    bool own_mask;
    bool rounds;   /* the result of a FLOAT needs rounding */
    bool may_fail; /* a result that is no number becomes masked */

    size_t (*scratch)(const dtake__px_node *node, size_t count); /* doubles for so many samples; NULL: none */
    /* Inputs that are whole numbers of a plane may come as they are; NULL: never. */
    bool (*reads_raw)(const dtake__px_node *node);

    /* Of planes instead: its neighbourhood matters, or where it is. NULL `plane` with NULL `run`: a source.
     */
    dtake_status (*prepare)(const dtake__px_node *node, const dtake__raster_grid *grid, void **state,
                            dtake_error *err); /* NULL: nothing to prepare */
    void (*dispose)(void *state);
    /* The grid of its inputs; NULL: the same. */
    const dtake__raster_grid *(*regrid)(const dtake__px_place *place);
    /* What is needed of an input for a window of the result; width 0: nothing. NULL: the same. */
    void (*need)(const dtake__px_node *node, const dtake__px_place *place, dtake_window *window);
    dtake_status (*plane)(const dtake__px_node *node, const dtake__px_place *place, dtake_window window,
                          const dtake__px_plane *in, dtake__px_plane *out, dtake_error *err);
} dtake__px_op;

struct dtake__px_node {
    const dtake__px_op *op;
    const dtake__px *in;
    size_t count;
    double param[4];
    const void *data; /* equal nodes have the same pointer */
    dtake__px_type type;
};

typedef struct dtake__expressions dtake__expressions;

dtake__expressions *dtake__expressions_new(void); /* NULL: no memory */
void dtake__expressions_free(dtake__expressions *expressions);
dtake_status dtake__expressions_status(const dtake__expressions *expressions, dtake_error *err);
size_t dtake__expressions_count(const dtake__expressions *expressions); /* nodes are 1 to that */
const dtake__px_node *dtake__px_node_of(const dtake__expressions *expressions, dtake__px px);
dtake__slab *dtake__expressions_slab(dtake__expressions *expressions); /* for what `data` points to */

/* The node that equals `node` (its inputs are copied); single samples of constants are computed at once. */
dtake__px dtake__px_add(dtake__expressions *expressions, const dtake__px_node *node);
/* 0, and the expressions tell why. */
dtake__px dtake__px_fail(dtake__expressions *expressions, dtake_status status, const char *fmt, ...)
    DTAKE_PRINTF(3, 4);

extern const dtake__px_op dtake__op_constant; /* param[0], mask byte param[1] */
dtake__px dtake__px_constant(dtake__expressions *expressions, double value);
bool dtake__px_is_constant(const dtake__expressions *expressions, dtake__px px, double *value);

/* A band of what data points to; `plane`s of it come from outside. param[0]: the band, from 0. */
extern const dtake__px_op dtake__op_source;

/* Samples that belong together as an array (raster/eval_array.h); no input of another operation. */
extern const dtake__px_op dtake__op_array;

/* What is to be read of one. */
typedef struct dtake__program_source {
    const dtake__px_node *node;     /* dtake__op_source */
    const dtake__raster_grid *grid; /* onto which its pixels are wanted */
} dtake__program_source;

#endif
