/* Columns of samples put in order: rows of DTAKE__ORDER_BYTES, one below the other, the least samples come
 * first. The exchanges are the same whatever the samples, so many columns go side by side. */
#ifndef DTAKE_RASTER_EVAL_ORDER_H
#define DTAKE_RASTER_EVAL_ORDER_H

#include <stdbool.h>
#include <stddef.h>

enum { DTAKE__ORDER_BYTES = 256 };

typedef enum dtake__order_form { DTAKE__ORDER_F64, DTAKE__ORDER_F32, DTAKE__ORDER_U16 } dtake__order_form;

/* No sample is NaN. `plain`: without this machine's wider registers; the result is the same. */
void dtake__order_columns(dtake__order_form form, void *rows, size_t count, bool plain);

#endif
