#include "server/tilebox_query.h"

#include "core/alloc.h"
#include "core/error.h"
#include "protocol/tilebox/query.h"
#include "table/batch.h"
#include "table/column.h"

enum {
    PAGE_ROWS = 8192, /* without a limit of the client's */
    PAGE_BYTES = 2 << 20,
    MAX_PAGE_ROWS = 65536, /* whatever the limit */
    MAX_PAGE_BYTES = 16 << 20,
    LEAST_PAGE_BYTES = 256 << 10,
    WAITING_BYTES = 64 << 20, /* of answers: pages become shorter on the way there */
    RUN_ROWS = 256,           /* written between two looks at the size */
    MAX_COLLECTIONS = 100,
};

/* --- what is asked --- */

static dtake_status check(dtake__tb_asked *asked, const dtake__tb_wanted *w, dtake_error *err)
{
    if (w->collection_count > MAX_COLLECTIONS)
        return dtake__tb_no(asked, DTAKE__RPC_INVALID_ARGUMENT, err, "collection_ids: at most %d items",
                            MAX_COLLECTIONS);
    for (size_t i = 0; i < w->collection_count; i++)
        if (!w->collection_ids[i].set)
            return dtake__tb_no(asked, DTAKE__RPC_INVALID_ARGUMENT, err,
                                "collection_ids[%zu]: value is required", i);
    if (w->collection_count == 0 && (w->dataset_id == NULL || !w->dataset_id->set))
        return dtake__tb_required(asked, "dataset_id", err);
    if (w->page != NULL && w->page->has_limit && w->page->limit < 1)
        return dtake__tb_no(asked, DTAKE__RPC_INVALID_ARGUMENT, err, "page.limit: value must be at least 1");
    return DTAKE_OK;
}

static dtake_status find_place(dtake__tb_asked *asked, const dtake__tb_wanted *w, dtake__tb_place *place,
                               dtake_error *err)
{
    if (w->collection_count > 0)
        return dtake__tb_find_collection(asked, w->dataset_id, &w->collection_ids[0], place, err);
    return dtake__tb_find_dataset(asked, w->dataset_id, place, err);
}

static dtake_status add_collections(dtake__tb_asked *asked, const dtake__tb_wanted *w,
                                    const dtake__tb_place *place, dtake_query *query, dtake_error *err)
{
    dtake_status st = dtake_query_dataset(query, place->dataset->slug, err);
    for (size_t i = 0; i < w->collection_count && st == DTAKE_OK; i++) {
        const dtake_collection_info *info = dtake__tb_collection_by_id(place, &w->collection_ids[i]);
        st = info != NULL ? dtake__query_add_collection(query, info->name, err)
                          : dtake__tb_no(asked, DTAKE__RPC_NOT_FOUND, err, "no such collection");
    }
    return st;
}

/* All fields but the collection, or those of skip_data. */
static dtake_status choose_fields(dtake_query *query, const dtake__tb_wanted *w, const dtake_schema *schema,
                                  dtake_error *err)
{
    static const dtake_field_role keys[] = { DTAKE_ROLE_TIME, DTAKE_ROLE_ID, DTAKE_ROLE_INGESTION_TIME };
    dtake_status st = DTAKE_OK;
    size_t count = w->skip_data ? 3 : dtake_schema_count(schema);
    for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
        int at = w->skip_data ? dtake_schema_find_role(schema, keys[i]) : (int)i;
        const char *name = at >= 0 ? dtake_schema_field(schema, (size_t)at)->name : NULL;
        if (name != NULL)
            st = dtake__strings_add(&query->fields, name, strlen(name));
    }
    return st == DTAKE_OK ? DTAKE_OK : dtake__fail_nomem(err, "a query");
}

static dtake_status set_after(dtake_query *query, const dtake__tb_wanted *w)
{
    if (w->page != NULL && w->page->starting_after.set) {
        query->has_after = true;
        memcpy(query->after.bytes, w->page->starting_after.bytes, 16);
    }
    return DTAKE_OK;
}

/* What tells one query from another, whatever its page. */
static dtake_status make_key(const dtake__tb_wanted *w, dtake_buf *out, dtake_error *err)
{
    dtake__tb_query query = { .collection_ids = { (void *)w->collection_ids, w->collection_count },
                              .filters = *w->filters,
                              .skip_data = w->skip_data };
    if (w->dataset_id != NULL)
        query.dataset_id = *w->dataset_id;
    query.filters.set = true;
    *out = DTAKE_BUF_INIT(64 << 20);
    dtake_status st = dtake__buf_append(out, w->as_of_2024 ? "4" : "5", 1);
    return st == DTAKE_OK ? dtake__tb_write(&dtake__tb_query_message, &query, out, err) : st;
}

/* --- beginning and going on --- */

