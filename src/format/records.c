#include "format/records.h"

#include "core/alloc.h"
#include "core/error.h"
#include "format/record_split.h"

#include <string.h>

enum { BATCH_BYTES = 1 << 20, MAX_RECORD_BYTES = 64 << 20 };

struct dtake__records {
    dtake__splitter splitter;
    dtake__read_fn *read;
    void *ctx;
    size_t batch_bytes, max_record_bytes;
    char *tail; /* of the last batch: the beginning of a record */
    size_t tail_len, tail_room;
    uint64_t bytes;
    bool begun, ended;
    dtake_error pending; /* for the next call, DTAKE_OK: nothing */
};

void dtake__batch_dispose(dtake__batch *batch)
{
    dtake__free(batch->record);
    dtake__free(batch->bytes);
    *batch = (dtake__batch){ 0 };
}

dtake_status dtake__batch_add(dtake__batch *batch, size_t start, size_t end, uint64_t line)
{
    dtake__record *grown =
        dtake__room_for_one(batch->record, batch->count, &batch->record_room, sizeof *grown);
    if (grown == NULL)
        return DTAKE_E_NOMEM;
    batch->record = grown;
    batch->record[batch->count++] = (dtake__record){ batch->bytes + start, end - start, line };
    return DTAKE_OK;
}

dtake_status dtake__records_open(dtake__records **out, const dtake__records_options *options,
                                 dtake__read_fn *read, void *ctx, dtake_error *err)
{
    dtake__records *r = dtake__calloc(1, sizeof *r);
    if (r == NULL)
        return dtake__fail_nomem(err, "a stream of records");
    r->read = read;
    r->ctx = ctx;
    r->splitter.kind = options->kind;
    r->splitter.delimiter = options->delimiter != 0 ? options->delimiter : ',';
    r->splitter.line = 1;
    r->batch_bytes = options->batch_bytes > 0 ? options->batch_bytes : BATCH_BYTES;
    r->max_record_bytes = options->max_record_bytes > 0 ? options->max_record_bytes : MAX_RECORD_BYTES;
    *out = r;
    return DTAKE_OK;
}

void dtake__records_close(dtake__records *records)
{
    if (records == NULL)
        return;
    dtake__free(records->tail);
    dtake__free(records);
}

static dtake_status make_room(char **bytes, size_t *room, size_t wanted, dtake_error *err)
{
    if (*room >= wanted)
        return DTAKE_OK;
    char *grown = dtake__realloc(*bytes, wanted);
    if (grown == NULL)
        return dtake__fail_nomem(err, "records");
    *bytes = grown;
    *room = wanted;
    return DTAKE_OK;
}

/* Everything before the record in work goes, its line ends are counted; its bytes will stand at the front. */
static void rebase(dtake__splitter *s)
{
    size_t by = s->start;
    s->start = 0;
    s->scanned -= by;
    s->text_start -= s->text_start < by ? s->text_start : by;
    s->closed -= s->closed < by ? s->closed : by;
    s->counted = 0;
}

static void count_lines(dtake__records *r, const dtake__batch *batch)
{
    if (r->splitter.kind == DTAKE__RECORDS_JSON)
        dtake__split_json_line(&r->splitter, batch, r->splitter.start);
}

static dtake_status split(dtake__records *r, dtake__batch *batch)
{
    dtake__splitter *s = &r->splitter;
    if (!r->begun && (batch->len >= 3 || r->ended)) {
        r->begun = true;
        if (batch->len >= 3 && memcmp(batch->bytes, "\xEF\xBB\xBF", 3) == 0)
            s->start = s->scanned = s->counted = 3;
    }
    if (!r->begun)
        return DTAKE_OK;
    return s->kind == DTAKE__RECORDS_LINES ? dtake__split_lines(s, batch)
           : s->kind == DTAKE__RECORDS_CSV ? dtake__split_csv(s, batch)
                                           : dtake__split_json(s, batch);
}

/* What is left at the end of the input is a record too, even if it is not a whole one: its reader says why.
 */
