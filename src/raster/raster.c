#include "raster/raster.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/area.h"

#include <math.h>

void dtake__raster_retain(dtake_raster *raster)
{
    atomic_fetch_add_explicit(&raster->refs, 1, memory_order_relaxed);
}

void dtake__raster_release(dtake_raster *raster)
{
    if (atomic_fetch_sub_explicit(&raster->refs, 1, memory_order_acq_rel) != 1)
        return;
    dtake__header_free(raster->header);
    pthread_mutex_destroy(&raster->lock);
    dtake__free(raster);
}

void dtake_raster_close(dtake_raster *raster)
{
    if (raster != NULL)
        dtake__raster_release(raster);
}

dtake__header *dtake__raster_header(const dtake_raster *raster)
{
    dtake_raster *locked = (dtake_raster *)(uintptr_t)raster;
    pthread_mutex_lock(&locked->lock);
    dtake__header *header = raster->header;
    pthread_mutex_unlock(&locked->lock);
    return header;
}

void dtake__raster_replace_header(dtake_raster *raster, dtake__header *header)
{
    pthread_mutex_lock(&raster->lock);
    header->older = raster->header;
    raster->header = header;
    pthread_mutex_unlock(&raster->lock);
}

const dtake_raster_info *dtake_raster_get_info(const dtake_raster *raster)
{
    return &dtake__raster_header(raster)->info;
}

bool dtake__raster_is_foreign(const dtake_raster *raster)
{
    return dtake__raster_header(raster)->foreign != NULL;
}

const dtake__object *dtake__raster_object(const dtake_raster *raster)
{
    return dtake__raster_header(raster)->object;
}

/* From the header's callback to the raster's. */
typedef struct opened {
    dtake_runtime *runtime;
    dtake__signer *signer;
    bool no_cache;
    dtake_raster_fn done;
    void *ctx;
} opened;

static void header_came(dtake_status st, dtake__header *header, const dtake_error *err, void *ctx)
{
    opened o = *(opened *)ctx;
    dtake__free(ctx);
    if (st != DTAKE_OK) {
        o.done(st, NULL, err, o.ctx);
        return;
    }
    dtake_raster *raster = dtake__calloc(1, sizeof *raster);
    if (raster == NULL) {
        dtake_error none;
        dtake__header_free(header);
        o.done(dtake__fail_nomem(&none, "open a raster"), NULL, &none, o.ctx);
        return;
    }
    raster->runtime = o.runtime;
    raster->signer = o.signer;
    raster->no_cache = o.no_cache;
    raster->header = header;
    atomic_init(&raster->refs, 1);
    pthread_mutex_init(&raster->lock, NULL);
    o.done(DTAKE_OK, raster, NULL, o.ctx);
}

dtake_status dtake__raster_open_start(dtake_runtime *runtime, const dtake__raster_open *open,
                                      dtake__raster_op **out, dtake_error *err, dtake_raster_fn done,
                                      void *ctx)
{
    dtake_status st = dtake__runtime_usable(runtime, false, err);
    if (st != DTAKE_OK)
        return st;
    opened *o = dtake__alloc(sizeof *o);
    if (o == NULL)
        return dtake__fail_nomem(err, "open a raster");
    *o = (opened){ runtime, open->signer, open->no_cache, done, ctx };
    st = dtake__header_start(runtime, open, false, out, err, header_came, o);
    if (st != DTAKE_OK)
        dtake__free(o);
    return st;
}

dtake_status dtake_raster_open_start(dtake_runtime *runtime, const char *href, dtake_transfer **transfer,
                                     dtake_error *err, dtake_raster_fn done, void *ctx)
{
    const dtake__raster_open open = { .href = href, .windows_waiting = -1, .keeps = transfer != NULL };
    return dtake__raster_open_start(runtime, &open, transfer, err, done, ctx);
}

dtake_status dtake_raster_window(const dtake_raster *raster, dtake_box box, dtake_window *out,
                                 dtake_error *err)
{
    const dtake_raster_info *info = dtake_raster_get_info(raster);
    if (info->crs[0] == '\0' || !info->has_transform)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "window of %s: it has no %s%s", info->href,
                           info->crs[0] == '\0' ? "CRS" : "transform",
                           info->gcp_count > 0 ? ", only ground control points" : "");
    const dtake_affine *grid = &info->transform;
    dtake__outline outline = { 0 };
    dtake_box near;
    dtake_status st = DTAKE_E_EMPTY;
    double pixel = fmin(hypot(grid->col_x, grid->col_y), hypot(grid->row_x, grid->row_y));
    if (dtake__box_near_grid(box, info->crs, grid, info->width, info->height, &near)) {
        /* A thousandth of a pixel: closer than any centre can be told from the line. */
        st = dtake__outline_of_box(near, info->crs, pixel / 1000, &outline, err);
        if (st == DTAKE_OK)
            st = dtake__outline_window(&outline, grid, info->width, info->height, out, err);
        dtake__outline_dispose(&outline);
    }
    if (st != DTAKE_E_EMPTY)
        return st;
    return dtake__fail(err, st, "window of %s: no pixel centre of it lies in %g,%g,%g,%g", info->href,
                       box.west, box.south, box.east, box.north);
}

int32_t dtake__raster_overview_for(const dtake_raster *raster, double scale)
{
    const dtake_raster_info *info = dtake_raster_get_info(raster);
    int32_t best = 0;
    for (size_t i = 0; i < info->overview_count; i++) {
        double factor = (double)info->width / (double)info->overview[i].width;
        if (factor <= scale * 1.001)
            best = (int32_t)i + 1;
    }
    return best;
}
