/* One attempt: setting curl up, and what curl calls while it runs. */
#include "io/http_client.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"

#include <string.h>
#include <strings.h>

enum { RECEIVE_MIN = 16 * 1024, RECEIVE_MAX = 256 * 1024, ANSWER_HEADER = 2 * 1024 };

/* --- called by curl --- */

/* The connection stands and the request goes out; may come twice when curl itself replaces a dead connection.
 */
static int on_sending(void *ctx, char *to, char *from, int to_port, int from_port)
{
    (void)to, (void)from, (void)to_port, (void)from_port;
    dtake__http *http = ctx;
    http->phase = DTAKE__HTTP_SENT;
    dtake__sockets_settle(http, true);
    http->curl_said[0] = '\0'; /* curl keeps the first message, also of a connection it has replaced */
    dtake__http_watch(http, dtake__now_ms() + http->wanted.first_byte_ms);
    DTAKE__TALLY(http->wanted.tally, requests, 1);
    if (http->wanted.is_header)
        DTAKE__TALLY(http->wanted.tally, header_requests, 1);
    return CURL_PREREQFUNC_OK;
}

static size_t on_header(char *line, size_t size, size_t len, void *ctx)
{
    (void)size;
    dtake__http *http = ctx;
    if (http->phase == DTAKE__HTTP_SENT) {
        http->phase = DTAKE__HTTP_BODY;
        http->marked_bytes = 0;
        dtake__http_watch(http, dtake__now_ms() + http->runtime->options.low_speed_ms);
    }
    dtake__answer_add_line(http, line, len);
    return http->sink == DTAKE__SINK_REFUSE ? 0 : len;
}

static size_t room_of(const dtake__http *http, size_t unless_known)
{
    return http->expect >= 0 ? (size_t)(http->expect - (int64_t)http->body.len) : unless_known;
}

/* What follows the body's end may be another's part of it: nothing is written there where there is room. */
static dtake_status add(dtake_buf *body, const char *data, size_t len)
{
    if (body->data == NULL || len > body->cap - body->len)
        return dtake__buf_append(body, data, len);
    memcpy(body->data + body->len, data, len);
    body->len += len;
    return DTAKE_OK;
}

static bool keep(dtake__http *http, const char *data, size_t len)
{
    if (http->skip > 0) {
        size_t dropped = (uint64_t)http->skip < len ? (size_t)http->skip : len;
        http->skip -= (int64_t)dropped;
        data += dropped;
        len -= dropped;
    }
    size_t room = room_of(http, len);
    if (len >= room && http->helper != NULL && !http->broke_off && dtake__help_goes_on(http))
        room = room_of(http, len);
    /* of a whole answer to a range the rest is not wanted, nor what others fetch */
    bool helped = http->helper != NULL && http->expect < http->whole_expect;
    bool cut = (http->answer.status != 206 && http->wanted.has_range) || helped;
    if (len > room && !cut) {
        dtake__refuse(http, DTAKE_E_REMOTE, "the body is longer than the %lld bytes announced",
                      (long long)http->expect);
        return false;
    }
    size_t kept = len < room ? len : room;
    dtake_status st = add(&http->body, data, kept);
    if (st != DTAKE_OK) {
        if (st == DTAKE_E_LIMIT)
            dtake__refuse(http, st, "the body is longer than the %zu bytes allowed", http->body.limit);
        else
            dtake__refuse(http, st, "out of memory");
        return false;
    }
    if (cut && (int64_t)http->body.len == http->expect) {
        int64_t length = http->answer.content_length;
        http->broke_off =
            helped || length < 0 || length - (http->wanted.first + http->expect) > DTAKE__READ_ON_BYTES;
        return !http->broke_off;
    }
    return true;
}

static size_t on_body(char *data, size_t size, size_t len, void *ctx)
{
    (void)size;
    dtake__http *http = ctx;
    if (!dtake__rate_may_take(http))
        return CURL_WRITEFUNC_PAUSE;
    dtake__help_note_bytes(http, len);
    http->attempt_bytes += (int64_t)len;
    dtake__rate_took(http->client, len);
    dtake__host_received(http->host, len);
    DTAKE__TALLY(http->wanted.tally, bytes, (int64_t)len);
    if (http->wanted.is_header)
        DTAKE__TALLY(http->wanted.tally, header_bytes, (int64_t)len);
    if (http->sink == DTAKE__SINK_KEEP)
        return keep(http, data, len) ? len : 0;
    if (http->sink == DTAKE__SINK_REFUSE)
        return 0;
    size_t room = http->talk.limit - http->talk.len;
    dtake__buf_append(&http->talk, data, len < room ? len : room);
    /* an endless explanation is broken off; a short one is read to keep the connection */
    http->broke_off = http->attempt_bytes > DTAKE__READ_ON_BYTES;
    return http->broke_off ? 0 : len;
}

