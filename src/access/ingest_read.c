/* Reading: one input after another, decompressed and cut into records. */
#include "access/ingest.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "format/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { PEEK_BYTES = 16 * 1024, POLL_MS = 100 };

void dtake__held_push(dtake__held_list *list, dtake__held *held)
{
    held->next = NULL;
    if (list->last != NULL)
        list->last->next = held;
    else
        list->first = held;
    list->last = held;
    list->count++;
}

dtake__held *dtake__held_pop(dtake__held_list *list)
{
    dtake__held *held = list->first;
    if (held == NULL)
        return NULL;
    list->first = held->next;
    if (list->first == NULL)
        list->last = NULL;
    list->count--;
    return held;
}

const char *dtake__ingest_input(const dtake_ingest *ingest, size_t input)
{
    const char *path = input < ingest->files.count ? ingest->files.at[input].path : "";
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* A pipe may bring nothing for a long time: look now and then whether anybody still waits for it. */
static dtake_status wait_for_bytes(dtake_ingest *ingest, int fd, dtake_error *err)
{
    struct pollfd want = { .fd = fd, .events = POLLIN };
    while (poll(&want, 1, POLL_MS) == 0)
        if (atomic_load(&ingest->cancelled))
            return dtake__fail(err, DTAKE_E_CANCELLED, "cancelled");
    return DTAKE_OK;
}

static bool is_open(const dtake__ingest_reading *r)
{
    return r->fd >= 0 || r->remote != NULL;
}

static dtake_status read_input(void *ctx, void *out, size_t room, size_t *got, dtake_error *err)
{
    dtake_ingest *ingest = ctx;
    dtake__ingest_reading *r = &ingest->reading;
    if (r->remote != NULL)
        return dtake__remote_input_read(r->remote, out, room, got, err);
    dtake_status st = wait_for_bytes(ingest, r->fd, err);
    if (st != DTAKE_OK)
        return st;
    ssize_t n;
    do
        n = read(r->fd, out, room);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return dtake__fail_errno(err, errno, "read %.300s", dtake__ingest_input(ingest, r->next_input - 1));
    *got = (size_t)n;
    return DTAKE_OK;
}

/* What was looked at to see what the input is, then the rest of it. */
typedef struct peeked {
    dtake__inflate *inflate;
    size_t len, at;
    char bytes[PEEK_BYTES];
} peeked;

static dtake_status read_peeked(void *ctx, void *out, size_t room, size_t *got, dtake_error *err)
{
    peeked *p = ctx;
    if (p->at == p->len)
        return dtake__inflate_read(p->inflate, out, room, got, err);
    *got = p->len - p->at < room ? p->len - p->at : room;
    memcpy(out, p->bytes + p->at, *got);
    p->at += *got;
    return DTAKE_OK;
}

static dtake_status peek(peeked *p, dtake_error *err)
{
    size_t got = 1;
    dtake_status st = DTAKE_OK;
    while (st == DTAKE_OK && got > 0 && p->len < sizeof p->bytes) {
        st = dtake__inflate_read(p->inflate, p->bytes + p->len, sizeof p->bytes - p->len, &got, err);
        p->len += st == DTAKE_OK ? got : 0;
    }
    return st;
}

static const char *kind_name(bool csv)
{
    return csv ? "CSV" : "JSON";
}

/* All inputs of an ingest are of one kind: the first one's, or what the caller said. */
static dtake_status choose_kind(dtake_ingest *ingest, const peeked *p, dtake__records_options *out,
                                dtake_error *err)
{
    dtake_ingest_options *o = &ingest->options.value;
    bool csv = !dtake__begins_like_json(p->bytes, p->len);
    if (csv && memchr(p->bytes, '\0', p->len) != NULL)
        return dtake__fail(err, DTAKE_E_FORMAT,
                           "this is neither JSON nor CSV in UTF-8 (rasters are for get and info)");
    if (o->format == DTAKE_INGEST_AUTO && p->len > 0)
        o->format = csv ? DTAKE_INGEST_CSV : DTAKE_INGEST_ITEMS;
    if (p->len > 0 && csv != (o->format == DTAKE_INGEST_CSV))
        return dtake__fail(err, DTAKE_E_FORMAT, "this is %s, but %s was expected", kind_name(csv),
                           kind_name(!csv));
    if (csv) {
        const char *line_end = memchr(p->bytes, '\n', p->len);
        size_t header = line_end != NULL ? (size_t)(line_end - p->bytes) : p->len;
        out->kind = DTAKE__RECORDS_CSV;
        out->delimiter = dtake__csv_guess_delimiter(p->bytes, header);
    } else {
        out->kind = dtake__records_guess(p->bytes, p->len);
    }
    return DTAKE_OK;
}

static void close_input(dtake_ingest *ingest)
{
    dtake__ingest_reading *r = &ingest->reading;
    if (r->inflate != NULL) {
        r->bytes_before += (int64_t)dtake__inflate_bytes_in(r->inflate);
        atomic_store(&ingest->bytes, r->bytes_before);
    }
    dtake__records_close(r->records);
    dtake__inflate_close(r->inflate);
    dtake__free(r->peeked);
    dtake__remote_input_close(r->remote);
    if (r->fd > STDERR_FILENO)
        close(r->fd);
    r->remote = NULL;
    r->records = NULL;
    r->inflate = NULL;
    r->peeked = NULL;
    r->fd = -1;
    atomic_fetch_add(&ingest->inputs_done, 1);
}

static dtake_status open_bytes(dtake_ingest *ingest, const char *path, dtake_error *err)
{
    dtake__ingest_reading *r = &ingest->reading;
    if (dtake__is_http_url(path))
        return dtake__remote_input_open(&r->remote, ingest->client->runtime, path, &ingest->cancelled, err);
    r->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    return r->fd >= 0 ? DTAKE_OK : dtake__fail_errno(err, errno, "open %.300s", path);
}

static dtake_status open_input(dtake_ingest *ingest, dtake_error *err)
{
    dtake__ingest_reading *r = &ingest->reading;
    const char *path = ingest->files.at[r->next_input++].path;
    dtake__records_options options = { 0 };
    r->first = true;
    dtake_status st = open_bytes(ingest, path, err);
    if (st != DTAKE_OK)
        return st;
    peeked *p = r->peeked = dtake__calloc(1, sizeof *p);
    if (p == NULL)
        return dtake__fail_nomem(err, "read an input");
    st = dtake__inflate_open(&r->inflate, read_input, ingest, err);
    p->inflate = r->inflate;
    if (st == DTAKE_OK)
        st = peek(p, err);
    if (st == DTAKE_OK)
        st = choose_kind(ingest, p, &options, err);
    if (st == DTAKE_OK)
        st = dtake__records_open(&r->records, &options, read_peeked, p, err);
    return st;
}

/* What is wrong with one input alone is a failure among others; the rest of it is lost. */
static dtake_status give_up_input(dtake_ingest *ingest, dtake_status st, const dtake_error *why)
{
    dtake__ingest_reading *r = &ingest->reading;
    if (st == DTAKE_E_NOMEM || st == DTAKE_E_CANCELLED) {
        dtake__error_copy(&r->err, why);
        return st;
    }
    dtake__ingest_fail_record(ingest, r->next_input - 1, 0, why, DTAKE__SPAN(""));
    close_input(ingest);
    return DTAKE_OK;
}

static dtake_status fill(dtake_ingest *ingest)
{
    dtake__ingest_reading *r = &ingest->reading;
    dtake_error why = { 0 };
    dtake_status st = DTAKE_OK;
    while (st == DTAKE_OK && !r->filled) {
        if (atomic_load(&ingest->cancelled))
            return dtake__fail(&r->err, DTAKE_E_CANCELLED, "cancelled");
        if (!is_open(r) && r->next_input == ingest->files.count) {
            r->ended = true;
            return DTAKE_OK;
        }
        st = is_open(r) ? DTAKE_OK : open_input(ingest, &why);
        if (st == DTAKE_OK)
            st = dtake__records_next(r->records, &r->filling->records, &why);
        if (st != DTAKE_OK) {
            st = give_up_input(ingest, st, &why);
        } else if (r->filling->records.count == 0) {
            close_input(ingest);
        } else {
            r->filling->input = r->next_input - 1;
            r->filling->first = r->first;
            r->first = false;
            r->filled = true;
            atomic_store(&ingest->bytes, r->bytes_before + (int64_t)dtake__inflate_bytes_in(r->inflate));
        }
    }
    return st;
}

static void run(dtake__work *work)
{
    dtake_ingest *ingest = DTAKE__CONTAINER(work, dtake_ingest, reading.work);
    ingest->reading.status = fill(ingest);
}

static void done(dtake__work *work)
{
    dtake_ingest *ingest = DTAKE__CONTAINER(work, dtake_ingest, reading.work);
    dtake__ingest_reading *r = &ingest->reading;
    r->busy = false;
    if (r->filled) {
        ingest->sampled_bytes += (int64_t)r->filling->records.len;
        dtake__held_push(&ingest->filled, r->filling);
    } else {
        dtake__held_push(&ingest->spare, r->filling);
    }
    r->filling = NULL;
    r->filled = false;
    dtake__ingest_pump(ingest);
}

void dtake__ingest_read_start(dtake_ingest *ingest)
{
    dtake__ingest_reading *r = &ingest->reading;
    r->filling = dtake__held_pop(&ingest->spare);
    if (r->filling == NULL) {
        r->filling = dtake__calloc(1, sizeof *r->filling);
        if (r->filling == NULL) {
            r->status = dtake__fail_nomem(&r->err, "read records");
            return;
        }
        ingest->held_count++;
    }
    r->busy = true;
    r->work = (dtake__work){ .run = run, .done = done };
    /* mostly waiting for the disk when nothing has to be decompressed, and a pipe may take for ever */
    dtake__files_run(ingest->client->runtime, &r->work);
}

static void free_list(dtake__held_list *list)
{
    dtake__held *held;
    while ((held = dtake__held_pop(list)) != NULL) {
        dtake__batch_dispose(&held->records);
        dtake__free(held);
    }
}

void dtake__ingest_read_dispose(dtake_ingest *ingest)
{
    if (is_open(&ingest->reading))
        close_input(ingest);
    free_list(&ingest->filled);
    free_list(&ingest->spare);
}
