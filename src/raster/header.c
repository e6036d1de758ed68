/* Opening: cache, first bytes, more bytes as the parser asks for them, GDAL for what is not ours. The parsing
 * is done on a worker, the fetching is begun on the loop thread; everything else of an opening is touched by
 * one of the two at a time. */
#include "format/tile.h"
#include "raster/header.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "io/cache.h"
#include "io/http.h"
#include "io/http_text.h"
#include "io/workers.h"

#include <stdio.h>
#include <string.h>

enum { WARM_CONNECTIONS = 9 }; /* with the header's own: the tiles of 1000 x 1000 pixels */

typedef struct opening {
    dtake__raster_op op;
    dtake__raster_open want; /* href: header->href */
    bool skip_cache, tried_cache;
    dtake__header *header;
    dtake__parts parts;
    int rounds;
    int64_t need_first, need_count; /* count 0: nothing more */
    dtake__object_op *fetch;        /* under way */
    dtake__foreign_open other;      /* instead of all that */
    bool opening_other;
    dtake__post begin;
    dtake__work work;
    dtake_status status;
    dtake_error err;
    dtake__header_fn done;
    void *ctx;
} opening;

static void examine(dtake__work *work);
static void examined(dtake__work *work);

static opening *of_work(dtake__work *work)
{
    return (opening *)((char *)work - offsetof(opening, work));
}

static void destroy(dtake__raster_op *op)
{
    opening *o = (opening *)op;
    dtake__parts_dispose(&o->parts);
    dtake__header_free(o->header);
    dtake__free(o);
}

static void cancel(dtake__raster_op *op)
{
    opening *o = (opening *)op;
    if (o->fetch != NULL)
        dtake__object_cancel(o->fetch);
    if (o->opening_other)
        o->want.foreign->cancel_open(&o->other);
}

static void finish(opening *o, dtake_status st)
{
    if (st == DTAKE_OK && dtake__raster_op_cancelled(&o->op))
        st = dtake__fail(&o->err, DTAKE_E_CANCELLED, "open %s: cancelled", o->header->shown);
    dtake__header *header = st == DTAKE_OK ? o->header : NULL;
    if (header != NULL)
        o->header = NULL;
    o->done(st, header, st == DTAKE_OK ? NULL : &o->err, o->ctx);
    dtake__raster_op_end(&o->op);
}

static void hand_to_worker(opening *o)
{
    o->work = (dtake__work){ .run = examine, .done = examined, .order = o->want.order };
    dtake__workers_run(o->op.runtime, &o->work);
}

static void fetched(dtake_status st, dtake_buf *bytes, const dtake_error *err, void *ctx)
{
    opening *o = ctx;
    o->fetch = NULL;
    if (st == DTAKE_E_RANGE) {
        /* The object ends before its header: a fault of the file, not of a caller's argument. */
        st = dtake__fail(&o->err, DTAKE_E_FORMAT, "open %s", dtake__after_verb(err->message));
    } else if (st != DTAKE_OK) {
        dtake__fail(&o->err, st, "open %s", dtake__after_verb(err->message));
    } else if (bytes->len == 0) {
        st = dtake__fail(&o->err, DTAKE_E_FORMAT, "open %s: the file ends before byte %lld", o->header->shown,
                         (long long)o->need_first);
    } else {
        st = dtake__parts_add(&o->parts, o->need_first, bytes, &o->err);
    }
    if (st != DTAKE_OK)
        finish(o, st);
    else
        hand_to_worker(o);
}

/* While a cold header is on its way, connections for the tiles behind it are opened: a round trip less for a
 * window that has them for itself. */
static void warm_connections(const opening *o)
{
    dtake__http_path path;
    dtake__http_path_to(o->op.runtime, o->want.href, &path);
    if (o->want.windows_waiting >= 0 && path.under_way < WARM_CONNECTIONS)
        dtake__http_warm(o->op.runtime, o->want.href,
                         WARM_CONNECTIONS / (1 + o->want.windows_waiting) - path.connections);
}

