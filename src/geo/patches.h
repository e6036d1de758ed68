/* Many points of one projected CRS to longitude and latitude: a projection is smooth, so within squares of
 * 32 km it is a polynomial to far less than a tenth of a millimetre. Where it is not (grids of shifts, the
 * antimeridian, poles, the edge of what the CRS can describe) each point is transformed by itself. */
#ifndef DTAKE_GEO_PATCHES_H
#define DTAKE_GEO_PATCHES_H

#include <datatake/status.h>

/* The most that a coordinate may differ from what PROJ says. */
#define DTAKE__PATCH_ERROR_DEG 1e-10

typedef struct dtake__patches dtake__patches;

/* `crs` must live as long. */
dtake_status dtake__patches_new(dtake__patches **out, const char *crs, dtake_error *err);
void dtake__patches_free(dtake__patches *patches); /* NULL is fine */

/* In place, to OGC:CRS84. What lies outside of the CRS is HUGE_VAL, as with dtake__crs_transform. One thread
 * at a time. */
dtake_status dtake__patches_transform(dtake__patches *patches, double *xy, size_t points, dtake_error *err);

#endif
