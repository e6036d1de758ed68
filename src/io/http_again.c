/* After a failed attempt: tried again now, tried again later, or given up. */
#include "io/http_client.h"

#include "core/clock.h"

#include <stdio.h>
#include <string.h>

enum {
    FIRST_REST_MS = 250, /* doubled with each failure; the wait is drawn between nothing and that */
    LONGEST_REST_MS = 20000,
    PROGRESS_BYTES = 64 * 1024, /* an attempt that brought so much starts the count of failures again */
};

static void try_again_now(dtake__http *http)
{
    DTAKE__TALLY(http->wanted.tally, retries, 1);
    dtake__host_release(http);
    dtake__host_enqueue(http);
}

static void give_up(dtake__http *http)
{
    if (http->attempts > 1) {
        size_t used = strlen(http->err.message);
        snprintf(http->err.message + used, sizeof http->err.message - used, " (after %d attempts)",
                 http->attempts);
    }
    dtake__http_end(http, http->err.status);
}

/* Full jitter: requests that failed together do not come back together. */
static int64_t draw_rest_ms(dtake__http *http)
{
    int64_t longest = FIRST_REST_MS;
    for (int i = 0; i < http->failures && longest < LONGEST_REST_MS; i++)
        longest *= 2;
    if (longest > LONGEST_REST_MS)
        longest = LONGEST_REST_MS;
    return (int64_t)(dtake__random_unit(http->client) * (double)longest);
}

static void try_again_later(dtake__http *http, int64_t retry_after_s)
{
    if (http->failures >= http->wanted.retries) {
        give_up(http);
        return;
    }
    if (retry_after_s > DTAKE__MAX_RETRY_AFTER_S) {
        size_t used = strlen(http->err.message);
        snprintf(http->err.message + used, sizeof http->err.message - used,
                 "; the server asks to come back in %lld s, longer than the %d s that are waited",
                 (long long)retry_after_s, DTAKE__MAX_RETRY_AFTER_S);
        give_up(http);
        return;
    }
    int64_t rest_ms = draw_rest_ms(http) + (retry_after_s > 0 ? retry_after_s * 1000 : 0);
    if (dtake__now_ms() + rest_ms >= http->deadline_ms) {
        http->err.status = DTAKE_E_TIMEOUT;
        give_up(http);
        return;
    }
    http->failures++;
    http->phase = DTAKE__HTTP_RESTING;
    DTAKE__TALLY(http->wanted.tally, retries, 1);
    DTAKE__TALLY(http->wanted.tally, retry_wait_ms, rest_ms);
    dtake__http_watch(http, dtake__now_ms() + rest_ms);
    dtake__host_release(http);
}

void dtake__http_attempt_failed(dtake__http *http, dtake__failure failure, int64_t retry_after_s)
{
    http->fresh_connection = http->sign_fresh = false;
    if (http->helps != NULL) {
        dtake__http_end(http, http->err.status); /* who is helped does without */
        return;
    }
    dtake__helpers_drop(http);
    if (failure == DTAKE__AGAIN_NOW && !http->retried_now) {
        http->retried_now = http->fresh_connection = true;
        try_again_now(http);
    } else if (failure == DTAKE__SIGN_AGAIN && http->wanted.signer != NULL && !http->signed_again) {
        http->signed_again = http->sign_fresh = true;
        try_again_now(http);
    } else if (failure == DTAKE__AGAIN_NOW || failure == DTAKE__AGAIN_LATER) {
        try_again_later(http, retry_after_s);
    } else {
        give_up(http);
    }
}

/* The body stopped half way: what came is kept if it can be recognised as part of the same object again. */
void dtake__http_cut_off(dtake__http *http)
{
    if (http->helps != NULL) {
        dtake__http_end(http, http->err.status);
        return;
    }
    bool whole = !http->wanted.has_range;
    bool same = http->body_owned_by_etag || (http->held_last_modified[0] != '\0' && http->held_total >= 0);
    if (!same ||
        (whole && (http->answer.encoded || http->held_total < 0 || strcmp(http->method, "GET") != 0)))
        dtake__buf_clear(&http->body);
    else if (http->attempt_bytes >= PROGRESS_BYTES)
        http->failures = 0;
    dtake__http_attempt_failed(http, DTAKE__AGAIN_LATER, -1);
}
