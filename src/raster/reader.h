/* Opening and reading rasters from inside: as <datatake/raster.h>, with the job's counters, order and plan.
 */
#ifndef DTAKE_RASTER_READER_H
#define DTAKE_RASTER_READER_H

#include <datatake/raster.h>

#include <stdatomic.h>

#include "io/object.h"
#include "io/signer.h"
#include "io/tally.h"
#include "raster/foreign.h"
#include "raster/plan.h"

typedef struct dtake__raster_open {
    const char *href; /* copied */
    dtake__signer *signer;
    dtake__tally *tally;
    uint64_t order;
    bool no_cache;                      /* leave the header cache alone */
    const dtake__foreign_kind *foreign; /* opens what it takes; NULL: there is none */
    int32_t windows_waiting; /* as in dtake__raster_job: with few, connections for the read are opened
                                meanwhile; -1: none are */
    bool keeps;              /* the caller releases what it gets, by dtake_transfer_release */
} dtake__raster_open;

/* Cancelling: `cancelled` flags of the job are looked at by the caller; an open or read in flight is ended by
 * dtake__raster_op_cancel (any thread, before `done` has returned, or the release of one that is kept). */
typedef struct dtake_transfer dtake__raster_op;
void dtake__raster_op_cancel(dtake__raster_op *op);

dtake_status dtake__raster_open_start(dtake_runtime *runtime, const dtake__raster_open *open,
                                      dtake__raster_op **out, dtake_error *err, dtake_raster_fn done,
                                      void *ctx);

typedef struct dtake__raster_job {
    dtake__tally *tally;
    uint64_t order;
    bool in_budget;          /* the caller holds budget for this read already */
    int32_t windows_waiting; /* how many more reads the caller has: few: rows are spread over connections;
                                many: merged; -1: not known, what is under way tells */
    atomic_int_least64_t *bytes_done; /* compressed bytes arrived, for progress; NULL: none */
    bool keeps;                       /* as in dtake__raster_open */
} dtake__raster_job;

dtake_status dtake__raster_read_start(dtake_raster *raster, const dtake_read *read,
                                      const dtake__raster_job *job, dtake__raster_op **out, dtake_error *err,
                                      dtake_pixels_fn done, void *ctx);

/* What a read would fetch: exact, without I/O. `plan` is the caller's to dispose. GDAL rasters: one range of
 * unknown size; foreign ones: one of about the size that arrives. */
dtake_status dtake__raster_plan(const dtake_raster *raster, const dtake_read *read,
                                const dtake__raster_job *job, dtake__plan *plan, dtake_error *err);

/* Compressed and decoded bytes a read holds at most, for the budget. */
int64_t dtake__raster_read_bytes(const dtake_raster *raster, const dtake_read *read);

bool dtake__raster_is_foreign(const dtake_raster *raster); /* a request a read */

/* Whose bytes are read, with their version; the raster's own. NULL: GDAL reads, or it is foreign. */
const dtake__object *dtake__raster_object(const dtake_raster *raster);

/* The overview to read for a grid `scale` times coarser than full resolution (1: full): the coarsest that is
 * not coarser than that, within 0.1 %. */
int32_t dtake__raster_overview_for(const dtake_raster *raster, double scale);

#endif
