/* Parsing: records into rows, rows into batches of one collection each. */
#include "access/ingest_parser.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/batch.h"

#include <string.h>

enum { BATCH_ROWS = 16384, BATCH_BYTES = 4 << 20, MAX_COLLECTIONS = 10000 };

void dtake__parcel_push(dtake__parcel_list *list, dtake__parcel *parcel)
{
    parcel->next = NULL;
    if (list->last != NULL)
        list->last->next = parcel;
    else
        list->first = parcel;
    list->last = parcel;
    list->count++;
    list->bytes += parcel->bytes;
}

dtake__parcel *dtake__parcel_pop(dtake__parcel_list *list)
{
    dtake__parcel *parcel = list->first;
    if (parcel == NULL)
        return NULL;
    list->first = parcel->next;
    if (list->first == NULL)
        list->last = NULL;
    list->count--;
    list->bytes -= parcel->bytes;
    return parcel;
}

void dtake__parcel_free(dtake__parcel *parcel)
{
    if (parcel == NULL)
        return;
    dtake_batch_release(parcel->batch);
    dtake__free(parcel->collection);
    dtake__free(parcel);
}

/* --- collections of rows --- */

static dtake_status find_collection(dtake__parser *p, const char *name, size_t len, int32_t *out,
                                    dtake_error *err)
{
    for (size_t i = 0; i < p->collection_count; i++) {
        size_t at = (p->last_collection + i) % p->collection_count;
        if (strlen(p->collections[at]) == len && memcmp(p->collections[at], name, len) == 0) {
            *out = (int32_t)(p->last_collection = at);
            return DTAKE_OK;
        }
    }
    if (p->collection_count == MAX_COLLECTIONS)
        return dtake__fail(err, DTAKE_E_LIMIT, "more than %d collections", MAX_COLLECTIONS);
    char **grown =
        dtake__room_for_one(p->collections, p->collection_count, &p->collection_room, sizeof *grown);
    if (grown == NULL)
        return dtake__fail_nomem(err, "collections");
    p->collections = grown;
    if ((p->collections[p->collection_count] = dtake__strndup(name, len)) == NULL)
        return dtake__fail_nomem(err, "collections");
    *out = (int32_t)(p->last_collection = p->collection_count++);
    return DTAKE_OK;
}

static dtake_status note_collection(dtake__parser *p, dtake__span named, dtake_error *err)
{
    const char *one = p->ingest->options.value.collection;
    size_t row = (size_t)dtake__builder_rows(p->builder) - 1;
    int32_t *grown = dtake__room_for_one(p->row_collection, row, &p->row_room, sizeof *grown);
    if (grown == NULL)
        return dtake__fail_nomem(err, "rows");
    p->row_collection = grown;
    if (one != NULL)
        named = dtake__span_of(one);
    else if (named.len == 0)
        named = DTAKE__SPAN("default");
    return find_collection(p, named.text, named.len, &p->row_collection[row], err);
}

/* --- batches --- */

static dtake_status make_parcel(dtake__parser *p, const dtake_batch *batch, int32_t collection,
                                const int32_t *rows, int64_t count, int64_t bytes, dtake_error *err)
{
    dtake__parcel *parcel = dtake__calloc(1, sizeof *parcel);
    if (parcel == NULL || (parcel->collection = dtake__strdup(p->collections[collection])) == NULL) {
        dtake__parcel_free(parcel);
        return dtake__fail_nomem(err, "a batch");
    }
    dtake_status st = DTAKE_OK;
    if (rows == NULL)
        parcel->batch = dtake_batch_retain(batch);
    else
        st = dtake__batch_take(&parcel->batch, batch, rows, count, err);
    if (st != DTAKE_OK) {
        dtake__parcel_free(parcel);
        return st;
    }
    parcel->bytes = bytes;
    dtake__parcel_push(&p->made, parcel);
    return DTAKE_OK;
}

/* The rows of each collection, in the order of the collections' first rows. */
static dtake_status split(dtake__parser *p, const dtake_batch *batch, int64_t bytes, dtake_error *err)
{
    int64_t rows = dtake_batch_rows(batch);
    int32_t *index = dtake__alloc((size_t)rows * sizeof *index);
    dtake_status st = DTAKE_OK;
    if (index == NULL)
        return dtake__fail_nomem(err, "a batch");
    for (size_t c = 0; c < p->collection_count && st == DTAKE_OK; c++) {
        int64_t count = 0;
        for (int64_t row = 0; row < rows; row++)
            if (p->row_collection[row] == (int32_t)c)
                index[count++] = (int32_t)row;
        if (count > 0)
            st = make_parcel(p, batch, (int32_t)c, count == rows ? NULL : index, count, bytes * count / rows,
                             err);
    }
    dtake__free(index);
    return st;
}