static dtake_status begin_query(dtake__tb_asked *asked, const dtake__tb_wanted *w,
                                const dtake__tb_place *place, dtake__tb_cursor *c, dtake_error *err)
{
    bool nothing = false;
    dtake_status st = dtake_query_new(&c->query, err);
    dtake_query *query = c->query;
    if (st == DTAKE_OK)
        st = add_collections(asked, w, place, query, err);
    if (st == DTAKE_OK)
        st = dtake__tb_filters_read(query, &nothing, w->filters, c->type, place->dataset->schema, err);
    if (st == DTAKE_OK)
        st = choose_fields(query, w, place->dataset->schema, err);
    if (st == DTAKE_OK)
        st = set_after(query, w);
    c->ended = nothing;
    c->plain = st == DTAKE_OK && query->area.kind == DTAKE__AREA_NONE && query->filter == NULL &&
               query->id_count == 0 && query->names.count == 0;
    return st;
}

static dtake_status begin(dtake__tb_asked *asked, const dtake__tb_wanted *w, dtake__tb_cursor *c,
                          dtake_error *err)
{
    dtake__tb_place place = { 0 };
    dtake_status st = find_place(asked, w, &place, err);
    if (st == DTAKE_OK)
        st = dtake__tb_type_of(asked, place.dataset, w->as_of_2024, &c->type, err);
    if (st == DTAKE_OK)
        st = begin_query(asked, w, &place, c, err);
    dtake__tb_place_dispose(&place);
    return st;
}

dtake_status dtake__tb_query_open(dtake__tb_asked *asked, const dtake__tb_wanted *w, dtake__tb_cursor **out,
                                  dtake_error *err)
{
    dtake_buf key;
    *out = NULL;
    dtake_status st = check(asked, w, err);
    if (st == DTAKE_OK)
        st = make_key(w, &key, err);
    if (st != DTAKE_OK)
        return st;
    if (w->page != NULL && w->page->starting_after.set)
        *out = dtake__tb_pages_take(&asked->service->pages, &key, w->page->starting_after.bytes);
    dtake__tb_cursor *c = *out == NULL ? dtake__calloc(1, sizeof *c) : NULL;
    if (*out != NULL || c == NULL) {
        dtake__buf_dispose(&key);
        return *out != NULL ? DTAKE_OK : dtake__fail_nomem(err, "a query");
    }
    c->key = DTAKE_BUF_INIT(0);
    dtake__buf_move(&c->key, &key);
    st = begin(asked, w, c, err);
    if (st == DTAKE_OK)
        *out = c;
    else
        dtake__tb_cursor_free(c);
    return st;
}

/* --- rows --- */

/* Stands at a row, or has ended. */
static dtake_status advance(dtake__tb_cursor *c, const dtake__tb_wanted *w, dtake_error *err)
{
    while (!c->ended && (c->batch == NULL || c->row >= dtake_batch_rows(c->batch))) {
        dtake_batch_release(c->batch);
        c->batch = NULL;
        c->row = 0;
        dtake_status st = dtake_load_next(c->load, &c->batch, err);
        if (st == DTAKE_OK && c->batch != NULL && c->encoder == NULL)
            st = dtake__datapoints_encoder_new(&c->encoder, c->type, dtake_batch_schema(c->batch),
                                               w->skip_data ? DTAKE__DATAPOINTS_KEYS : DTAKE__DATAPOINTS_FULL,
                                               err);
        if (st != DTAKE_OK)
            return st;
        c->ended = c->batch == NULL;
    }
    return DTAKE_OK;
}

dtake__tb_room dtake__tb_page_room(const dtake__tb_wanted *w, int64_t waiting_bytes)
{
    int64_t room = (WAITING_BYTES - waiting_bytes) / 8;
    const dtake__tb_time_interval *t = &w->filters->time_interval;
    bool instant = t->set && t->start_time.set && t->end_time.set &&
                   t->start_time.seconds == t->end_time.seconds && t->start_time.nanos == t->end_time.nanos;
    bool asked = w->page != NULL && w->page->has_limit;
    dtake__tb_room out = { .rows = asked ? (w->page->limit < MAX_PAGE_ROWS ? w->page->limit : MAX_PAGE_ROWS)
                                   : instant ? MAX_PAGE_ROWS
                                             : PAGE_ROWS,
                           .bytes = asked || instant ? MAX_PAGE_BYTES : PAGE_BYTES };
    if (!instant && room < (int64_t)out.bytes)
        out.bytes = room > LEAST_PAGE_BYTES ? (size_t)room : LEAST_PAGE_BYTES;
    return out;
}

static void note_last(dtake__tb_cursor *c, int64_t row)
{
    int at = dtake_schema_find_role(dtake_batch_schema(c->batch), DTAKE_ROLE_ID);
    int time = dtake_schema_find_role(dtake_batch_schema(c->batch), DTAKE_ROLE_TIME);
    if (at >= 0)
        memcpy(c->last_id, dtake__get_uuid(dtake_batch_column(c->batch, (size_t)at), row), 16);
    if (time >= 0)
        c->last_ns = dtake__get_i64(dtake_batch_column(c->batch, (size_t)time), row);
}

/* Growing a page by doubling would copy it several times. A failure shows when it is written. */
static void make_room(const dtake__tb_cursor *c, int64_t rows, size_t bytes, dtake_buf *written)
{
    int64_t there = c->batch != NULL ? dtake_batch_rows(c->batch) : 0;
    if (there == 0)
        return;
    size_t likely = (size_t)(dtake__batch_bytes(c->batch) / there) * (size_t)(rows < there ? rows : there);
    (void)dtake__buf_reserve(written, likely < bytes ? likely : bytes);
}

