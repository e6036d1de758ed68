/* Reducers that put samples in order: percentiles and modes. For eval_reduce.c. */
#ifndef DTAKE_RASTER_EVAL_RANKS_H
#define DTAKE_RASTER_EVAL_RANKS_H

#include "raster/eval_order.h"
#include "raster/eval_pixel.h"

/* param: dtake__reduction, percent, form, least. */
void dtake__ranks_run(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count);
size_t dtake__ranks_scratch(const dtake__px_node *node, size_t count);
bool dtake__ranks_read_raw(const dtake__px_node *node);

/* The form in which samples of the type are put in order, less what is the least: nothing is lost by it, and
 * the narrower it is, the more go side by side. */
dtake__order_form dtake__ranks_form(dtake__px_type type);
double dtake__ranks_least(dtake__px_type type);

#endif
