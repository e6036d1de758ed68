/* What one walk over a geometry's points finds. */
#include "core/error.h"
#include "geo/wkb.h"

#include <math.h>

static dtake_status see_head(const dtake__wkb_head *head, const uint8_t *at, void *ctx, dtake_error *err)
{
    (void)at, (void)err;
    dtake__geometry_facts *facts = ctx;
    if (facts->type == 0) {
        facts->type = head->type;
        facts->has_z = head->has_z;
        facts->has_m = head->has_m;
    }
    return DTAKE_OK;
}

static dtake_status see_run(const dtake__wkb_head *head, const uint8_t *positions, uint32_t count, void *ctx,
                            dtake_error *err)
{
    (void)err;
    dtake__geometry_facts *facts = ctx;
    for (uint32_t i = 0; i < count; i++) {
        double at[3] = { 0 };
        memcpy(at, positions + (size_t)i * (size_t)head->dims * sizeof(double),
               (head->has_z ? 3 : 2) * sizeof(double));
        if (dtake__wkb_is_hole(at))
            continue;
        facts->points++;
        facts->min_x = fmin(facts->min_x, at[0]);
        facts->max_x = fmax(facts->max_x, at[0]);
        facts->min_y = fmin(facts->min_y, at[1]);
        facts->max_y = fmax(facts->max_y, at[1]);
        if (head->has_z) {
            facts->min_z = fmin(facts->min_z, at[2]);
            facts->max_z = fmax(facts->max_z, at[2]);
        }
    }
    return DTAKE_OK;
}

dtake_status dtake__geometry_facts_of(const dtake__geometry *geometry, dtake__geometry_facts *out,
                                      dtake_error *err)
{
    static const dtake__wkb_visitor sees = { see_head, see_run };
    *out = (dtake__geometry_facts){ .min_x = HUGE_VAL,
                                    .min_y = HUGE_VAL,
                                    .min_z = HUGE_VAL,
                                    .max_x = -HUGE_VAL,
                                    .max_y = -HUGE_VAL,
                                    .max_z = -HUGE_VAL };
    return dtake__wkb_walk(geometry, &sees, out, err);
}

dtake_status dtake__geometry_check_degrees(const dtake__geometry *geometry, dtake_error *err)
{
    dtake__geometry_facts facts;
    dtake_status st = dtake__geometry_facts_of(geometry, &facts, err);
    if (st != DTAKE_OK)
        return st;
    if (geometry->srid != 0 && geometry->srid != 4326)
        return dtake__fail(err, DTAKE_E_FORMAT,
                           "a geometry in EPSG:%d: give longitude and latitude (EPSG:4326)", geometry->srid);
    if (facts.points > 0 &&
        (facts.min_x < -540 || facts.max_x > 540 || facts.min_y < -90 || facts.max_y > 90))
        return dtake__fail(err, DTAKE_E_FORMAT,
                           "a geometry from %g %g to %g %g is not in longitude and latitude, in degrees",
                           facts.min_x, facts.min_y, facts.max_x, facts.max_y);
    return DTAKE_OK;
}
