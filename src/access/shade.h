/* The graph of a get: clouds masked, expressions, colours, what is painted and outlined, as options say. CPU
 * work of a worker. */
#ifndef DTAKE_ACCESS_SHADE_H
#define DTAKE_ACCESS_SHADE_H

#include "access/grid.h"
#include "core/strings.h"
#include "raster/eval_pixel.h"

/* One band of the input. */
typedef struct dtake__shade_band {
    const char *name;
    dtake_type type;
    size_t layer;            /* bands of one are read together */
    dtake__raster_grid grid; /* of its file; no CRS: not known */
} dtake__shade_band;

/* What is read: a band on a grid. */
typedef struct dtake__shade_input {
    size_t band;
    const dtake__raster_grid *grid; /* NULL: the output's */
} dtake__shade_input;

/* Pixels of a band while the graph is evaluated. Blocks. `out` is disposed of with dtake__px_plane_dispose.
 */
typedef struct dtake__shade_reader {
    dtake_status (*read)(void *ctx, size_t band, const dtake__raster_grid *grid, dtake_window window,
                         dtake__px_plane *out, dtake_error *err);
    void *ctx;
} dtake__shade_reader;

/* Is it called like one of dtake__cloud_bands? */
bool dtake__is_cloud_band(const char *name);

/* Do the options ask for more than bands, unmask and visualize? */
bool dtake__shade_wanted(const dtake_get_options *options);

/* The graph made ready for one grid. Immutable when made: blocks of it on any number of threads. */
typedef struct dtake__shader dtake__shader;

/* With mask_clouds the last band of each image says where clouds are; with a composite there are several
 * images, one after another. `options` and `grid` stay as long as the shader; `band` and its names do not.
 * `apart`: bands of the output that have no file in common are groups of their own. `reader`: NULL if the
 * graph needs none (dtake__shade_reads); used during this call only. */
dtake_status dtake__shader_new(dtake__shader **out, const dtake_get_options *options, const dtake__grid *grid,
                               const dtake__shade_band *band, size_t count, bool apart,
                               const dtake__shade_reader *reader, dtake_error *err);
void dtake__shader_free(dtake__shader *shader); /* NULL is fine */

/* The bands, in order, then those that are wanted on other grids. */
const dtake__shade_input *dtake__shader_inputs(const dtake__shader *shader, size_t *count);
/* What is outside of the area is masked by the graph, not before. */
bool dtake__shader_clips(const dtake__shader *shader);

dtake_type dtake__shader_type(const dtake__shader *shader);
int32_t dtake__shader_bands(const dtake__shader *shader);
char **dtake__shader_take_names(dtake__shader *shader); /* one a band of the output; the caller's */

size_t dtake__shader_groups(const dtake__shader *shader);
/* Which bands of the output a group makes, in the order in which it makes them. */
const int32_t *dtake__shader_group(const dtake__shader *shader, size_t group, int32_t *count);

/* What a block needs of each input, cut to its grid; width 0: nothing. */
dtake_status dtake__shader_windows(const dtake__shader *shader, size_t group, dtake_window block,
                                   dtake_window *out, dtake_error *err);

/* `plane`: one an input, those that are not needed are not looked at. `out` is new, and has a mask
 * when something is masked. */
dtake_status dtake__shader_run(const dtake__shader *shader, size_t group, dtake_window block,
                               const dtake__px_plane *plane, dtake_pixels *out, dtake_error *err);

/* The bands that the expressions name, when none were asked for otherwise. DTAKE_E_USAGE: an expression is
 * wrong. */
dtake_status dtake__shade_names(const dtake_get_options *options, dtake__strings *out, dtake_error *err);

/* The same of the graph: nothing when it takes the image as a whole too. */
dtake_status dtake__shade_graph_names(const dtake_get_options *options, dtake__strings *out,
                                      dtake_error *err);

/* Is a number made of pixels while the graph is evaluated (reduceRegion)? */
bool dtake__shade_reads(const dtake_get_options *options);

/* Bands that tell where clouds are, the first that an item has; NULL ends them. */
extern const char *const dtake__cloud_bands[];

/* Reads "blue", "0000ff,2" or "FILE,color=1,width=2" ahead of the pixels. */
dtake_status dtake__shade_check(const dtake_get_options *options, dtake_error *err);

#endif