/* --- setting up --- */

static bool add_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer == NULL)
        return false;
    *list = longer;
    return true;
}

/* What may go to a host that the caller did not name: nothing that could be a key. */
static bool goes_anywhere(const char *line)
{
    static const char *const names[] = { "accept:", "accept-language:", "content-type:" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strncasecmp(line, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static bool add_signature(dtake__http *http, dtake_buf *lines)
{
    char *at = (char *)lines->data;
    while (at != NULL && *at != '\0') {
        char *end = strchr(at, '\n');
        if (end != NULL)
            *end = '\0';
        if (*at != '\0' && !add_header(&http->headers, at))
            return false;
        at = end != NULL ? end + 1 : NULL;
    }
    return true;
}

static bool held_is_strong(const dtake__http *http)
{
    return http->body.len > 0 && http->body_owned_by_etag;
}

/* If-Match makes a changed object a 412. A whole document going on uses If-Range: there a changed one may
 * simply come whole. */
static bool add_conditions(dtake__http *http)
{
    char line[320];
    const char *etag = http->wanted.if_match != NULL && dtake__etag_is_strong(http->wanted.if_match)
                           ? http->wanted.if_match
                       : held_is_strong(http) && http->wanted.has_range ? http->held_etag
                                                                        : NULL;
    if (etag != NULL && snprintf(line, sizeof line, "If-Match: %s", etag) < (int)sizeof line &&
        !add_header(&http->headers, line))
        return false;
    if (http->body.len == 0 || http->wanted.has_range)
        return true;
    snprintf(line, sizeof line, "If-Range: %s",
             held_is_strong(http) ? http->held_etag : http->held_last_modified);
    return add_header(&http->headers, line);
}

static dtake_status build_headers(dtake__http *http, bool own_host, dtake_buf *url)
{
    dtake_buf signature = DTAKE_BUF_INIT(32 * 1024);
    bool ok = add_header(&http->headers, "Expect:") && add_conditions(http);
    if (http->range_sent)
        ok = ok && add_header(&http->headers, "Accept-Encoding: identity");
    for (struct curl_slist *at = http->given_headers; ok && at != NULL; at = at->next)
        if (own_host || goes_anywhere(at->data))
            ok = add_header(&http->headers, at->data);
    dtake_status st = ok ? DTAKE_OK : DTAKE_E_NOMEM;
    if (st == DTAKE_OK && own_host && http->wanted.signer != NULL) {
        dtake_error why = { 0 };
        st = http->wanted.signer->sign(http->wanted.signer, http->target, http->sign_fresh, url, &signature,
                                       &why);
        if (st != DTAKE_OK)
            dtake__http_fail(http, st, "sign the request: %s", why.message);
        else if (!add_signature(http, &signature))
            st = DTAKE_E_NOMEM;
    }
    dtake__buf_dispose(&signature);
    if (st == DTAKE_E_NOMEM)
        dtake__http_fail(http, st, "out of memory");
    return st;
}

/* What does not change between requests; curl_easy_reset has cleared it. */
static void set_constants(dtake__http *http, CURL *easy)
{
    const dtake__http_client *client = http->client;
    const dtake_runtime_options *options = &http->runtime->options;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, options->user_agent);
    curl_easy_setopt(easy, CURLOPT_SHARE, client->share);
    if (client->ca_file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_file);
    if (client->ca_folder != NULL)
        curl_easy_setopt(easy, CURLOPT_CAPATH, client->ca_folder);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_sending);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, http);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, http);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, http);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->curl_said);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, http);
    /* a connection outlives the request that opened it, and its host outlives both */
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, dtake__socket_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, http);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, dtake__socket_opened);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, http);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, dtake__socket_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, http->host);
}

static void set_method(dtake__http *http, CURL *easy)
{
    if (strcmp(http->method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (strcmp(http->method, "GET") != 0) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)http->wanted.body_bytes);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, http->wanted.body != NULL ? http->wanted.body : "");
        if (strcmp(http->method, "POST") != 0)
            curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, http->method);
    }
}

/* curl's buffer lives as long as the attempt: of hundreds of short ones none needs one for long ones. */
static long receive_bytes(const dtake__http *http)
{
    long bytes = RECEIVE_MIN;
    while (bytes < RECEIVE_MAX && (http->want_count < 0 || bytes < http->want_count + ANSWER_HEADER))
        bytes *= 2;
    return bytes;
}

