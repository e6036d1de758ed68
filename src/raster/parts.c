#include "raster/header.h"

#include "core/alloc.h"
#include "core/error.h"

#include <string.h>

static const char MAGIC[8] = "DTKHDR1\n";

void dtake__parts_dispose(dtake__parts *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        dtake__free((void *)(uintptr_t)parts->segment[i].bytes);
    dtake__free(parts->segment);
    *parts = (dtake__parts){ 0 };
}

static int64_t end_of(const dtake__segment *segment)
{
    return segment->first + (int64_t)segment->len;
}

/* a and b overlap or touch: one piece of memory with the bytes of both; NULL: no memory. */
static uint8_t *join(const dtake__segment *a, const dtake__segment *b, dtake__segment *out)
{
    int64_t first = a->first < b->first ? a->first : b->first,
            end = end_of(a) > end_of(b) ? end_of(a) : end_of(b);
    uint8_t *bytes = dtake__alloc((size_t)(end - first));
    if (bytes == NULL)
        return NULL;
    memcpy(bytes + (a->first - first), a->bytes, a->len);
    memcpy(bytes + (b->first - first), b->bytes, b->len);
    *out = (dtake__segment){ first, (size_t)(end - first), bytes };
    return bytes;
}

static void remove_at(dtake__parts *parts, size_t at)
{
    dtake__free((void *)(uintptr_t)parts->segment[at].bytes);
    parts->total -= (int64_t)parts->segment[at].len;
    parts->count--;
    memmove(&parts->segment[at], &parts->segment[at + 1], (parts->count - at) * sizeof *parts->segment);
}

/* `added` swallows its neighbours; on failure it is freed and the parts stay as they are. */
static bool swallow(dtake__parts *parts, dtake__segment *added)
{
    for (size_t i = 0; i < parts->count;) {
        dtake__segment *other = &parts->segment[i];
        if (other->first > end_of(added) || end_of(other) < added->first) {
            i++;
            continue;
        }
        dtake__segment both;
        if (join(other, added, &both) == NULL)
            return false;
        dtake__free((void *)(uintptr_t)added->bytes);
        *added = both;
        remove_at(parts, i);
    }
    return true;
}

dtake_status dtake__parts_add(dtake__parts *parts, int64_t first, dtake_buf *bytes, dtake_error *err)
{
    if (bytes->len == 0)
        return DTAKE_OK;
    dtake__segment *segment = dtake__realloc_array(parts->segment, parts->count + 1, sizeof *segment);
    if (segment == NULL)
        return dtake__fail_nomem(err, "keep a file's header");
    parts->segment = segment;
    dtake__segment added = { first, bytes->len, bytes->data };
    *bytes = DTAKE_BUF_INIT(bytes->limit);
    if (!swallow(parts, &added)) {
        dtake__free((void *)(uintptr_t)added.bytes);
        return dtake__fail_nomem(err, "keep a file's header");
    }
    size_t at = 0;
    while (at < parts->count && parts->segment[at].first < added.first)
        at++;
    memmove(&parts->segment[at + 1], &parts->segment[at], (parts->count - at) * sizeof *segment);
    parts->segment[at] = added;
    parts->count++;
    parts->total += (int64_t)added.len;
    return DTAKE_OK;
}

/* Numbers in the cache are this machine's: it is nobody else's. */
static dtake_status put_i64(dtake_buf *out, int64_t value)
{
    return dtake__buf_append(out, &value, sizeof value);
}

dtake_status dtake__parts_write(const dtake__parts *parts, int64_t file_bytes, const char *etag,
                                dtake_buf *out)
{
    dtake_status st = dtake__buf_append(out, MAGIC, sizeof MAGIC);
    if (st == DTAKE_OK)
        st = put_i64(out, file_bytes);
    if (st == DTAKE_OK)
        st = put_i64(out, (int64_t)strlen(etag));
    if (st == DTAKE_OK)
        st = dtake__buf_puts(out, etag);
    for (size_t i = 0; i < parts->count && st == DTAKE_OK; i++) {
        st = put_i64(out, parts->segment[i].first);
        if (st == DTAKE_OK)
            st = put_i64(out, (int64_t)parts->segment[i].len);
        if (st == DTAKE_OK)
            st = dtake__buf_append(out, parts->segment[i].bytes, parts->segment[i].len);
    }
    return st;
}

typedef struct cursor {
    const uint8_t *at, *end;
} cursor;

static bool get(cursor *in, void *out, size_t len)
{
    if ((size_t)(in->end - in->at) < len)
        return false;
    memcpy(out, in->at, len);
    in->at += len;
    return true;
}

static bool get_part(cursor *in, dtake__parts *parts)
{
    int64_t first, len;
    if (!get(in, &first, sizeof first) || !get(in, &len, sizeof len))
        return false;
    if (first < 0 || len <= 0 || len > in->end - in->at || first > INT64_MAX - len)
        return false;
    dtake_buf bytes = DTAKE_BUF_INIT((size_t)len);
    if (dtake__buf_append(&bytes, in->at, (size_t)len) != DTAKE_OK ||
        dtake__parts_add(parts, first, &bytes, NULL) != DTAKE_OK) {
        dtake__buf_dispose(&bytes);
        return false;
    }
    in->at += len;
    return true;
}

bool dtake__parts_read(dtake__parts *parts, int64_t *file_bytes, char *etag, size_t etag_size,
                       const dtake_buf *in)
{
    cursor from = { in->data, in->data + in->len };
    char magic[sizeof MAGIC];
    int64_t etag_len;
    bool good = in->data != NULL && get(&from, magic, sizeof magic) &&
                memcmp(magic, MAGIC, sizeof magic) == 0 && get(&from, file_bytes, sizeof *file_bytes) &&
                get(&from, &etag_len, sizeof etag_len) && *file_bytes > 0 && etag_len >= 0 &&
                etag_len < (int64_t)etag_size && get(&from, etag, (size_t)etag_len);
    if (good)
        etag[etag_len] = '\0';
    while (good && from.at < from.end)
        good = get_part(&from, parts);
    if (!good)
        dtake__parts_dispose(parts);
    return good && parts->count > 0;
}
