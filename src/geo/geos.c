#include "geo/geos.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/wkb.h"

#include <pthread.h>

static pthread_key_t thread_key;
static pthread_once_t thread_once = PTHREAD_ONCE_INIT;
static bool thread_key_made;

static void end_thread(void *geos)
{
    GEOS_finish_r(geos);
}

static void make_key(void)
{
    thread_key_made = pthread_key_create(&thread_key, end_thread) == 0;
}

static void ignore_message(const char *message, void *ctx)
{
    (void)message;
    (void)ctx;
}

GEOSContextHandle_t dtake__geos(void)
{
    pthread_once(&thread_once, make_key);
    if (!thread_key_made)
        return NULL;
    GEOSContextHandle_t geos = pthread_getspecific(thread_key);
    if (geos != NULL)
        return geos;
    geos = GEOS_init_r();
    if (geos == NULL)
        return NULL;
    GEOSContext_setErrorMessageHandler_r(geos, ignore_message, NULL);
    GEOSContext_setNoticeMessageHandler_r(geos, ignore_message, NULL);
    if (pthread_setspecific(thread_key, geos) != 0) {
        GEOS_finish_r(geos);
        return NULL;
    }
    return geos;
}

typedef struct making {
    GEOSContextHandle_t geos;
    dtake__wkb_reader in;
    bool no_memory;
} making;

static GEOSGeometry *stopped(making *m, const char *why)
{
    if (m->in.bad == NULL)
        m->in.bad = why;
    return NULL;
}

static GEOSCoordSequence *make_sequence(making *m, const dtake__wkb_head *head, uint32_t count)
{
    const uint8_t *positions;
    if (!dtake__wkb_positions(&m->in, head, count, &positions))
        return NULL;
    double *xy = dtake__calloc((size_t)count + 1, 2 * sizeof *xy);
    if (xy == NULL) {
        m->no_memory = true;
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++)
        dtake__wkb_xy(positions, head->dims, i, xy + 2 * (size_t)i);
    GEOSCoordSequence *out = GEOSCoordSeq_copyFromBuffer_r(m->geos, xy, count, 0, 0);
    dtake__free(xy);
    return out;
}

static GEOSGeometry *make_point(making *m, const dtake__wkb_head *head)
{
    const uint8_t *position;
    double xy[2];
    if (!dtake__wkb_positions(&m->in, head, 1, &position))
        return NULL;
    dtake__wkb_xy(position, head->dims, 0, xy);
    return dtake__wkb_is_hole(xy) ? GEOSGeom_createEmptyPoint_r(m->geos)
                                  : GEOSGeom_createPointFromXY_r(m->geos, xy[0], xy[1]);
}

static GEOSGeometry *make_line(making *m, const dtake__wkb_head *head)
{
    GEOSCoordSequence *sequence = make_sequence(m, head, head->count);
    return sequence != NULL ? GEOSGeom_createLineString_r(m->geos, sequence) : NULL;
}

static GEOSGeometry *make_ring(making *m, const dtake__wkb_head *head)
{
    uint32_t count;
    GEOSCoordSequence *sequence =
        dtake__wkb_ring(&m->in, head, &count) ? make_sequence(m, head, count) : NULL;
    return sequence != NULL ? GEOSGeom_createLinearRing_r(m->geos, sequence) : NULL;
}

static GEOSGeometry *make_geometry(making *m);

static GEOSGeometry *make_part(making *m, const dtake__wkb_head *head)
{
    return head->type == DTAKE__POLYGON ? make_ring(m, head) : make_geometry(m);
}

static void destroy_all(making *m, GEOSGeometry **part, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        GEOSGeom_destroy_r(m->geos, part[i]);
    dtake__free(part);
}

static GEOSGeometry *make_parts(making *m, const dtake__wkb_head *head)
{
    static const int geos_type[] = { [DTAKE__MULTIPOINT] = GEOS_MULTIPOINT,
                                     [DTAKE__MULTILINESTRING] = GEOS_MULTILINESTRING,
                                     [DTAKE__MULTIPOLYGON] = GEOS_MULTIPOLYGON,
                                     [DTAKE__COLLECTION] = GEOS_GEOMETRYCOLLECTION };
    GEOSGeometry **part = dtake__calloc((size_t)head->count + 1, sizeof *part);
    if (part == NULL) {
        m->no_memory = true;
        return NULL;
    }
    for (uint32_t i = 0; i < head->count; i++) {
        part[i] = make_part(m, head);
        if (part[i] == NULL) {
            destroy_all(m, part, i);
            return NULL;
        }
    }
    GEOSGeometry *out = NULL;
    if (head->type != DTAKE__POLYGON)
        out = GEOSGeom_createCollection_r(m->geos, geos_type[head->type], part, head->count);
    else if (head->count > 0)
        out = GEOSGeom_createPolygon_r(m->geos, part[0], part + 1, head->count - 1);
    else
        out = GEOSGeom_createEmptyPolygon_r(m->geos);
    dtake__free(part);
    return out;
}

static GEOSGeometry *make_geometry(making *m)
{
    dtake__wkb_head head;
    GEOSGeometry *out = NULL;
    if (!dtake__wkb_enter(&m->in, &head))
        return NULL;
    if (head.type == DTAKE__POINT)
        out = make_point(m, &head);
    else if (head.type == DTAKE__LINESTRING)
        out = make_line(m, &head);
    else
        out = make_parts(m, &head);
    dtake__wkb_leave(&m->in);
    return out != NULL ? out : stopped(m, "GEOS does not take it: too few points in a line or ring?");
}

dtake_status dtake__geos_make(GEOSContextHandle_t geos, const dtake__geometry *geometry, GEOSGeometry **out,
                              dtake_error *err)
{
    making m = { geos, dtake__wkb_read(geometry) };
    *out = make_geometry(&m);
    if (*out != NULL)
        return DTAKE_OK;
    return m.no_memory ? dtake__fail_nomem(err, "geometry for GEOS") : dtake__wkb_fail(&m.in, err);
}
