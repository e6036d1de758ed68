/* Helpers: requests without retries that fetch a part of another's range on connections of their own, under
 * the same ETag, and write it into the body of the one they help. That one breaks off where the first
 * helper's part begins, and ends when all of its body is there; it is what it was to its caller. When a
 * helper fails it goes on by itself, as if it had been cut off. One that races fetches all that is left; the
 * first to have it wins.
 *
 * Wasted is what is under way on a connection that is broken off. When there is help is told in
 * http_endgame.c. */
#include "io/http_client.h"

#include "core/alloc.h"
#include "core/clock.h"

#include <string.h>

/* Bytes [start, end) of the body. All that it is called by is borrowed: it ends before `whole` does. */
static dtake__http *new_helper(dtake__http *whole, int64_t start, int64_t end)
{
    dtake__http *helper = dtake__calloc(1, sizeof *helper);
    char *target = dtake__strdup(whole->target);
    if (helper == NULL || target == NULL) {
        dtake__free(helper);
        dtake__free(target);
        return NULL;
    }
    *helper = (dtake__http){
        .runtime = whole->runtime,
        .client = whole->client,
        .helps = whole,
        .host = whole->host,
        .wanted = whole->wanted,
        .shown = whole->shown,
        .origin = whole->origin,
        .given_headers = whole->given_headers,
        .target = target,
        .redirects = whole->redirects,
        .alarm = { .ring = whole->alarm.ring },
        .cancel_post = { .run = whole->cancel_post.run },
        .location = DTAKE_BUF_INIT(DTAKE__MAX_LOCATION),
        .talk = DTAKE_BUF_INIT(DTAKE__MAX_TALK),
        .started_ms = dtake__now_ms(),
        .deadline_ms = INT64_MAX,
        .held_total = -1,
    };
    strcpy(helper->method, whole->method);
    helper->wanted.first = whole->wanted.first + start;
    helper->wanted.count = end - start;
    helper->wanted.max_body = (size_t)(end - start);
    helper->wanted.if_match = whole->held_etag;
    helper->wanted.object_bytes = whole->held_total;
    helper->wanted.head = NULL;
    helper->wanted.is_header = false;
    helper->response.object_bytes = -1;
    helper->body = (dtake_buf){ .data = whole->body.data + start,
                                .cap = (size_t)(end - start),
                                .limit = (size_t)(end - start) };
    return helper;
}

static void free_helper(dtake__http *helper)
{
    helper->wanted.url = helper->wanted.if_match = NULL;
    helper->wanted.body = NULL;
    helper->shown = helper->origin = NULL;
    helper->given_headers = NULL;
    helper->body = DTAKE_BUF_INIT(0);
    helper->phase = DTAKE__HTTP_ENDED;
    dtake__http_free(helper);
}

static void free_list(dtake__http *helper)
{
    while (helper != NULL) {
        dtake__http *next = helper->next_helper;
        free_helper(helper);
        helper = next;
    }
}

/* Nothing of it is under way any more; its permit is free, and who waits for it is not told yet. */
static void let_go(dtake__http *helper)
{
    dtake__helpers_drop(helper);
    dtake__transfer_stop(helper);
    dtake__host_dequeue(helper);
    dtake__alarm_clear(helper->client, &helper->alarm);
    dtake__host_give_back(helper);
}

void dtake__helpers_drop(dtake__http *whole)
{
    for (dtake__http *at = whole->helper; at != NULL; at = at->next_helper)
        if (!at->finished)
            let_go(at);
    free_list(whole->helper);
    whole->helper = NULL;
}

static int64_t start_of(const dtake__http *helper)
{
    return helper->wanted.first - helper->helps->wanted.first;
}

/* Up to where the body is there, helpers' parts included. */
static int64_t reached(const dtake__http *whole)
{
    int64_t at = (int64_t)whole->body.len;
    for (const dtake__http *helper = whole->helper; helper != NULL; helper = helper->next_helper) {
        int64_t end = start_of(helper) + helper->wanted.count;
        if (helper->finished && start_of(helper) <= at && end > at)
            at = end;
    }
    return at;
}

