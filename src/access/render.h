/* Pixels as they were read to pixels as they are written. CPU work of a worker. */
#ifndef DTAKE_ACCESS_RENDER_H
#define DTAKE_ACCESS_RENDER_H

#include "access/shade.h"

/* Which layer, and which of its bands, is a band of the output. */
typedef struct dtake__place {
    size_t layer, band; /* both from 0; band counts in layer->band */
} dtake__place;

/* Onto the grid, in order, --intersects masked, --unmask, then --visualize. The layers' pixels are
 * used up. */
dtake_status dtake__render(dtake_pixels *out, const dtake_get_options *options, const dtake__grid *grid,
                           dtake__layer *layer, size_t layer_count, const dtake__place *place,
                           size_t place_count, dtake_error *err);

/* The same by the graph of the options (access/shade.h); `name`: one a place. */
dtake_status dtake__render_graph(dtake__shaded *out, const dtake_get_options *options,
                                 const dtake__grid *grid, dtake__layer *layer, size_t layer_count,
                                 const dtake__place *place, char *const *name, size_t place_count,
                                 dtake_error *err);

/* Bytes that rendering and what comes out of it hold at most, without the layers' pixels. */
int64_t dtake__render_bytes(const dtake_get_options *options, const dtake__grid *grid,
                            const dtake__layer *layer, size_t layer_count, size_t place_count);

#endif