/* Directories lie close together: a little more than asked for often saves the next request. */
static void fetch_more(opening *o)
{
    int64_t count = o->need_count;
    if (count < DTAKE__HEADER_FIRST_BYTES)
        count = DTAKE__HEADER_FIRST_BYTES;
    int64_t file_bytes = dtake__object_bytes(o->header->object);
    if (file_bytes >= 0 && count > file_bytes - o->need_first)
        count = file_bytes - o->need_first;
    if (dtake__raster_op_cancelled(&o->op)) {
        finish(o, DTAKE_OK);
        return;
    }
    if (count <= 0 || ++o->rounds > DTAKE__HEADER_MAX_ROUNDS ||
        o->parts.total + count > DTAKE__HEADER_MAX_BYTES) {
        finish(o, dtake__fail(
                      &o->err, DTAKE_E_FORMAT,
                      "open %s: its directories cannot be read: %lld bytes at %lld asked for after %d reads",
                      o->header->shown, (long long)o->need_count, (long long)o->need_first, o->rounds));
        return;
    }
    dtake__object_read read = { .first = o->need_first,
                                .count = count,
                                .order = o->want.order,
                                .tally = o->want.tally,
                                .is_header = true };
    dtake_status st = dtake__object_read_start(o->header->object, &read, &o->fetch, &o->err, fetched, o);
    if (st != DTAKE_OK)
        finish(o, st);
    else if (o->rounds == 1 && dtake__object_is_remote(o->header->object))
        warm_connections(o);
}

static void examined(dtake__work *work)
{
    opening *o = of_work(work);
    if (o->status == DTAKE_OK && o->need_count > 0)
        fetch_more(o);
    else
        finish(o, o->status);
}

/* A strong ETag is what makes a header from the cache safe: every range read by it carries it along. */
static bool may_cache(const opening *o)
{
    const char *etag = dtake__object_etag(o->header->object);
    return !o->want.no_cache && dtake__object_is_remote(o->header->object) && etag[0] == '"' &&
           dtake__cache_enabled(o->op.runtime);
}

static void keep_in_cache(opening *o)
{
    dtake_buf blob = DTAKE_BUF_INIT(DTAKE__HEADER_MAX_BYTES + (64 << 10));
    const dtake__object *object = o->header->object;
    if (dtake__parts_write(&o->parts, dtake__object_bytes(object), dtake__object_etag(object), &blob) ==
        DTAKE_OK)
        dtake__cache_put(o->op.runtime, o->want.href, blob.data, blob.len);
    dtake__buf_dispose(&blob);
}

/* A file that came whole with the first read: a cached header would not save its one request. */
static bool came_whole(const opening *o)
{
    int64_t bytes = dtake__object_bytes(o->header->object);
    return o->parts.count == 1 && o->parts.segment[0].first == 0 && bytes <= DTAKE__HEADER_FIRST_BYTES &&
           bytes == (int64_t)o->parts.segment[0].len;
}

static void keep_whole(opening *o)
{
    dtake__segment *segment = &o->parts.segment[0];
    dtake_buf whole = DTAKE_BUF_INIT(DTAKE__HEADER_FIRST_BYTES);
    if (dtake__buf_append(&whole, segment->bytes, segment->len) == DTAKE_OK)
        dtake__buf_move(&o->header->whole, &whole);
    dtake__buf_dispose(&whole);
}

static dtake_status parse(opening *o, dtake_error *err)
{
    dtake__segments segments = { o->parts.segment, o->parts.count, dtake__object_bytes(o->header->object) };
    o->need_count = 0;
    dtake_status st = dtake__tiff_parse(&o->header->tiff, &segments, &o->need_first, &o->need_count, err);
    if (st != DTAKE_OK)
        memset(&o->header->tiff, 0, sizeof o->header->tiff);
    if (st == DTAKE_E_RANGE && o->need_count > 0)
        return DTAKE_OK;
    o->need_count = 0;
    return st == DTAKE_OK ? dtake__header_fill(o->header, err) : st;
}

