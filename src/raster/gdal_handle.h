/* The plug-in's handle, for its two files. */
#ifndef DTAKE_RASTER_GDAL_HANDLE_H
#define DTAKE_RASTER_GDAL_HANDLE_H

#include <pthread.h>

#include "raster/gdal_api.h"
#include "raster/gdal_plugin.h"

enum { DTAKE__GDAL_MAX_BANDS = 1024, DTAKE__GDAL_MAX_IDLE = 16 };

/* A dataset may be used by one thread at a time, so there are as many as reads at once; idle ones are kept.
 */
struct dtake__gdal {
    const dtake__gdal_api *api;
    char *name; /* as GDAL wants it */
    bool remote;
    pthread_mutex_t lock;
    void *idle[DTAKE__GDAL_MAX_IDLE];
    int idle_count;
    bool has_mask, has_nodata; /* nodata that can occur in the type */
    double nodata;
    int32_t bands;
    dtake_type type;
    int64_t width, height;
    dtake_band *band;
    dtake_overview *overview;
    size_t overview_count;
    dtake_gcp *gcp;
    char *crs, *gcp_crs;
    char **text; /* names of bands, the driver, the compression */
    size_t texts, text_cap;
};

/* Fills the handle and the info from an open dataset. */
dtake_status dtake__gdal_describe(dtake__gdal *gdal, void *dataset, dtake_raster_info *info,
                                  dtake_error *err);

#endif