/* The bytes still missing. */
static void set_range(dtake__http *http, CURL *easy)
{
    char range[48];
    int64_t held = (int64_t)http->body.len;
    http->want_first = http->wanted.first + held;
    http->want_count = http->wanted.has_range ? http->wanted.count - held : -1;
    http->range_sent = http->wanted.has_range || held > 0;
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, receive_bytes(http));
    if (http->wanted.has_range)
        snprintf(range, sizeof range, "%lld-%lld", (long long)http->want_first,
                 (long long)(http->want_first + http->want_count - 1));
    else
        snprintf(range, sizeof range, "%lld-", (long long)http->want_first);
    if (http->range_sent)
        curl_easy_setopt(easy, CURLOPT_RANGE, range);
    else
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING,
                         "identity"); /* decodes what a server packs all the same */
}

static void reset_attempt(dtake__http *http)
{
    dtake__answer_reset(&http->answer);
    dtake__buf_clear(&http->location);
    dtake__buf_clear(&http->talk);
    http->sink = DTAKE__SINK_UNDECIDED;
    http->attempt_bytes = http->marked_bytes = 0;
    http->pace = (dtake__pace){ 0 };
    http->broke_off = false;
    http->curl_said[0] = '\0';
    http->skip = 0;
    http->expect = -1;
    http->err = (dtake_error){ 0 };
    http->attempt_us = dtake__now_us();
    http->warm_socket = CURL_SOCKET_BAD;
    http->attempts++;
    http->phase = DTAKE__HTTP_CONNECTING;
}

dtake_status dtake__transfer_start(dtake__http *http)
{
    bool own_host = strcmp(http->host->key, http->origin) == 0;
    dtake_buf url = DTAKE_BUF_INIT(32 * 1024);
    reset_attempt(http);
    CURL *easy = dtake__easy_take(http->client);
    if (easy == NULL)
        return dtake__http_fail(http, DTAKE_E_NOMEM, "out of memory");
    http->easy = easy;
    set_constants(http, easy);
    set_method(http, easy);
    set_range(http, easy);
    dtake_status st = build_headers(http, own_host, &url);
    if (st == DTAKE_OK) {
        curl_easy_setopt(easy, CURLOPT_URL, url.len > 0 ? dtake__buf_str(&url) : http->target);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers);
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, http->fresh_connection ? 1L : 0L);
        curl_easy_setopt(
            easy, CURLOPT_NETRC,
            (long)(own_host && http->client->has_netrc ? CURL_NETRC_OPTIONAL : CURL_NETRC_IGNORED));
        if (curl_multi_add_handle(http->client->multi, easy) != CURLM_OK)
            st = dtake__http_fail(http, DTAKE_E_NOMEM, "out of memory");
    }
    dtake__buf_dispose(&url);
    if (st != DTAKE_OK) {
        dtake__easy_give_back(http->client, easy);
        http->easy = NULL;
        curl_slist_free_all(http->headers);
        http->headers = NULL;
    }
    return st;
}

/* A handle that nothing happens to is run again when it comes out of a pause. */
void dtake__transfer_look_again(dtake__http *http)
{
    curl_easy_pause(http->easy, CURLPAUSE_ALL);
    curl_easy_pause(http->easy, CURLPAUSE_CONT);
}

/* --- the end of an attempt --- */

static int64_t time_of(CURL *easy, CURLINFO which)
{
    curl_off_t us = 0;
    curl_easy_getinfo(easy, which, &us);
    return us;
}

static void measure(dtake__http *http)
{
    CURL *easy = http->easy;
    long opened = 0;
    curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &opened);
    int64_t looked_up = time_of(easy, CURLINFO_NAMELOOKUP_TIME_T),
            connected = time_of(easy, CURLINFO_CONNECT_TIME_T);
    int64_t sent = time_of(easy, CURLINFO_PRETRANSFER_TIME_T),
            first = time_of(easy, CURLINFO_STARTTRANSFER_TIME_T);
    http->reused = opened == 0;
    http->got_bytes = http->answer.header_bytes > 0;
    DTAKE__TALLY(http->wanted.tally, connections, opened);
    if (!http->got_bytes)
        return;
    bool timed = opened > 0 && http->warm_socket == CURL_SOCKET_BAD;
    dtake__host_measured(http->host, timed ? connected - looked_up : 0, first > sent ? first - sent : 1);
    http->response.connect_ms += opened > 0 ? sent / 1000 : 0;
    http->response.first_byte_ms = first / 1000;
}

static void leave(dtake__http *http)
{
    curl_multi_remove_handle(http->client->multi, http->easy);
    dtake__sockets_settle(http, false);
    dtake__rate_forget(http);
    dtake__easy_give_back(http->client, http->easy);
    http->easy = NULL;
    curl_slist_free_all(http->headers);
    http->headers = NULL;
}

void dtake__transfer_stop(dtake__http *http)
{
    if (http->easy == NULL)
        return;
    measure(http);
    leave(http);
}

void dtake__transfer_over(dtake__http *http, CURLcode code)
{
    measure(http);
    leave(http);
    dtake__http_attempt_ended(http, code);
}