/* True: the header came out of the cache, with no request. */
static bool look_in_cache(opening *o)
{
    if (o->skip_cache) {
        dtake__cache_drop(o->op.runtime, o->want.href);
        return false;
    }
    dtake_buf blob = DTAKE_BUF_INIT(DTAKE__HEADER_MAX_BYTES + (64 << 10));
    char etag[DTAKE__ETAG_BYTES];
    int64_t file_bytes;
    bool found = dtake__cache_get(o->op.runtime, o->want.href, &blob) &&
                 dtake__parts_read(&o->parts, &file_bytes, etag, sizeof etag, &blob) &&
                 dtake__object_set_identity(o->header->object, file_bytes, etag, NULL) == DTAKE_OK &&
                 parse(o, NULL) == DTAKE_OK && o->need_count == 0 && o->header->unread == NULL;
    dtake__buf_dispose(&blob);
    if (found) {
        o->header->from_cache = true;
        return true;
    }
    dtake__parts_dispose(&o->parts);
    dtake__header_clear(o->header);
    dtake__object_forget_identity(o->header->object);
    return false;
}

static const char *kind_of(const opening *o, const dtake_error *err)
{
    static const uint8_t box[] = { 0, 0, 0, 12, 'j', 'P', ' ', ' ' },
                         codestream[] = { 0xff, 0x4f, 0xff, 0x51 };
    const dtake__segment *segment = &o->parts.segment[0];
    if (segment->len >= sizeof box && (memcmp(segment->bytes, box, sizeof box) == 0 ||
                                       memcmp(segment->bytes, codestream, sizeof codestream) == 0))
        return "JPEG 2000";
    return err->message;
}

static dtake_status open_with_gdal(opening *o, const dtake_error *why)
{
    dtake__header *header = o->header;
    if (o->want.signer != NULL && dtake__object_is_remote(header->object))
        return dtake__fail(&o->err, DTAKE_E_UNSUPPORTED, "open %s: %s: GDAL reads no signed URLs",
                           header->shown, kind_of(o, why));
    dtake__header_clear(header);
    const char *path = dtake__object_path(header->object);
    dtake_status st = dtake__gdal_open(&header->gdal, path != NULL ? path : header->href, kind_of(o, why),
                                       &header->info, &o->err);
    header->etag =
        dtake__strdup(dtake__object_is_remote(header->object) ? dtake__object_etag(header->object) : "");
    if (st == DTAKE_OK && header->etag == NULL)
        st = dtake__fail_nomem(&o->err, "open a raster");
    header->info.href = header->href;
    header->info.file_bytes = dtake__object_bytes(header->object);
    header->info.etag = header->etag;
    return st;
}

/* A web page or an error in XML or JSON, sent with status 200: GDAL would only fetch it again. (A VRT is XML
 * too.) */
static bool is_page(const opening *o)
{
    const dtake__segment *segment = &o->parts.segment[0];
    const char *text = (const char *)segment->bytes;
    size_t at = 0;
    while (at < segment->len && strchr(" \t\r\n\xef\xbb\xbf", text[at]) != NULL && text[at] != '\0')
        at++;
    bool markup = at < segment->len && (text[at] == '<' || text[at] == '{');
    size_t left = segment->len - at;
    return markup && (left < 4 || memcmp(text + at, "<VRT", 4) != 0);
}

static dtake_status tell_page(opening *o)
{
    const dtake__segment *segment = &o->parts.segment[0];
    char words[120];
    dtake__first_words((const char *)segment->bytes, segment->len < 4096 ? segment->len : 4096, words,
                       sizeof words);
    return dtake__fail(&o->err, DTAKE_E_FORMAT, "open %s: not a raster but a text: %s", o->header->shown,
                       words);
}