static dtake_status split_rest(dtake__records *r, dtake__batch *batch, dtake_error *err)
{
    dtake__splitter *s = &r->splitter;
    count_lines(r, batch);
    size_t len = batch->len;
    if (len > s->start && batch->bytes[len - 1] == '\r')
        len--;
    if (len > s->start && dtake__batch_add(batch, s->start, len, s->line) != DTAKE_OK)
        return dtake__fail_nomem(err, "records");
    s->start = s->scanned = batch->len;
    if (s->list_line > 0)
        return dtake__fail(err, DTAKE_E_FORMAT,
                           "the array of items that begins on line %llu is not closed: the data is cut short",
                           (unsigned long long)s->list_line);
    if (s->place == DTAKE__JSON_REST)
        return dtake__fail(err, DTAKE_E_FORMAT,
                           "the object around the items is not closed: the data is cut short");
    return DTAKE_OK;
}

static dtake_status too_long(const dtake__records *r, dtake_error *err)
{
    return dtake__fail(err, DTAKE_E_LIMIT, "the record that begins on line %llu is longer than %zu bytes%s",
                       (unsigned long long)r->splitter.line, r->max_record_bytes,
                       r->splitter.in_quotes ? ": is a quote not closed?" : "");
}

/* Room to read into: what is done with goes, or the batch grows. */
static dtake_status make_way(dtake__records *r, dtake__batch *batch, dtake_error *err)
{
    dtake__splitter *s = &r->splitter;
    if (batch->len < batch->room)
        return DTAKE_OK;
    if (s->start > 0) {
        count_lines(r, batch);
        memmove(batch->bytes, batch->bytes + s->start, batch->len - s->start);
        batch->len -= s->start;
        rebase(s);
        return DTAKE_OK;
    }
    return make_room(&batch->bytes, &batch->room, 2 * batch->room, err);
}

static dtake_status fill(dtake__records *r, dtake__batch *batch, dtake_error *err)
{
    dtake_status st = make_room(&batch->bytes, &batch->room, r->tail_len + r->batch_bytes, err);
    if (st != DTAKE_OK)
        return st;
    if (r->tail_len > 0)
        memcpy(batch->bytes, r->tail, r->tail_len);
    batch->len = r->tail_len;
    r->tail_len = 0;
    while (!r->ended && (batch->count == 0 || batch->len < batch->room)) {
        size_t got;
        if ((st = make_way(r, batch, err)) != DTAKE_OK ||
            (st = r->read(r->ctx, batch->bytes + batch->len, batch->room - batch->len, &got, err)) !=
                DTAKE_OK)
            return st;
        r->ended = got == 0;
        batch->len += got;
        r->bytes += got;
        if (split(r, batch) != DTAKE_OK)
            return dtake__fail_nomem(err, "records");
        if (batch->len - r->splitter.start > r->max_record_bytes) {
            count_lines(r, batch);
            return too_long(r, err);
        }
    }
    return r->ended ? split_rest(r, batch, err) : DTAKE_OK;
}

static dtake_status keep_tail(dtake__records *r, const dtake__batch *batch, dtake_error *err)
{
    size_t len = batch->len - r->splitter.start;
    dtake_status st = make_room(&r->tail, &r->tail_room, len, err);
    if (st != DTAKE_OK)
        return st;
    count_lines(r, batch);
    if (len > 0)
        memcpy(r->tail, batch->bytes + r->splitter.start, len);
    r->tail_len = len;
    rebase(&r->splitter);
    return DTAKE_OK;
}

dtake_status dtake__records_next(dtake__records *records, dtake__batch *batch, dtake_error *err)
{
    batch->count = batch->len = 0;
    dtake_error problem = records->pending;
    records->pending.status = DTAKE_OK;
    if (problem.status == DTAKE_OK && !(records->ended && records->tail_len == 0)) {
        dtake_status st = fill(records, batch, &problem);
        problem.status = st != DTAKE_OK ? st : keep_tail(records, batch, &problem);
        if (problem.status != DTAKE_OK) {
            records->ended = true;
            records->tail_len = 0;
        }
    }
    if (problem.status == DTAKE_OK)
        return DTAKE_OK;
    if (batch->count > 0) {
        records->pending = problem;
        return DTAKE_OK;
    }
    dtake__error_copy(err, &problem);
    return problem.status;
}

uint64_t dtake__records_bytes(const dtake__records *records)
{
    return records->bytes - records->tail_len;
}
