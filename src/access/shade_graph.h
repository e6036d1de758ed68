/* Between the files that shade: what options say, and the graph they come to. */
#ifndef DTAKE_ACCESS_SHADE_GRAPH_H
#define DTAKE_ACCESS_SHADE_GRAPH_H

#include "access/shade.h"
#include "core/span.h"
#include "graph/graph.h"

enum { DTAKE__SHADE_NAME = 64 };

typedef struct dtake__shading {
    const dtake_get_options *options;
    const dtake__grid *grid;
    const dtake__shade_band *band;
    size_t count;
    size_t each; /* bands of one image */
    dtake__graph *graph;
    dtake__raster_grid place; /* the output's grid */
} dtake__shading;

/* Makes shading->graph; the caller frees it in any case. */
dtake_status dtake__shade_graph(dtake__shading *shading, dtake__node *out, dtake_error *err);

/* The area of the options: its outline, or its box. */
dtake__node dtake__shade_area(dtake__shading *shading, bool box);

/* The graph of the options for one image. */
dtake__node dtake__shade_parse(dtake__shading *shading, dtake__node image);

/* What is wrong with it whatever the images are: DTAKE_E_USAGE. */
dtake_status dtake__shade_graph_check(const dtake_get_options *options, dtake_error *err);

/* The next "name=expression" of several with ';' between them. False: there is none. */
bool dtake__shade_next(const char **rest, char name[DTAKE__SHADE_NAME], dtake__span *text);

typedef struct dtake__outline_style {
    char color[32];
    double width;
} dtake__outline_style;

dtake_status dtake__outline_style_read(const char *text, dtake__outline_style *out, dtake_error *err);

/* The function of the graph that makes the composite of the options; NULL: there is none of that name. */
const char *dtake__composite_function(const dtake_get_options *options);

#endif