static dtake_status conclude(opening *o)
{
    dtake_error why = { 0 };
    dtake_status st = parse(o, &why);
    if (st == DTAKE_OK && o->need_count > 0)
        return st;
    bool not_tiff = st == DTAKE_E_FORMAT && dtake__starts_with(why.message, "not a TIFF");
    if (not_tiff && is_page(o))
        return tell_page(o);
    if (not_tiff || st == DTAKE_E_UNSUPPORTED || o->header->unread != NULL) {
        if (o->header->unread != NULL)
            dtake__tile_supported(o->header->unread, &why);
        return open_with_gdal(o, &why);
    }
    if (st != DTAKE_OK)
        return dtake__fail(&o->err, st, "open %s: %s", o->header->shown, why.message);
    if (came_whole(o))
        keep_whole(o);
    else if (may_cache(o))
        keep_in_cache(o);
    return DTAKE_OK;
}

static void examine(dtake__work *work)
{
    opening *o = of_work(work);
    o->status = DTAKE_OK;
    o->need_count = 0;
    if (!o->tried_cache) {
        o->tried_cache = true;
        if (look_in_cache(o))
            return;
        o->need_first = 0;
        o->need_count = DTAKE__HEADER_FIRST_BYTES;
        return;
    }
    o->status = conclude(o);
    if (o->status != DTAKE_OK || o->need_count == 0)
        dtake__parts_dispose(&o->parts);
}

static void other_opened(dtake__foreign_open *other)
{
    opening *o = DTAKE__CONTAINER(other, opening, other);
    dtake__header *header = o->header;
    o->opening_other = false;
    if (other->status != DTAKE_OK) {
        dtake__error_copy(&o->err, &other->err);
        finish(o, other->status);
        return;
    }
    header->foreign = other->foreign;
    header->info = other->info;
    header->info.href = header->href;
    finish(o, DTAKE_OK);
}

static void open_other(opening *o)
{
    o->other = (dtake__foreign_open){
        .href = o->want.href, .tally = o->want.tally, .order = o->want.order, .done = other_opened
    };
    o->opening_other = true;
    o->want.foreign->open(o->op.runtime, &o->other);
}

static void begin(dtake__post *post)
{
    opening *o = (opening *)((char *)post - offsetof(opening, begin));
    if (o->header->object == NULL) {
        open_other(o);
        return;
    }
    bool cache = !o->want.no_cache && dtake__object_is_remote(o->header->object) &&
                 dtake__cache_enabled(o->op.runtime);
    if (cache) {
        hand_to_worker(o);
        return;
    }
    o->tried_cache = true;
    o->need_count = DTAKE__HEADER_FIRST_BYTES;
    fetch_more(o);
}

dtake_status dtake__header_start(dtake_runtime *runtime, const dtake__raster_open *open, bool skip_cache,
                                 dtake__raster_op **out, dtake_error *err, dtake__header_fn done, void *ctx)
{
    opening *o = dtake__calloc(1, sizeof *o);
    if (o == NULL)
        return dtake__fail_nomem(err, "open a raster");
    o->header = dtake__header_new(open->href);
    if (o->header == NULL) {
        dtake__free(o);
        return dtake__fail_nomem(err, "open a raster");
    }
    bool other = open->foreign != NULL && open->foreign->takes(open->href);
    dtake_status st =
        other ? DTAKE_OK : dtake__object_new(&o->header->object, runtime, open->href, open->signer, err);
    if (st != DTAKE_OK) {
        destroy(&o->op);
        return st;
    }
    o->want = *open;
    o->want.href = o->header->href;
    o->skip_cache = skip_cache;
    o->done = done;
    o->ctx = ctx;
    o->begin.run = begin;
    dtake__raster_op_init(&o->op, runtime, open->keeps, cancel, destroy);
    if (out != NULL)
        *out = &o->op;
    dtake__loop_post(runtime, &o->begin);
    return DTAKE_OK;
}