static void end_whole(dtake__http *whole)
{
    whole->body.len = (size_t)whole->whole_expect;
    dtake__http_end(whole, DTAKE_OK);
}

/* The first helper's part begins where its own ends. */
static void set_end(dtake__http *whole)
{
    whole->expect = whole->whole_expect;
    for (const dtake__http *at = whole->helper; at != NULL; at = at->next_helper)
        if (!at->races && !at->unwanted && start_of(at) < whole->expect)
            whole->expect = start_of(at);
}

bool dtake__help_goes_on(dtake__http *whole)
{
    for (dtake__http *at = whole->helper; at != NULL; at = at->next_helper) {
        if (at->races || at->unwanted || start_of(at) != whole->expect)
            continue;
        if (at->finished || at->sink == DTAKE__SINK_KEEP || at->phase == DTAKE__HTTP_HELPED)
            return false;
        at->unwanted = true; /* not even begun, and this connection has come so far */
    }
    set_end(whole);
    return true;
}

void dtake__help_own_part_done(dtake__http *whole)
{
    if (reached(whole) == whole->whole_expect) {
        end_whole(whole);
        return;
    }
    whole->phase = DTAKE__HTTP_HELPED;
    dtake__http_watch(whole, INT64_MAX);
    dtake__host_release(whole);
}

static void unlink_helper(dtake__http *helper)
{
    dtake__http **at = &helper->helps->helper;
    while (*at != helper)
        at = &(*at)->next_helper;
    *at = helper->next_helper;
}

/* What it and those behind it would have brought, `whole` fetches itself. */
static void go_on_alone(dtake__http *whole)
{
    int64_t at = reached(whole);
    dtake__helpers_drop(whole);
    whole->expect = whole->whole_expect;
    if (whole->phase != DTAKE__HTTP_HELPED)
        return;
    whole->body.len = (size_t)at;
    dtake__host_enqueue(whole);
}

void dtake__helper_ended(dtake__http *helper, dtake_status status)
{
    dtake__http *whole = helper->helps;
    dtake__http_host *host = helper->host;
    if (helper->finished)
        return;
    let_go(helper);
    if (status == DTAKE_OK && !helper->unwanted) {
        helper->finished = true;
        if (reached(whole) == whole->whole_expect) {
            dtake__transfer_stop(whole);
            end_whole(whole);
        }
    } else {
        bool missed = !helper->races && !helper->unwanted;
        unlink_helper(helper);
        free_helper(helper);
        if (status != DTAKE_OK && missed) {
            host->endgame.failures++;
            go_on_alone(whole);
        }
    }
    dtake__host_pump(host);
}

static void begin_all(dtake__http *whole)
{
    dtake__http *helper = whole->helper;
    while (helper != NULL && helper->phase != DTAKE__HTTP_NEW)
        helper = helper->next_helper;
    if (helper == NULL)
        return;
    dtake__host_enqueue(helper); /* one that cannot begin ends at once, and all of the list may go with it */
    begin_all(whole);
}

int dtake__help_begin(dtake__http *whole, int64_t start, int64_t end, int parts, bool races)
{
    dtake__http *list = NULL;
    int64_t part = (end - start) / parts;
    for (int i = parts; i-- > 0;) {
        int64_t from = start + i * part;
        dtake__http *helper = new_helper(whole, from, i + 1 < parts ? from + part : end);
        if (helper == NULL) {
            free_list(list);
            return 0;
        }
        helper->races = races;
        helper->next_helper = list;
        list = helper;
    }
    if (whole->helper == NULL)
        whole->whole_expect = whole->expect;
    dtake__http **last = &list;
    while (*last != NULL)
        last = &(*last)->next_helper;
    *last = whole->helper;
    whole->helper = list;
    whole->helpers_made += parts;
    set_end(whole);
    begin_all(whole);
    return parts;
}
