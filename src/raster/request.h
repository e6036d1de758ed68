/* A read that has been checked: level, bands, where masks come from, what it costs. */
#ifndef DTAKE_RASTER_REQUEST_H
#define DTAKE_RASTER_REQUEST_H

#include "raster/raster.h"
#include "raster/tiles.h"

typedef struct dtake__request {
    dtake_read read; /* bands: own copy below */
    int32_t *bands;  /* owned, band_count of them */
    int32_t band_count;
    dtake__mask_source mask_source;
    int32_t mask_bands; /* 0: no mask is filled */
    double fill;
} dtake__request;

/* DTAKE_E_RANGE, DTAKE_E_LIMIT, DTAKE_E_NOMEM. */
dtake_status dtake__request_init(dtake__request *request, const dtake__header *header, const dtake_read *read,
                                 dtake_error *err);
void dtake__request_dispose(dtake__request *request);

/* What of the window is in the raster; of width 0: nothing. */
dtake_window dtake__request_inside(const dtake__request *request, const dtake__header *header);

int64_t dtake__request_data_bytes(const dtake__request *request,
                                  const dtake__header *header); /* of pixels and mask */
dtake_status dtake__request_plan(const dtake__request *request, const dtake__header *header,
                                 dtake_runtime *runtime, int32_t windows_waiting, dtake__plan *plan,
                                 dtake_error *err);

/* Allocates the pixels; `header` and `request` must outlive the canvas. */
dtake_status dtake__request_canvas(const dtake__request *request, const dtake__header *header,
                                   dtake__canvas *out, dtake_error *err);

#endif
