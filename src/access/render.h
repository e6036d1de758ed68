/* Pixels as they were read to pixels as they are written. CPU work of a worker. */
#ifndef DTAKE_ACCESS_RENDER_H
#define DTAKE_ACCESS_RENDER_H

#include "access/shade.h"

/* Which layer, and which of its bands, is a band of the output. */
typedef struct dtake__place {
    size_t layer, band; /* both from 0; band counts in layer->band */
} dtake__place;

/* What a block of the output has of a layer. */
typedef struct dtake__part {
    dtake_window window; /* of the output; width 0: the layer is not needed */
    dtake_window source; /* to read, in pixels of the layer's overview; width 0: nothing of it lies there */
    dtake_pixels pixels; /* of `source` */
} dtake__part;

/* `window` lies within the output. */
dtake__part dtake__part_of(const dtake__layer *layer, dtake_window window);

/* The part's pixels become those of its window. */
dtake_status dtake__part_onto_grid(const dtake__layer *layer, dtake__part *part, dtake_error *err);

/* All parts of the block, onto the grid, in order, --unmask, outside of --intersects masked, then
 * --visualize. The parts' pixels are used up. */
dtake_status dtake__render(dtake_pixels *out, const dtake_get_options *options, const dtake__grid *grid,
                           dtake_window block, const dtake__layer *layer, dtake__part *part,
                           size_t layer_count, const dtake__place *place, size_t place_count,
                           dtake_error *err);

/* A group's bands by the graph; `place`: of its inputs. */
dtake_status dtake__render_graph(dtake_pixels *out, const dtake__shader *shader, size_t group,
                                 const dtake__grid *grid, dtake_window block, const dtake__layer *layer,
                                 dtake__part *part, size_t layer_count, const dtake__place *place,
                                 size_t place_count, dtake_error *err);

/* Bytes that rendering so many pixels, and what comes out of it, hold at most, without the parts' pixels. */
int64_t dtake__render_bytes(const dtake_get_options *options, int64_t pixels, const dtake__layer *layer,
                            size_t layer_count, size_t place_count);

#endif
