/* Coordinate reference systems by PROJ. A dtake__crs is plain text plus facts; transformers belong to one
 * thread. */
#ifndef DTAKE_GEO_CRS_H
#define DTAKE_GEO_CRS_H

#include <datatake/grid.h>

#include "core/buf.h"

typedef struct dtake__crs_facts {
    int32_t epsg;           /* identified with full confidence; 0: none */
    bool geographic;        /* axes in degrees */
    double metres_per_unit; /* of projected axes; for geographic ones metres per degree on the equator
                               (111,319.49) */
    char name[96];          /* "WGS 84 / UTM zone 33N" */
} dtake__crs_facts;

/* `text`: "EPSG:n", WKT or PROJ string. Uses the thread's cached context: cheap when asked again. Blocking
 * CPU work (1 to 10 ms the first time): on workers, not on the loop. */
dtake_status dtake__crs_facts_of(const char *text, dtake__crs_facts *out, dtake_error *err);
dtake_status dtake__crs_to_wkt(const char *text, bool wkt1_gdal, dtake_buf *out, dtake_error *err);
bool dtake__crs_same(const char *a, const char *b);

/* Transforms (x, y) pairs in place between two CRS, in x = east or longitude, y = north or latitude order.
 * Points that cannot be transformed become HUGE_VAL. */
dtake_status dtake__crs_transform(const char *from, const char *to, double *xy, size_t points,
                                  dtake_error *err);

#endif
