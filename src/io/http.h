/* HTTP requests: retried, resumed, bounded, cancellable. */
#ifndef DTAKE_IO_HTTP_H
#define DTAKE_IO_HTTP_H

#include <datatake/runtime.h>

#include "core/buf.h"
#include "io/signer.h"
#include "io/tally.h"

typedef struct dtake__http dtake__http;

typedef struct dtake__http_response dtake__http_response;

/* Strings are copied. Zero-initialise. */
typedef struct dtake__http_request {
    const char *url;
    const char *method; /* NULL: GET */
    bool has_range;
    int64_t first, count;       /* bytes wanted; fewer come back only at the end of the object */
    const char *if_match;       /* strong ETag that must still hold; NULL: none */
    int64_t object_bytes;       /* length the object must have; 0: not known */
    size_t max_body;            /* a longer body is DTAKE_E_LIMIT; with has_range: 0 means `count` */
    const char *const *headers; /* "Name: value" lines */
    size_t header_count;
    const void *body; /* of POST; copied */
    size_t body_bytes;
    dtake__signer *signer; /* NULL: none; must outlive the request */
    dtake__tally *tally;   /* NULL: none; must outlive the request */
    bool is_header;        /* counts as a header request in the tally */
    uint64_t order;        /* smaller gets a permit first */
    int64_t deadline_ms;   /* for all attempts together, from now; 0: none */
    int64_t first_byte_ms; /* instead of the runtime's; 0: that */
    int retries;           /* the same, unless that is none; 0: that */
    /* An answer was found good and its body is about to come: object_bytes, etag and last_modified of
     * `response` are known. Before `done`, with the same ctx; once for every attempt that gets so far; on the
     * loop thread. NULL: not wanted. */
    void (*head)(const dtake__http_response *response, void *ctx);
} dtake__http_request;

/* Owned by the client; `done` may take the body with dtake__buf_move. */
struct dtake__http_response {
    int http_status; /* 200, 206; 4xx and 5xx end as failures */
    dtake_buf body;
    int64_t first;             /* where the body starts in the object; 0 without range */
    int64_t object_bytes;      /* from Content-Range or Content-Length; -1: unknown */
    const char *etag;          /* "" if none; weak ones ("W/...") are reported but never sent as If-Match */
    const char *last_modified; /* "" if none */
    const char *content_type;
    const char *date; /* by the server's clock; "" if it does not say */
    const char *url;  /* after redirects */
    int attempts;
    int64_t queued_ms, connect_ms, first_byte_ms, total_ms;
};

/* On failure `response` still carries http_status, url and attempts; body is then the first KiB of what was
 * said, for messages. */
typedef void (*dtake__http_fn)(dtake_status status, dtake__http_response *response, const dtake_error *err,
                               void *ctx);

/* Any thread. `*out` (NULL if not wanted) serves to cancel and is valid until `done` returns.
 *
 * With has_range the body is exactly the bytes asked for (cut at the object's end): a 206 whose Content-Range
 * is not what was asked is DTAKE_E_REMOTE; a 200 is read up to the range's end when that is at most 64 MiB,
 * then broken off; a body cut short goes on from where it stopped under the same ETag (If-Range/If-Match),
 * and is DTAKE_E_CHANGED when the object changed. 416 beyond the end is DTAKE_E_RANGE. `Authorization`,
 * cookies and netrc passwords never follow a redirect to another host. */
dtake_status dtake__http_start(dtake_runtime *runtime, const dtake__http_request *request, dtake__http **out,
                               dtake_error *err, dtake__http_fn done, void *ctx);
void dtake__http_cancel(dtake__http *http); /* any thread, before `done` has returned */

/* Opens connections to the URL's host ahead of need, until `count` wait there (at most 64, and within the
 * host's limit); before the first request there, as soon as that has found the address. Those nobody uses
 * within 15 s are closed. With https it saves the TCP round trip only. Best effort, silent. Any thread. */
void dtake__http_warm(dtake_runtime *runtime, const char *url, int count);

/* What has been measured to the URL's host so far; false before the first answer. `parallel` is how many
 * long requests may be under way there now. */
typedef struct dtake__http_path {
    double rtt_ms;            /* smallest connect time seen, else smallest first-byte time */
    double bandwidth_bytes_s; /* all connections together, best 250 ms; 0: not measured, which takes 1 MiB */
    int parallel;
    int connections; /* open now */
    int under_way;   /* requests of the runtime, to whatever host, begun and not ended */
} dtake__http_path;
bool dtake__http_path_to(dtake_runtime *runtime, const char *url, dtake__http_path *out);

int dtake__http_connections(const dtake_runtime *runtime); /* open now, all hosts */

#endif