dtake_status dtake__parser_take(dtake__parser *p)
{
    dtake_batch *batch = NULL;
    int64_t bytes = dtake__builder_bytes(p->builder);
    if (dtake__builder_rows(p->builder) == 0)
        return DTAKE_OK;
    dtake_status st = dtake__builder_take(p->builder, &batch, &p->err);
    if (st == DTAKE_OK)
        st = split(p, batch, bytes, &p->err);
    dtake_batch_release(batch);
    return st;
}

/* --- records --- */

/* What is wrong with JSON is told with a line that counts from the record's first: it becomes the file's. */
static int64_t line_of(const dtake__record *record, dtake_error *why)
{
    unsigned long long within;
    int skip = 0;
    if (sscanf(why->message, "line %llu, %n", &within, &skip) != 1 || skip == 0)
        return (int64_t)record->line;
    memmove(why->message, why->message + skip, strlen(why->message + skip) + 1);
    return (int64_t)(record->line + within - 1);
}

static dtake_status put_record(dtake__parser *p, const dtake__held *held, size_t i, bool *lost)
{
    const dtake__record *record = &held->records.record[i];
    dtake__mapper_result result = { .made = true };
    dtake_error why;
    why.status = DTAKE_OK; /* all of it is too much to clear for each row */
    why.message[0] = '\0';
    dtake_status st =
        p->mapper->kind->put(p->mapper, p->builder, record, held->first && i == 0, &result, &why);
    if (st == DTAKE_OK && !result.made)
        return DTAKE_OK;
    if (!result.fatal)
        p->records++;
    if (st == DTAKE_OK)
        return note_collection(p, result.collection, &p->err);
    if (st == DTAKE_E_NOMEM) {
        dtake__error_copy(&p->err, &why);
        return st;
    }
    *lost = result.fatal;
    dtake__ingest_fail_record(p->ingest, held->input, result.fatal ? 0 : line_of(record, &why), &why,
                              result.text.text != NULL ? result.text
                                                       : (dtake__span){ record->text, record->len });
    return DTAKE_OK;
}

/* Now and then: the counter is shared. */
static void tell_records(dtake__parser *p)
{
    atomic_fetch_add(&p->ingest->records, p->records);
    p->records = 0;
}

/* The header of a CSV whose beginning the other parser has; what is wrong with it that one says. */
static dtake_status put_header(dtake__parser *p)
{
    dtake__record record = { (char *)p->header.data, p->header.len, 1 };
    dtake__mapper_result result = { 0 };
    dtake_status st = p->mapper->kind->put(p->mapper, p->builder, &record, true, &result, &p->err);
    dtake__buf_clear(&p->header);
    p->has_lost_input = st != DTAKE_OK;
    p->lost_input = p->input;
    return st == DTAKE_E_NOMEM ? st : DTAKE_OK;
}

/* The first run of an input that this parser gets. */
static dtake_status begin_input(dtake__parser *p, size_t input)
{
    const char *path = p->ingest->files.at[input].path;
    dtake_status st = DTAKE_OK;
    p->begun = true;
    p->input = input;
    if (p->mapper->kind->set_input != NULL)
        st = p->mapper->kind->set_input(p->mapper, strcmp(path, "-") != 0 ? path : NULL, &p->err);
    return st == DTAKE_OK && p->header.len > 0 ? put_header(p) : st;
}

static dtake_status parse(dtake__parser *p)
{
    dtake__held *held = p->held;
    dtake_status st = DTAKE_OK;
    if (held == NULL)
        return dtake__parser_take(p);
    if (held->first || !p->begun || p->input != held->input)
        st = begin_input(p, held->input);
    bool lost = p->has_lost_input && held->input == p->lost_input;
    for (size_t i = 0; i < held->records.count && st == DTAKE_OK && !lost; i++) {
        st = put_record(p, held, i, &lost);
        if (st == DTAKE_OK && (dtake__builder_rows(p->builder) >= BATCH_ROWS ||
                               dtake__builder_bytes(p->builder) >= BATCH_BYTES))
            st = dtake__parser_take(p);
        if ((i & 1023) != 0)
            continue;
        tell_records(p);
        if (atomic_load(&p->ingest->cancelled))
            st = dtake__fail(&p->err, DTAKE_E_CANCELLED, "cancelled");
    }
    tell_records(p);
    if (lost) {
        p->has_lost_input = true;
        p->lost_input = held->input;
    }
    return st == DTAKE_OK && p->empties ? dtake__parser_take(p) : st;
}

void dtake__parser_run(dtake__work *work)
{
    dtake__parser *p = DTAKE__CONTAINER(work, dtake__parser, work);
    p->status = parse(p);
}

void dtake__parser_dispose(dtake__parser *p)
{
    dtake__parcel *parcel;
    while ((parcel = dtake__parcel_pop(&p->made)) != NULL)
        dtake__parcel_free(parcel);
    if (p->mapper != NULL)
        p->mapper->kind->free(p->mapper);
    dtake__builder_free(p->builder);
    dtake__buf_dispose(&p->header);
    for (size_t i = 0; i < p->collection_count; i++)
        dtake__free(p->collections[i]);
    dtake__free(p->collections);
    dtake__free(p->row_collection);
}
