/* Areas come from files and requests of strangers: text to outline, to window, to bytes, and against itself.
 */
#include "geometry_checks.h"

#include "core/alloc.h"
#include "geo/area.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = dtake__strndup((const char *)data, size);
    if (text == NULL)
        return 0;
    dtake_error err;
    dtake__outline outline = { 0 };
    dtake_affine grid = { -180, 10, 0, 90, 0, -10 };
    dtake_window window;
    if (dtake__outline_of_geojson(text, strlen(text), "OGC:CRS84", 0.1, &outline, &err) == DTAKE_OK)
        dtake__outline_window(&outline, &grid, 36, 18, &window, &err);
    dtake__outline_dispose(&outline);
    dtake__geometry geometry;
    if (dtake__geometry_from_geojson(text, strlen(text), &geometry, &err) == DTAKE_OK) {
        check_geometry(&geometry);
        dtake__geometry_dispose(&geometry);
    }
    bool meet;
    dtake__geojson_intersects_box(text, (dtake_box){ 170, -20, -170, 20 }, &meet, &err);
    dtake__free(text);
    return 0;
}
