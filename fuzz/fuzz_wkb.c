/* WKB of strangers; and bytes of a damaged file taken for canonical ones. */
#include "geometry_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dtake_error err;
    dtake__geometry geometry, flat, view = dtake__geometry_view(data, size);
    dtake__geometry_facts facts;
    dtake_box box;
    dtake_buf out = DTAKE_BUF_INIT(64 << 20);
    if (dtake__geometry_from_wkb(data, size, &geometry, &err) == DTAKE_OK) {
        check_geometry(&geometry);
        dtake__geometry_dispose(&geometry);
    }
    if (dtake__geometry_facts_of(&view, &facts, &err) == DTAKE_OK && facts.points <= MOST_POINTS_COMPARED)
        compare_geometry(&view, &facts);
    dtake__geometry_cover(&view, &box, &err);
    dtake__geometry_to_wkt(&view, &out, &err);
    dtake__geometry_to_ewkb(&view, &out, &err);
    dtake__geometry_to_geojson(&view, &out, &err);
    dtake__buf_dispose(&out);
    if (dtake__geometry_flatten(&view, &flat, &err) == DTAKE_OK)
        dtake__geometry_dispose(&flat);
    return 0;
}
