/* Geometries as planes of masks: their areas, and lines along them. */
#ifndef DTAKE_RASTER_EVAL_DRAW_H
#define DTAKE_RASTER_EVAL_DRAW_H

#include "raster/eval_value.h"

/* Valid where the centre of a pixel lies inside; nowhere for lines and points. */
dtake__px dtake__draw_fill(dtake__expressions *expressions, const dtake__figure *shape);

/* Valid where the centre lies nearer to the outline, or line, or point than half of `width`, in pixels of the
 * grid that is asked for. Of two centres just as far on both sides only one is: a line along an edge of
 * pixels is as wide as it was said to be. */
dtake__px dtake__draw_line(dtake__expressions *expressions, const dtake__figure *shape, double width);

#endif
