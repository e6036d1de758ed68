/* The pixels of an image put together from those of its blocks. */
#ifndef DTAKE_ACCESS_FRAME_H
#define DTAKE_ACCESS_FRAME_H

#include <datatake/raster.h>

#include <pthread.h>

typedef struct dtake__frame {
    int64_t width, height;
    bool one_mask; /* for all bands: masked in one is masked in all */
    pthread_mutex_t lock;
    dtake_pixels pixels; /* nothing until the first block came */
} dtake__frame;

void dtake__frame_init(dtake__frame *frame, int64_t width, int64_t height, bool one_mask);
void dtake__frame_dispose(dtake__frame *frame);

/* Takes `pixels` (also on failure) to where they belong: the window of `at`, the bands of `band`, or all in
 * order when that is NULL; `bands` is how many there are altogether. Any worker, different blocks at once. */
dtake_status dtake__frame_put(dtake__frame *frame, dtake_window at, const int32_t *band, int32_t bands,
                              dtake_pixels *pixels, dtake_error *err);

/* All of it as it is now, borrowed: what has been put is there. */
dtake_pixels dtake__frame_view(dtake__frame *frame);

/* When all are there. A mask that is the same for all bands is one; without any in a block there is none. */
dtake_pixels dtake__frame_take(dtake__frame *frame);

#endif
