/* An evaluation under way, for the files that take part in it: eval_graph.c goes from node to node,
 * eval_call.c calls functions of ours, eval_apply.c those that the graph makes. */
#ifndef DTAKE_RASTER_EVAL_STATE_H
#define DTAKE_RASTER_EVAL_STATE_H

#include "raster/eval_assets.h"
#include "raster/eval_budget.h"
#include "raster/eval_closure.h"
#include "raster/eval_memo.h"

enum { DTAKE__EVAL_MAX_BYTES = 512 << 20 };

/* The values that the arguments of a function have in one call of it. */
typedef struct dtake__scope {
    const struct dtake__scope *outer;
    uint64_t number;
    size_t count;
    const char *const *name;
    const dtake__value *value;
} dtake__scope;

struct dtake__closure {
    dtake__node node; /* its function; 0: one of ours */
    const dtake__scope *outer;
    dtake__native_fn *native;
    const void *ctx;
};

struct dtake__eval {
    const dtake__graph *graph;
    dtake__image_loader *load;
    dtake__image_reader *read;   /* NULL: none */
    const dtake__assets *assets; /* NULL: none */
    void *ctx;
    dtake__slab slab;
    dtake__expressions *expressions;
    dtake__memo memo;
    dtake__budget budget;
    uint64_t frames;
    int depth, calls;
    bool told; /* a failure names its node; those around it do not */
};

/* What a node comes to where `scope` holds (NULL: outside of all functions). */
dtake_status dtake__eval_node(dtake__eval *eval, dtake__node node, const dtake__scope *scope,
                              dtake__value *out, dtake_error *err);
/* Of nodes that are calls; arguments; functions, and calls of functions that are values. */
dtake_status dtake__eval_call_node(dtake__eval *eval, dtake__node node, const dtake__scope *scope,
                                   dtake__value *out, dtake_error *err);
dtake_status dtake__eval_argument(dtake__eval *eval, dtake__node node, const dtake__scope *scope,
                                  dtake__value *out, dtake_error *err);
dtake_status dtake__eval_function_of(dtake__eval *eval, dtake__node node, const dtake__scope *scope,
                                     dtake__value *out, dtake_error *err);
dtake_status dtake__eval_application(dtake__eval *eval, dtake__node node, const dtake__scope *scope,
                                     dtake__value *out, dtake_error *err);

/* Of the evaluation's memory; NULL: told. */
void *dtake__eval_make(dtake__eval *eval, size_t count, size_t bytes, dtake_error *err);

#endif
