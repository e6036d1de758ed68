/* Judging an answer: is it what was asked for, and where do its bytes go? */
#include "io/http_client.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void dtake__answer_reset(dtake__answer *answer)
{
    answer->status = 0;
    answer->header_bytes = 0;
    answer->content_length = answer->retry_after_s = -1;
    answer->has_content_range = answer->content_range_ok = answer->encoded = false;
    answer->etag[0] = answer->last_modified[0] = answer->content_type[0] = answer->encoding[0] = '\0';
    answer->retry_after[0] = answer->date[0] = '\0';
}

void dtake__refuse(dtake__http *http, dtake_status status, const char *fmt, ...)
{
    char what[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    dtake__http_fail(http, status, "%s", what);
    http->sink = DTAKE__SINK_REFUSE;
}

/* A value that does not fit is left out: half an ETag would be another one. */
static void copy_value(char *to, size_t size, const char *value)
{
    if (strlen(value) < size)
        strcpy(to, value);
}

static void read_header(dtake__http *http, const char *name, const char *value)
{
    dtake__answer *answer = &http->answer;
    if (dtake__equal_nocase(name, "content-length")) {
        if (!dtake__content_length_parse(value, &answer->content_length))
            answer->content_length = -1;
    } else if (dtake__equal_nocase(name, "content-range")) {
        answer->has_content_range = true;
        answer->content_range_ok = dtake__content_range_parse(value, &answer->content_range);
    } else if (dtake__equal_nocase(name, "etag")) {
        copy_value(answer->etag, sizeof answer->etag, value);
    } else if (dtake__equal_nocase(name, "last-modified")) {
        copy_value(answer->last_modified, sizeof answer->last_modified, value);
    } else if (dtake__equal_nocase(name, "content-type")) {
        copy_value(answer->content_type, sizeof answer->content_type, value);
    } else if (dtake__equal_nocase(name, "content-encoding")) {
        answer->encoded = answer->encoded || (value[0] != '\0' && !dtake__equal_nocase(value, "identity"));
        copy_value(answer->encoding, sizeof answer->encoding, value);
    } else if (dtake__equal_nocase(name, "retry-after")) {
        copy_value(answer->retry_after, sizeof answer->retry_after, value);
    } else if (dtake__equal_nocase(name, "date")) {
        copy_value(answer->date, sizeof answer->date, value);
    } else if (dtake__equal_nocase(name, "location")) {
        dtake__buf_clear(&http->location);
        /* too long: left empty, and so no redirect */
        if (dtake__buf_puts(&http->location, value) == DTAKE_E_NOMEM)
            dtake__refuse(http, DTAKE_E_NOMEM, "out of memory");
    }
}

/* A date is meant by the clock that the answer's own Date was read from; ours may be wrong. */
static void read_retry_after(dtake__answer *answer)
{
    int64_t now_s;
    if (!dtake__http_date_parse(answer->date, &now_s))
        now_s = dtake__unix_now_ns() / 1000000000;
    if (!dtake__retry_after_parse(answer->retry_after, now_s, &answer->retry_after_s))
        answer->retry_after_s = -1;
}

void dtake__answer_add_line(dtake__http *http, const char *line, size_t len)
{
    enum { LONGEST = DTAKE__MAX_LOCATION + 64 };
    char copy[LONGEST];
    size_t before = http->answer.header_bytes;
    if (http->sink != DTAKE__SINK_UNDECIDED)
        return; /* trailers of a chunked body */
    if (len > 5 && memcmp(line, "HTTP/", 5) == 0) {
        dtake__answer_reset(&http->answer); /* also after a 100 */
        dtake__buf_clear(&http->location);
    }
    http->answer.header_bytes = before + len;
    if (http->answer.header_bytes > DTAKE__MAX_ANSWER_HEADER) {
        dtake__refuse(http, DTAKE_E_REMOTE, "the header of the answer is longer than %d bytes",
                      DTAKE__MAX_ANSWER_HEADER);
        return;
    }
    while (len > 0 && (unsigned char)line[len - 1] <= ' ')
        len--;
    if (len == 0 && http->answer.status >= 200)
        dtake__answer_judge(http);
    if (len == 0 || len >= sizeof copy || memchr(line, '\0', len) != NULL)
        return;
    memcpy(copy, line, len);
    copy[len] = '\0';
    if (dtake__status_line_parse(copy, &http->answer.status))
        return;
    char *colon = strchr(copy, ':');
    if (colon == NULL)
        return;
    *colon = '\0';
    const char *value = colon + 1;
    while (*value == ' ' || *value == '\t')
        value++;
    read_header(http, copy, value);
}

/* --- judging --- */

static bool changed(dtake__http *http, const char *what, const char *was, const char *is)
{
    if (was == NULL || was[0] == '\0' || is[0] == '\0' || strcmp(was, is) == 0)
        return false;
    dtake__refuse(http, DTAKE_E_CHANGED, "the object changed: its %s was %s and now is %s", what, was, is);
    return true;
}

/* Is this still the object that the caller, or the part of the body held already, belongs to? */
static bool same_object(dtake__http *http, int64_t total)
{
    const dtake__answer *answer = &http->answer;
    if (changed(http, "ETag", http->wanted.if_match, answer->etag))
        return false;
    if (http->wanted.object_bytes > 0 && total >= 0 && total != http->wanted.object_bytes) {
        dtake__refuse(http, DTAKE_E_CHANGED, "the object changed: it had %lld bytes and now has %lld",
                      (long long)http->wanted.object_bytes, (long long)total);
        return false;
    }
    if (http->body.len == 0)
        return true;
    if (changed(http, "ETag", http->held_etag, answer->etag) ||
        changed(http, "Last-Modified", http->held_last_modified, answer->last_modified))
        return false;
    if (http->held_total >= 0 && total >= 0 && total != http->held_total) {
        dtake__refuse(http, DTAKE_E_CHANGED, "the object changed: it had %lld bytes and now has %lld",
                      (long long)http->held_total, (long long)total);
        return false;
    }
    return true;
}

/* Remembers what a cut body may be gone on with. */
static void hold(dtake__http *http, int64_t total)
{
    if (http->body.len > 0)
        return;
    strcpy(http->held_etag, http->answer.etag);
    strcpy(http->held_last_modified, http->answer.last_modified);
    http->body_owned_by_etag = dtake__etag_is_strong(http->answer.etag);
    http->held_total = total;
}

/* Room for the rest of the body in one piece; `limit` is the most it may become. */
static bool make_room(dtake__http *http, int64_t more, size_t limit)
{
    dtake_buf *body = &http->body;
    size_t need = body->len + (size_t)more;
    body->limit = limit;
    if (need > limit) {
        dtake__refuse(http, DTAKE_E_LIMIT, "the body has %zu bytes, more than the %zu allowed", need, limit);
        return false;
    }
    if (need <= body->cap && body->data != NULL)
        return true;
    uint8_t *data = dtake__realloc(body->data, need + 1);
    if (data == NULL) {
        dtake__refuse(http, DTAKE_E_NOMEM, "out of memory for a body of %zu bytes", need);
        return false;
    }
    body->data = data;
    body->cap = need;
    body->data[body->len] = '\0';
    return true;
}

static size_t body_limit(const dtake__http *http)
{
    if (http->wanted.max_body > 0)
        return http->wanted.max_body;
    return http->wanted.has_range ? (size_t)http->wanted.count : DTAKE__DEFAULT_MAX_BODY;
}

static void judge_part(dtake__http *http)
{
    const dtake__answer *answer = &http->answer;
    const dtake__content_range *range = &answer->content_range;
    if (!http->range_sent) {
        dtake__refuse(http, DTAKE_E_REMOTE, "HTTP 206, but no range was asked for");
        return;
    }
    if (strncasecmp(answer->content_type, "multipart/", 10) == 0) {
        dtake__refuse(http, DTAKE_E_REMOTE, "one range was asked for and the answer is %s",
                      answer->content_type);
        return;
    }
    if (answer->encoded) {
        dtake__refuse(http, DTAKE_E_REMOTE, "the range is packed as %s, although that was declined",
                      answer->encoding);
        return;
    }
    if (!answer->has_content_range || !answer->content_range_ok || range->first < 0) {
        dtake__refuse(http, DTAKE_E_REMOTE, "HTTP 206 %s Content-Range",
                      answer->has_content_range ? "with a malformed" : "without");
        return;
    }
    if (!same_object(http, range->total))
        return;
    int64_t wanted_last = http->want_count >= 0 ? http->want_first + http->want_count - 1 : INT64_MAX;
    int64_t last = range->total >= 0 && wanted_last >= range->total ? range->total - 1 : wanted_last;
    bool open_end = http->want_count < 0 && range->total < 0;
    if (range->first != http->want_first || (range->last != last && !open_end)) {
        dtake__refuse(http, DTAKE_E_REMOTE,
                      "asked for bytes %lld-%lld and the answer has bytes %lld-%lld of %lld",
                      (long long)http->want_first, (long long)last, (long long)range->first,
                      (long long)range->last, (long long)range->total);
        return;
    }
    int64_t count = range->last - range->first + 1;
    if (answer->content_length >= 0 && answer->content_length != count) {
        dtake__refuse(http, DTAKE_E_REMOTE, "Content-Length is %lld, but Content-Range says %lld bytes",
                      (long long)answer->content_length, (long long)count);
        return;
    }
    hold(http, range->total);
    if (!make_room(http, count, body_limit(http)))
        return;
    http->expect = (int64_t)http->body.len + count;
    http->response.object_bytes = range->total;
    http->sink = DTAKE__SINK_KEEP;
}

/* A whole answer where a range was due may be anything, such as a page that asks to sign in. Once something
 * is known of the object, it must be recognised by the same length or ETag: same_object() has found no other.
 */
static bool recognised(dtake__http *http, int64_t length)
{
    const dtake__http_request *wanted = &http->wanted;
    bool etag_known = wanted->if_match != NULL || (http->body.len > 0 && http->held_etag[0] != '\0');
    bool length_known = wanted->object_bytes > 0 || (http->body.len > 0 && http->held_total >= 0);
    if ((!etag_known && !length_known) || (length_known && length >= 0) ||
        (etag_known && http->answer.etag[0] != '\0'))
        return true;
    const char *type = http->answer.content_type;
    dtake__refuse(http, DTAKE_E_CHANGED,
                  "HTTP 200 instead of the range%s%s, and nothing shows that it is the same object",
                  type[0] != '\0' ? ", of type " : "", type);
    return false;
}

/* The server sends the object from its start to its end although a range was asked for. */
static void judge_whole_for_range(dtake__http *http)
{
    const dtake__answer *answer = &http->answer;
    int64_t first = http->wanted.first, length = answer->content_length;
    int64_t end = first > INT64_MAX - http->wanted.count ? INT64_MAX : first + http->wanted.count;
    if (answer->encoded) {
        dtake__refuse(http, DTAKE_E_REMOTE, "the answer is packed as %s, although that was declined",
                      answer->encoding);
        return;
    }
    if (!same_object(http, length) || !recognised(http, length))
        return;
    dtake__buf_clear(&http->body);
    if (length >= 0 && first >= length) {
        dtake__refuse(http, DTAKE_E_RANGE, "byte %lld is beyond the end, the object has %lld bytes",
                      (long long)first, (long long)length);
        return;
    }
    if (length >= 0 && end > length)
        end = length;
    if (end > DTAKE__MAX_WHOLE_FOR_RANGE) {
        dtake__refuse(http, DTAKE_E_REMOTE,
                      "the server answers no ranges (HTTP 200), and byte %lld is too far to read up to",
                      (long long)end);
        return;
    }
    hold(http, length);
    if (!make_room(http, end - first, body_limit(http)))
        return;
    http->skip = first;
    http->expect = end - first;
    http->response.object_bytes = length;
    http->sink = DTAKE__SINK_KEEP;
}

static void judge_whole(dtake__http *http)
{
    const dtake__answer *answer = &http->answer;
    int64_t length = answer->encoded || strcmp(http->method, "HEAD") == 0 ? -1 : answer->content_length;
    if (changed(http, "ETag", http->wanted.if_match, answer->etag))
        return;
    dtake__buf_clear(&http->body); /* what is held belongs to another version, or the server cannot go on */
    hold(http, length);
    http->body.limit = body_limit(http);
    if (length > 0 && !make_room(http, length, body_limit(http)))
        return;
    http->expect = length;
    http->response.object_bytes = answer->encoded ? -1 : answer->content_length;
    http->sink = DTAKE__SINK_KEEP;
}

void dtake__answer_judge(dtake__http *http)
{
    int status = http->answer.status;
    read_retry_after(&http->answer);
    if (http->unwanted || (http->helps != NULL && status >= 200 && status <= 299 && status != 206))
        dtake__refuse(http, DTAKE_E_REMOTE, "HTTP %d is of no help", status);
    else if (status == 206)
        judge_part(http);
    else if (status < 200 || status > 299)
        http->sink = DTAKE__SINK_TALK;
    else if (http->wanted.has_range)
        judge_whole_for_range(http);
    else
        judge_whole(http);
    if (http->sink != DTAKE__SINK_KEEP || http->wanted.head == NULL)
        return;
    http->response.etag = http->answer.etag;
    http->response.last_modified = http->answer.last_modified;
    http->wanted.head(&http->response, http->ctx);
}
