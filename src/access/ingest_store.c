/* Storing: batches to the source, one step after another, a commit every so often. */
#include "access/ingest.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"

#include <string.h>

/* How much an interrupted ingest may lose, but for a chunk that is under way. Small transactions are written
 * while the rest goes on. */
enum { COMMIT_ROWS = 1 << 17, COMMIT_MS = 10000 };

static void step(dtake_ingest *ingest, dtake__write_kind kind);

static void fail(dtake_ingest *ingest, dtake_status st, const dtake_error *err)
{
    dtake__ingest_storing *s = &ingest->storing;
    if (s->status == DTAKE_OK) {
        s->status = st;
        dtake__error_copy(&s->err, err);
    }
}

static void rest(dtake_ingest *ingest)
{
    dtake__ingest_storing *s = &ingest->storing;
    dtake__parcel_free(s->parcel);
    s->parcel = NULL;
    s->busy = false;
    dtake__ingest_pump(ingest);
}

/* Many rows are committed as whole chunks; those of a slow input to the last one. */
static bool commit_is_due(const dtake_ingest *ingest, bool *part)
{
    const dtake__ingest_storing *s = &ingest->storing;
    *part = s->rows >= COMMIT_ROWS;
    return !ingest->options.value.all_or_nothing && s->rows > 0 &&
           (*part || dtake__now_ms() - s->since_ms >= COMMIT_MS);
}

/* The writer stands at the parcel's collection now. */
static void arrived(dtake_ingest *ingest)
{
    dtake__ingest_storing *s = &ingest->storing;
    dtake__free(s->collection);
    s->collection = dtake__strdup(s->parcel->collection);
    if (s->collection != NULL) {
        step(ingest, DTAKE__WRITE_PUT);
        return;
    }
    dtake_error err;
    fail(ingest, dtake__fail_nomem(&err, "a writer"), &err);
    rest(ingest);
}

static void committed(dtake_ingest *ingest)
{
    dtake__ingest_storing *s = &ingest->storing;
    atomic_fetch_add(&ingest->added, s->write.counts.added);
    atomic_fetch_add(&ingest->replaced, s->write.counts.replaced);
    atomic_fetch_add(&ingest->same, s->write.counts.same);
    s->rows = 0;
    s->waits = s->part;
    s->since_ms = dtake__now_ms();
}

static void done(dtake__write *write)
{
    dtake_ingest *ingest = DTAKE__CONTAINER(write, dtake_ingest, storing.write);
    dtake__ingest_storing *s = &ingest->storing;
    s->writer = write->writer;
    if (write->status != DTAKE_OK) {
        fail(ingest, write->status, &write->err);
        rest(ingest);
        return;
    }
    switch (write->kind) {
    case DTAKE__WRITE_OPEN:
        s->since_ms = dtake__now_ms();
        arrived(ingest);
        return;
    case DTAKE__WRITE_TURN:
        arrived(ingest);
        return;
    case DTAKE__WRITE_PUT:
        s->rows += dtake_batch_rows(s->parcel->batch);
        if (commit_is_due(ingest, &s->part))
            step(ingest, DTAKE__WRITE_COMMIT);
        else
            rest(ingest);
        return;
    case DTAKE__WRITE_COMMIT:
        committed(ingest);
        break;
    case DTAKE__WRITE_CLOSE:
        break;
    }
    rest(ingest);
}

static void step(dtake_ingest *ingest, dtake__write_kind kind)
{
    dtake__ingest_storing *s = &ingest->storing;
    s->write = (dtake__write){ .kind = kind,
                               .dataset = ingest->options.value.dataset,
                               .collection = s->parcel != NULL ? s->parcel->collection : NULL,
                               .batch = s->parcel != NULL ? s->parcel->batch : NULL,
                               .writer = s->writer,
                               .expected_bytes = atomic_load(&ingest->bytes_total),
                               .part = s->part,
                               .done = done };
    ingest->client->source->kind->write(ingest->client->source, &s->write);
}

/* --- the dataset, once there is a datapoint for it --- */

static void created(dtake__act *act)
{
    dtake_ingest *ingest = DTAKE__CONTAINER(act, dtake_ingest, act);
    ingest->storing.created = act->status == DTAKE_OK;
    if (act->status == DTAKE_OK) {
        step(ingest, DTAKE__WRITE_OPEN);
        return;
    }
    fail(ingest, act->status, &act->err);
    rest(ingest);
}

/* One that is there may get new fields. */
static void create(dtake_ingest *ingest)
{
    const dtake_ingest_options *o = &ingest->options.value;
    bool has_place = dtake_schema_find_role(ingest->parsing.schema, DTAKE_ROLE_GEOMETRY) >= 0;
    ingest->info = (dtake_dataset_info){ .slug = o->dataset,
                                         .name = o->name != NULL ? o->name : o->dataset,
                                         .description = o->description != NULL ? o->description : "",
                                         .kind = has_place ? DTAKE_SPATIOTEMPORAL : DTAKE_TEMPORAL,
                                         .schema = ingest->parsing.schema };
    ingest->act = (dtake__act){ .kind = DTAKE__ACT_DATASET_CREATE,
                                .info = &ingest->info,
                                .expected_bytes = atomic_load(&ingest->bytes_total),
                                .done = created };
    ingest->client->source->kind->act(ingest->client->source, &ingest->act);
}

void dtake__ingest_store_start(dtake_ingest *ingest, bool last)
{
    dtake__ingest_storing *s = &ingest->storing;
    s->busy = true;
    s->part = false;
    s->parcel = last ? NULL : dtake__parcel_pop(&s->waiting);
    if (last)
        step(ingest, s->rows > 0 || s->waits ? DTAKE__WRITE_COMMIT : DTAKE__WRITE_CLOSE);
    else if (!s->created)
        create(ingest);
    else if (s->writer == NULL)
        step(ingest, DTAKE__WRITE_OPEN);
    else if (strcmp(s->collection, s->parcel->collection) != 0)
        step(ingest, DTAKE__WRITE_TURN);
    else
        step(ingest, DTAKE__WRITE_PUT);
}

void dtake__ingest_store_dispose(dtake_ingest *ingest)
{
    dtake__parcel *parcel;
    while ((parcel = dtake__parcel_pop(&ingest->storing.waiting)) != NULL)
        dtake__parcel_free(parcel);
    dtake__free(ingest->storing.collection);
}
