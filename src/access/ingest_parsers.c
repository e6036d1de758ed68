/* Who parses which run of records, and in which order batches go on. */
#include "access/ingest_parser.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/workers.h"

enum {
    LONG_RUN_BYTES = 256 << 10, /* becomes batches of its own */
    HEADER_MAX_BYTES = 64 << 20,
};

/* --- the plan --- */

static dtake_status sample(dtake_ingest *ingest, dtake_error *err)
{
    dtake__mapper *m = ingest->parsing.parser[0].mapper;
    for (const dtake__held *h = ingest->filled.first; h != NULL; h = h->next)
        for (size_t i = 0; i < h->records.count; i++) {
            if ((i & 1023) == 0 && atomic_load(&ingest->cancelled))
                return dtake__fail(err, DTAKE_E_CANCELLED, "cancelled");
            dtake_status st = m->kind->sample(m, &h->records.record[i], h->first && i == 0, err);
            if (st != DTAKE_OK) {
                dtake__error_prefix(err, "%.200s", dtake__ingest_input(ingest, h->input));
                return st;
            }
        }
    return DTAKE_OK;
}

dtake_status dtake__ingest_plan(dtake_ingest *ingest, dtake_error *err)
{
    dtake__parser *p = &ingest->parsing.parser[0];
    const dtake_ingest_options *o = &ingest->options.value;
    dtake_status st = o->format == DTAKE_INGEST_CSV ? dtake__mapper_csv_new(&p->mapper, o, err)
                                                    : dtake__mapper_items_new(&p->mapper, o, err);
    if (st == DTAKE_OK)
        st = sample(ingest, err);
    if (st != DTAKE_OK)
        return st;
    st = p->mapper->kind->schema(p->mapper, ingest->base, &ingest->parsing.schema, err);
    if (st != DTAKE_OK)
        dtake__error_prefix(err, "%.200s", dtake__ingest_input(ingest, 0));
    return st;
}

static dtake_status begin(dtake_ingest *ingest, dtake__parser *p, dtake_error *err)
{
    const dtake_schema *schema = ingest->parsing.schema;
    p->ingest = ingest;
    p->header = DTAKE_BUF_INIT(HEADER_MAX_BYTES);
    dtake_status st = p->mapper->kind->begin(p->mapper, schema, err);
    return st == DTAKE_OK ? dtake__builder_new(&p->builder, schema, err) : st;
}

dtake_status dtake__ingest_begin(dtake_ingest *ingest, dtake_error *err)
{
    dtake__ingest_parsing *all = &ingest->parsing;
    const dtake__mapper *first = all->parser[0].mapper;
    all->header = DTAKE_BUF_INIT(HEADER_MAX_BYTES);
    dtake_status st = DTAKE_OK;
    size_t wanted = dtake__workers_count(ingest->client->runtime) > 1 ? DTAKE__PARSERS_MAX : 1;
    for (size_t i = 1; i < wanted && st == DTAKE_OK; i++)
        st = first->kind->copy(first, &all->parser[i].mapper, err);
    for (; all->count < wanted && st == DTAKE_OK; all->count++)
        st = begin(ingest, &all->parser[all->count], err);
    return st;
}

/* --- runs --- */

size_t dtake__ingest_parsers_busy(const dtake_ingest *ingest)
{
    size_t busy = 0;
    for (size_t i = 0; i < ingest->parsing.count; i++)
        busy += ingest->parsing.parser[i].busy;
    return busy;
}

static bool is_free(const dtake__parser *p)
{
    return !p->busy && !p->ready;
}

/* NULL: none. Rows that are being gathered come before those of the next run. */
static dtake__parser *free_parser(dtake__ingest_parsing *all)
{
    if (all->gathers != NULL)
        return is_free(all->gathers) ? all->gathers : NULL;
    for (size_t i = 0; i < all->count; i++)
        if (is_free(&all->parser[i]))
            return &all->parser[i];
    return NULL;
}

bool dtake__ingest_may_parse(const dtake_ingest *ingest)
{
    return free_parser((dtake__ingest_parsing *)&ingest->parsing) != NULL;
}

/* Batches of the runs that are through go on, up to the first run that is not. */
static void hand_on(dtake_ingest *ingest)
{
    dtake__ingest_parsing *all = &ingest->parsing;
    for (size_t i = 0; i < all->count; i++) {
        dtake__parser *p = &all->parser[i];
        dtake__parcel *parcel;
        if (!p->ready || p->turn != all->told)
            continue;
        while ((parcel = dtake__parcel_pop(&p->made)) != NULL)
            dtake__parcel_push(&ingest->storing.waiting, parcel);
        p->ready = false;
        all->told++;
        i = SIZE_MAX; /* from the first one again */
    }
}

static void pass_over(dtake__work *work)
{
    (void)work;
}

static void done(dtake__work *work)
{
    dtake__parser *p = DTAKE__CONTAINER(work, dtake__parser, work);
    dtake_ingest *ingest = p->ingest;
    p->busy = false;
    p->ready = true;
    if (p->held != NULL)
        dtake__held_push(&ingest->spare, p->held);
    p->held = NULL;
    hand_on(ingest);
    dtake__ingest_pump(ingest);
}

/* Columns are known by the header alone, which only the first run of a CSV has. */
static dtake_status keep_header(dtake_ingest *ingest, dtake__parser *p)
{
    dtake__ingest_parsing *all = &ingest->parsing;
    const dtake__held *held = p->held;
    dtake_status st = DTAKE_OK;
    if (ingest->options.value.format != DTAKE_INGEST_CSV || all->count == 1)
        return DTAKE_OK;
    if (held->first) {
        dtake__buf_clear(&all->header);
        st = dtake__buf_append(&all->header, held->records.record[0].text, held->records.record[0].len);
    } else if (!p->begun || p->input != held->input) {
        dtake__buf_clear(&p->header);
        st = dtake__buf_append(&p->header, all->header.data, all->header.len);
    }
    return st == DTAKE_OK ? DTAKE_OK : dtake__fail_nomem(&p->err, "a header");
}

void dtake__ingest_parse_start(dtake_ingest *ingest)
{
    dtake__ingest_parsing *all = &ingest->parsing;
    dtake__parser *p = free_parser(all);
    p->held = dtake__held_pop(&ingest->filled);
    p->empties = p->held != NULL && p->held->records.len >= LONG_RUN_BYTES;
    p->turn = all->turns++;
    p->busy = true;
    all->gathers = p->held != NULL && !p->empties ? p : NULL;
    p->status = p->held != NULL ? keep_header(ingest, p) : DTAKE_OK;
    p->work = (dtake__work){ .run = p->status == DTAKE_OK ? dtake__parser_run : pass_over, .done = done };
    dtake__workers_run(ingest->client->runtime, &p->work);
}

void dtake__ingest_parse_dispose(dtake_ingest *ingest)
{
    dtake__ingest_parsing *all = &ingest->parsing;
    for (size_t i = 0; i < DTAKE__PARSERS_MAX; i++)
        dtake__parser_dispose(&all->parser[i]);
    dtake__buf_dispose(&all->header);
    dtake_schema_release(all->schema);
}
