/* A chunk that is being encoded. */
#ifndef DTAKE_CATALOG_DRAFTING_H
#define DTAKE_CATALOG_DRAFTING_H

#include "catalog/chunk.h"
#include "catalog/placing.h"

typedef struct dtake__drafting {
    dtake_batch *stored; /* the rows in stored order */
    const dtake_schema *schema;
    int time, id, name, geometry;
    int64_t rows;
    int level;
    dtake__placing placing;
    dtake__chunk_draft *out;
} dtake__drafting;

static inline const int64_t *dtake__drafted_times(const dtake__drafting *d)
{
    return dtake_batch_column(d->stored, (size_t)d->time)->values;
}

static inline const uint8_t (*dtake__drafted_ids(const dtake__drafting *d))[16]
{
    return dtake_batch_column(d->stored, (size_t)d->id)->values;
}

/* Behind what the body has already; *offset: where. */
dtake_status dtake__drafting_append(dtake__drafting *d, const dtake__encoding *e, uint64_t *offset);

dtake__id_kind dtake__drafting_id_kind(const dtake__drafting *d);
dtake_status dtake__drafting_put_ids(dtake__drafting *d, dtake__id_kind kind, dtake_error *err);
dtake_status dtake__drafting_put_order(dtake__drafting *d, dtake_error *err);
dtake_status dtake__drafting_put_boxes(dtake__drafting *d, dtake_error *err);
dtake_status dtake__drafting_put_filter(dtake__drafting *d, dtake_error *err);

#endif
