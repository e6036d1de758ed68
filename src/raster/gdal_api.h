/* GDAL's C functions that the plug-in calls, found at run time. Prototypes after GDAL 3.6's gdal.h and
 * cpl_*.h. */
#ifndef DTAKE_RASTER_GDAL_API_H
#define DTAKE_RASTER_GDAL_API_H

#include <datatake/status.h>

typedef struct dtake__gdal_point {
    char *id, *info;
    double col, row, x, y, z;
} dtake__gdal_point; /* GDAL_GCP */

/* name, result, arguments */
#define DTAKE_GDAL_MAP(X)                                                                                    \
    X(GDALAllRegister, void, (void))                                                                         \
    X(GDALOpenEx, void *,                                                                                    \
      (const char *, unsigned, const char *const *, const char *const *, const char *const *))               \
    X(GDALClose, void, (void *))                                                                             \
    X(GDALGetRasterXSize, int, (void *))                                                                     \
    X(GDALGetRasterYSize, int, (void *))                                                                     \
    X(GDALGetRasterCount, int, (void *))                                                                     \
    X(GDALGetRasterBand, void *, (void *, int))                                                              \
    X(GDALGetRasterDataType, int, (void *))                                                                  \
    X(GDALGetBlockSize, void, (void *, int *, int *))                                                        \
    X(GDALGetGeoTransform, int, (void *, double *))                                                          \
    X(GDALGetProjectionRef, const char *, (void *))                                                          \
    X(GDALGetRasterNoDataValue, double, (void *, int *))                                                     \
    X(GDALGetRasterScale, double, (void *, int *))                                                           \
    X(GDALGetRasterOffset, double, (void *, int *))                                                          \
    X(GDALGetRasterColorInterpretation, int, (void *))                                                       \
    X(GDALGetDescription, const char *, (void *))                                                            \
    X(GDALGetMetadataItem, const char *, (void *, const char *, const char *))                               \
    X(GDALGetDatasetDriver, void *, (void *))                                                                \
    X(GDALGetDriverShortName, const char *, (void *))                                                        \
    X(GDALGetGCPCount, int, (void *))                                                                        \
    X(GDALGetGCPProjection, const char *, (void *))                                                          \
    X(GDALGetGCPs, const dtake__gdal_point *, (void *))                                                      \
    X(GDALGetOverviewCount, int, (void *))                                                                   \
    X(GDALGetOverview, void *, (void *, int))                                                                \
    X(GDALGetRasterBandXSize, int, (void *))                                                                 \
    X(GDALGetRasterBandYSize, int, (void *))                                                                 \
    X(GDALGetMaskFlags, int, (void *))                                                                       \
    X(GDALGetMaskBand, void *, (void *))                                                                     \
    X(GDALRasterIO, int, (void *, int, int, int, int, int, void *, int, int, int, int, int))                 \
    X(CPLSetThreadLocalConfigOption, void, (const char *, const char *))                                     \
    X(CPLPushErrorHandler, void, (void (*)(int, int, const char *)))                                         \
    X(CPLPopErrorHandler, void, (void))                                                                      \
    X(CPLErrorReset, void, (void))                                                                           \
    X(CPLGetLastErrorMsg, const char *, (void))

typedef struct dtake__gdal_api {
#define DTAKE_GDAL_MEMBER(name, result, arguments) result(*name) arguments;
    DTAKE_GDAL_MAP(DTAKE_GDAL_MEMBER)
#undef DTAKE_GDAL_MEMBER
} dtake__gdal_api;

enum { DTAKE__GDAL_RASTER = 2, DTAKE__GDAL_READ = 0, DTAKE__GDAL_ALL_VALID = 1 };

/* Loads the library once a process; NULL: none is installed. */
const dtake__gdal_api *dtake__gdal_load(void);

#endif
