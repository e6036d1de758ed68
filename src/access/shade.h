/* The graph of a get: clouds masked, expressions, colours, what is painted and outlined, as options say. CPU
 * work of a worker. */
#ifndef DTAKE_ACCESS_SHADE_H
#define DTAKE_ACCESS_SHADE_H

#include "access/grid.h"
#include "core/strings.h"

/* One band of the input on the output's grid; borrowed. */
typedef struct dtake__shade_band {
    const char *name;
    dtake_type type;
    const void *data;
    const uint8_t *mask; /* NULL: all valid */
} dtake__shade_band;

typedef struct dtake__shaded {
    dtake_pixels pixels;
    char **name; /* one a band */
} dtake__shaded;

/* Is it called like one of dtake__cloud_bands? */
bool dtake__is_cloud_band(const char *name);

/* Do the options ask for more than bands, unmask and visualize? */
bool dtake__shade_wanted(const dtake_get_options *options);

/* With mask_clouds the last band of each image says where clouds are; with a composite there are several
 * images, one after another. */
dtake_status dtake__shade(dtake__shaded *out, const dtake_get_options *options, const dtake__grid *grid,
                          const dtake__shade_band *band, size_t count, dtake_error *err);

/* Bytes that it and its result hold at most. */
int64_t dtake__shade_bytes(const dtake_get_options *options, const dtake__grid *grid, size_t bands);

/* The bands that the expressions name, when none were asked for otherwise. DTAKE_E_USAGE: an expression is
 * wrong. */
dtake_status dtake__shade_names(const dtake_get_options *options, dtake__strings *out, dtake_error *err);

/* Bands that tell where clouds are, the first that an item has; NULL ends them. */
extern const char *const dtake__cloud_bands[];

/* Reads "blue", "0000ff,2" or "FILE,color=1,width=2" ahead of the pixels. */
dtake_status dtake__shade_check(const dtake_get_options *options, dtake_error *err);

#endif
