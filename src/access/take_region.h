/* Pixels that a graph asks for while it is evaluated (reduceRegion): read there and then, so not on a worker,
 * nor on the loop thread. */
#ifndef DTAKE_ACCESS_TAKE_REGION_H
#define DTAKE_ACCESS_TAKE_REGION_H

#include "access/take.h"

typedef struct dtake__region_reader dtake__region_reader;

dtake__region_reader *dtake__region_reader_new(dtake__take *take); /* NULL: no memory */
void dtake__region_reader_free(dtake__region_reader *reader);
dtake__shade_reader dtake__region_reader_of(dtake__region_reader *reader);

#endif
