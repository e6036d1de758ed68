/* Items and rasters to the images of a job: filters, bands, file names. CPU work of a worker. */
#ifndef DTAKE_ACCESS_SELECT_H
#define DTAKE_ACCESS_SELECT_H

#include "access/image.h"
#include "protocol/stac/item.h"

/* Why items were left out, for the sentence when nothing remains. */
typedef struct dtake__left_out {
    int64_t by_datetime, without_time, by_cloud, without_cloud, by_bbox, by_intersects;
} dtake__left_out;

typedef struct dtake__selection {
    const dtake_get_options *options;
    dtake__images images; /* selected so far, in the order read */
    int64_t seen;         /* items and rasters */
    size_t total;         /* images of all shards, after dtake__select_finish */
    dtake__left_out left_out;
} dtake__selection;

/* Looks at one item. What is wrong with this item alone (no such band) becomes an image that has failed
 * already. */
dtake_status dtake__select_item(dtake__selection *selection, const dtake__stac_item *item, dtake_error *err);
dtake_status dtake__select_raster(dtake__selection *selection, const char *href, dtake_error *err);
/* An element that could not be read: an image that has failed already. */
dtake_status dtake__select_broken(dtake__selection *selection, const char *name, const dtake_error *why,
                                  dtake_error *err);

/* After the last: order of time, max_items, file names, the shard. DTAKE_E_EMPTY says which filter left out
 * how many; DTAKE_E_USAGE: two would be written to one path. */
dtake_status dtake__select_finish(dtake__selection *selection, dtake_error *err);

/* Names the output of an image by the options' template. */
dtake_status dtake__select_path(dtake__image *image, const dtake_get_options *options, const char *collection,
                                const char *href, dtake_error *err);

/* Does an item become an image a band? A composite is split when it is put together. */
bool dtake__select_splits(const dtake_get_options *options);

/* Is the band read for this image, which may be one of those a band? An expression may take any. */
bool dtake__select_takes(const dtake_get_options *options, const dtake__image *image, const char *band);

/* composite.c: the images, in order, as one, or one a month. */
dtake_status dtake__select_composites(dtake__selection *selection, dtake_error *err);

/* "0 of 5 items left: 3 outside the bbox, 2 too cloudy". */
void dtake__left_out_text(const dtake__selection *selection, char *out, size_t size);

#endif