static dtake_status fill_page(const dtake__tb_wanted *w, dtake__tb_cursor *c, int64_t rows, size_t bytes,
                              dtake_buf *written, dtake__tb_put_rows *put, void *ctx, dtake_error *err)
{
    size_t before = written->len;
    dtake_status st = advance(c, w, err);
    make_room(c, rows, bytes, written);
    while (st == DTAKE_OK && !c->ended && rows > 0 && written->len - before < bytes) {
        int64_t count = dtake_batch_rows(c->batch) - c->row;
        count = count < rows ? count : rows;
        count = count < RUN_ROWS ? count : RUN_ROWS;
        st = put(c, c->row, count, ctx, err);
        if (st != DTAKE_OK)
            return st;
        note_last(c, c->row + count - 1);
        c->row += count;
        rows -= count;
        st = advance(c, w, err);
    }
    return st;
}

static void cancel_load(void *ctx)
{
    dtake_load_cancel(ctx);
}

dtake_status dtake__tb_query_page(dtake__tb_asked *asked, const dtake__tb_wanted *w, dtake__tb_cursor *c,
                                  dtake_buf *written, dtake__tb_put_rows *put, void *ctx, bool *more,
                                  dtake_error *err)
{
    dtake__tb_room room = dtake__tb_page_room(w, dtake__rpc_waiting_bytes(asked->call));
    dtake_status st = DTAKE_OK;
    if (c->plain)
        c->query->limit = room.rows + 1; /* whether others follow */
    if (c->load == NULL && !c->ended)
        st = dtake_load_start(&c->load, asked->service->client, c->query, err);
    if (st != DTAKE_OK)
        return st;
    if (c->load != NULL)
        dtake__rpc_on_cancel(asked->call, cancel_load, c->load);
    st = fill_page(w, c, room.rows, room.bytes, written, put, ctx, err);
    if (c->load != NULL)
        dtake__rpc_on_cancel(asked->call, NULL, NULL);
    *more = st == DTAKE_OK && !c->ended && !dtake__rpc_cancelled(asked->call);
    return st;
}

dtake__tb_page dtake__tb_next_page(const dtake__tb_wanted *w, const dtake__tb_cursor *c)
{
    dtake__tb_page page = { .set = true, .starting_after = dtake__tb_id_of(c->last_id) };
    if (w->page != NULL) {
        page.has_limit = w->page->has_limit;
        page.limit = w->page->limit;
    }
    return page;
}

void dtake__tb_query_leave(dtake__tb_asked *asked, dtake__tb_cursor *c, bool more)
{
    if (c != NULL && more)
        dtake__tb_pages_keep(&asked->service->pages, c);
    else
        dtake__tb_cursor_free(c);
}

/* --- one datapoint --- */

static dtake_status find(dtake__tb_asked *asked, const dtake__tb_place *place, const char *collection,
                         const dtake__tb_id *id, dtake_batch **found, dtake_error *err)
{
    char text[DTAKE_ID_TEXT];
    dtake_id plain;
    memcpy(plain.bytes, id->bytes, sizeof plain.bytes);
    dtake_id_format(plain, text);
    return dtake_find(asked->service->client, place->dataset->slug, collection, text, found, err);
}

static dtake_status find_in(dtake__tb_asked *asked, const dtake__tb_wanted *w, const dtake__tb_place *place,
                            const dtake__tb_id *id, dtake_batch **found, dtake_error *err)
{
    dtake_status st = DTAKE_E_NOT_FOUND;
    if (w->collection_count == 0)
        st = find(asked, place, NULL, id, found, err);
    for (size_t i = 0; i < w->collection_count && st == DTAKE_E_NOT_FOUND; i++) {
        const dtake_collection_info *info = dtake__tb_collection_by_id(place, &w->collection_ids[i]);
        if (info == NULL)
            return dtake__tb_no(asked, DTAKE__RPC_NOT_FOUND, err, "no such collection");
        st = find(asked, place, info->name, id, found, err);
    }
    return st == DTAKE_E_NOT_FOUND ? dtake__tb_no(asked, DTAKE__RPC_NOT_FOUND, err, "no such datapoint") : st;
}

dtake_status dtake__tb_query_one(dtake__tb_asked *asked, const dtake__tb_wanted *w, const dtake__tb_id *id,
                                 dtake__tilebox_type **type, dtake_batch **found, dtake_error *err)
{
    dtake__tb_place place = { 0 };
    *type = NULL;
    *found = NULL;
    if (!id->set)
        return dtake__tb_required(asked, "id", err);
    dtake_status st = check(asked, w, err);
    if (st == DTAKE_OK)
        st = find_place(asked, w, &place, err);
    if (st == DTAKE_OK)
        st = find_in(asked, w, &place, id, found, err);
    if (st == DTAKE_OK)
        st = dtake__tb_type_of(asked, place.dataset, w->as_of_2024, type, err);
    dtake__tb_place_dispose(&place);
    return st;
}
