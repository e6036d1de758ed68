/* What the user named (documents, folders, rasters; paths and URLs) to a selection of images. */
#ifndef DTAKE_ACCESS_INPUTS_H
#define DTAKE_ACCESS_INPUTS_H

#include "access/ahead.h"
#include "access/select.h"
#include "io/workers.h"

#include <stdatomic.h>

/* One input after the other on a worker, documents of URLs fetched ahead. An input that cannot be read fails
 * by itself when there are others, and ends the job when it is the only one. */
typedef struct dtake__inputs {
    dtake_runtime *runtime;
    const dtake_get_options *options;
    dtake__tally *tally;
    const atomic_bool *cancelled;
    void (*done)(
        struct dtake__inputs *inputs); /* once, on the loop thread; status, err and selection are filled */

    dtake__selection selection;
    dtake_status status;
    dtake_error err;

    /* its own */
    dtake__work work;
    dtake__ahead ahead; /* its turn: the input being read; input_count: items_json and the end */
} dtake__inputs;

void dtake__inputs_start(dtake__inputs *inputs);  /* loop thread; never calls `done` itself */
void dtake__inputs_cancel(dtake__inputs *inputs); /* loop thread; after *cancelled was set */
void dtake__inputs_dispose(dtake__inputs *inputs);

#endif
