/* Geometries in words: WKT, and the digits of WKB. */
#include "geometry_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dtake_error err;
    dtake__geometry geometry;
    if (dtake__geometry_from_text((const char *)data, size, &geometry, &err) == DTAKE_OK) {
        check_geometry(&geometry);
        dtake__geometry_dispose(&geometry);
    }
    return 0;
}
