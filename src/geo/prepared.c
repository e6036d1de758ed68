#include "geo/prepared.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/geos.h"

struct dtake__prepared {
    dtake_box box;
    GEOSGeometry *area;
    const GEOSPreparedGeometry *quick; /* over `area` */
};
