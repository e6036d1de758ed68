/* What holds for every geometry that a reader lets through: whatever is written reads back, and nothing that
 * walks over it falls. */
#ifndef DTAKE_FUZZ_GEOMETRY_CHECKS_H
#define DTAKE_FUZZ_GEOMETRY_CHECKS_H

#include "geo/prepared.h"

#include <stdlib.h>
#include <string.h>

static inline void demand(bool truth)
{
    if (!truth)
        abort();
}

/* GEOS takes its time over what crosses itself: of a ring around a pole, whose long edges are thousands of
 * points each, five rounds are laid side by side and cut wherever they cross. Six points took 0.25 s, and 25
 * s in here. */
enum { MOST_POINTS_COMPARED = 200, MOST_POINTS_ON_SPHERE = 24, MOST_POINTS_ROUND_IT = 4 };
static const double WIDEST_ON_SPHERE_DEG = 30;

static inline bool is_quick_on_sphere(const dtake__geometry_facts *facts)
{
    bool narrow = facts->max_x - facts->min_x <= WIDEST_ON_SPHERE_DEG;
    return facts->points <= (size_t)(narrow ? MOST_POINTS_ON_SPHERE : MOST_POINTS_ROUND_IT);
}

/* GEOS 3.11.1 loses an edge's end (EdgeEndBundleStar::insert) when relate meets topology that cannot be.
 * Frames of libraries without frame pointers are not seen here, so that its allocator is all there is to
 * name; what ours forgets the tests find, whose geometries are like those of users. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libstdc++.so";
}

static inline void compare_geometry(const dtake__geometry *geometry, const dtake__geometry_facts *facts)
{
    dtake_error err;
    dtake__prepared *prepared;
    bool answer;
    int last = is_quick_on_sphere(facts) ? DTAKE_EDGES_SPHERICAL : DTAKE_EDGES_PLANAR;
    for (int edges = DTAKE_EDGES_PLANAR; edges <= last; edges++) {
        if (dtake__prepared_new_box(&prepared, (dtake_box){ 170, -20, -170, 20 }, edges, &err) == DTAKE_OK) {
            dtake__prepared_test(prepared, DTAKE__INTERSECTS, geometry, &answer, &err);
            dtake__prepared_test(prepared, DTAKE__CONTAINS, geometry, &answer, &err);
            dtake__prepared_free(prepared);
        }
        /* an area of points, lines and polygons at once has no index: minutes for a fuzzer */
        if (facts->type != DTAKE__COLLECTION &&
            dtake__prepared_new(&prepared, geometry, edges, &err) == DTAKE_OK) {
            dtake__prepared_test(prepared, DTAKE__INTERSECTS, geometry, &answer, &err);
            dtake__prepared_free(prepared);
        }
    }
}

static inline void check_geometry(const dtake__geometry *geometry)
{
    dtake_error err;
    dtake__geometry back;
    dtake__geometry_facts facts;
    dtake_box box;
    dtake_buf out = DTAKE_BUF_INIT(64 << 20);
    demand(dtake__geometry_to_wkt(geometry, &out, &err) == DTAKE_OK);
    demand(dtake__geometry_from_wkt(dtake__buf_str(&out), out.len, &back, &err) == DTAKE_OK);
    demand(dtake__geometry_equal(geometry, &back));
    dtake__geometry_dispose(&back);
    dtake__buf_clear(&out);
    demand(dtake__geometry_to_ewkb(geometry, &out, &err) == DTAKE_OK);
    demand(dtake__geometry_from_wkb(out.data, out.len, &back, &err) == DTAKE_OK);
    demand(dtake__geometry_equal(geometry, &back));
    dtake__geometry_dispose(&back);
    dtake__buf_clear(&out);
    demand(dtake__geometry_to_geojson(geometry, &out, &err) == DTAKE_OK);
    if (dtake__geometry_from_geojson(dtake__buf_str(&out), out.len, &back, &err) == DTAKE_OK)
        dtake__geometry_dispose(&back);
    dtake__buf_dispose(&out);
    demand(dtake__geometry_facts_of(geometry, &facts, &err) == DTAKE_OK);
    dtake_status st = dtake__geometry_cover(geometry, &box, &err);
    demand(st == (facts.points > 0 ? DTAKE_OK : DTAKE_E_EMPTY));
    if (facts.points <= MOST_POINTS_COMPARED)
        compare_geometry(geometry, &facts);
}

#endif
