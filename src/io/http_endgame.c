/* The end of a job. When a host has permits and connections to spare and nothing waits for them, a range that
 * its own connection will be much longer about than all the rest together is helped: what its connection will
 * not have brought by then is asked for on idle ones. A connection that lost packets sends little at a time
 * for long after; without help a job that is through otherwise waits for a few of those. */
#include "io/http_client.h"

#include "core/clock.h"

enum {
    LOOK_MS = 20,
    NEEDS_BYTES = 4 << 20,  /* came from a host before its usual speed means anything */
    SPAN_MS = 50,           /* what came in so long makes a part of the usual speed */
    LONG_MS = 800,          /* to forget another speed */
    MARK_MS = 200,          /* a range's speed is that of the last one or two of these */
    KNOWN_MS = 100,         /* before, nobody's speed is known */
    RACE_BYTES = 64 << 10,  /* so few are fetched twice rather than divided */
    PART_BYTES = 128 << 10, /* of a helper, or more */
    OWN_BYTES = 16 << 10,   /* of the one that is helped, or more */
    MOST_PARTS = 4,         /* of one range at once */
    MOST_HELPERS = 8,       /* of one range in all */
    MOST_DEPTH = 2,         /* a helper may have helpers */
    MOST_FAILURES = 4,      /* of helpers at one host, before it is left alone */
    FEW = 4,                /* silent together tell nothing of each other */
    WASTE_SHARE = 32,       /* of all bytes, and something for a short job: so much may be wasted */
    WASTE_BYTES = 1 << 20,
};
static const double MUCH_LONGER = 1.25;
/* What help must save: less is not worth its requests. */
static const double WORTH_ROUND_TRIPS = 4;

/* --- how fast is it? --- */

static int64_t loop_ms(const dtake__http_host *host)
{
    return (int64_t)uv_now(&host->client->runtime->loop);
}

static void note_pace(dtake__pace *pace, int64_t bytes_before, int64_t now_ms)
{
    if (pace->last_ms == 0)
        pace->mark_ms = pace->before_ms = now_ms;
    if (now_ms - pace->mark_ms >= MARK_MS) {
        pace->before_ms = pace->mark_ms;
        pace->before_bytes = pace->mark_bytes;
        pace->mark_ms = now_ms;
        pace->mark_bytes = bytes_before;
    }
    pace->last_ms = now_ms;
}

/* A silence between two jobs is no part of what is usual; when all were silent none of them is slow. */
static void note_silence(dtake__endgame *endgame, int64_t rtt_us, int64_t now_ms)
{
    int64_t silent_ms = now_ms - endgame->heard_ms;
    if (endgame->heard_ms > 0 && silent_ms > SPAN_MS + rtt_us * 3 / 2000)
        endgame->judge_from_ms = now_ms + (silent_ms < LONG_MS ? silent_ms : LONG_MS);
    if (silent_ms > LONG_MS) {
        endgame->span_start_ms = now_ms;
        endgame->span_bytes = 0;
    }
    endgame->heard_ms = now_ms;
}

static void note_usual(dtake__endgame *endgame, int64_t bytes, int64_t now_ms)
{
    double span_ms = (double)(now_ms - endgame->span_start_ms);
    if (span_ms >= SPAN_MS) {
        double share = span_ms < LONG_MS ? span_ms / LONG_MS : 1;
        double bytes_s = (double)endgame->span_bytes * 1000 / span_ms;
        endgame->usual_bytes_s += (bytes_s - endgame->usual_bytes_s) * share;
        endgame->span_start_ms = now_ms;
        endgame->span_bytes = 0;
    }
    endgame->span_bytes += bytes;
}

void dtake__help_note_bytes(dtake__http *http, size_t bytes)
{
    dtake__http_host *host = http->host;
    int64_t now_ms = loop_ms(host);
    note_pace(&http->pace, http->attempt_bytes, now_ms);
    note_silence(&host->endgame, atomic_load_explicit(&host->rtt_us, memory_order_relaxed), now_ms);
    note_usual(&host->endgame, (int64_t)bytes, now_ms);
}

/* What is seen of a host at one moment. */
typedef struct view {
    int64_t now_ms;
    int64_t heard_ms; /* when something came last, of many: who is silent with all others is not slow */
    double rtt_s;
    double due_s; /* from now, until all could be there */
    int64_t rest_bytes;
} view;

static int64_t left_of(const dtake__http *http)
{
    return http->expect >= 0 ? http->expect - (int64_t)http->body.len : http->want_count;
}

static double bytes_s_of(const dtake__http *http, const view *seen)
{
    const dtake__pace *pace = &http->pace;
    double silent_s = (double)(seen->heard_ms - pace->last_ms) / 1000;
    double time_s = (double)(seen->now_ms - pace->before_ms) / 1000;
    if (silent_s > 2 * seen->rtt_s && silent_s > KNOWN_MS / 1e3)
        return 0;
    return (double)(http->attempt_bytes - pace->before_bytes) / time_s;
}

static double seconds_left(const dtake__http *http, const view *seen)
{
    double bytes_s = bytes_s_of(http, seen);
    return bytes_s > 0 ? (double)left_of(http) / bytes_s : 1e9;
}

/* --- who is helped? --- */

static int depth_of(const dtake__http *http)
{
    int depth = 0;
    for (; http->helps != NULL; http = http->helps)
        depth++;
    return depth;
}

static bool is_raced(const dtake__http *http)
{
    for (const dtake__http *at = http->helper; at != NULL; at = at->next_helper)
        if (at->races && !at->finished)
            return true;
    return false;
}

static bool can_be_helped(const dtake__http *http, const view *seen)
{
    return http->phase == DTAKE__HTTP_BODY && http->sink == DTAKE__SINK_KEEP && http->answer.status == 206 &&
           http->wanted.has_range && http->wanted.count > DTAKE__SHORT_REQUEST_BYTES / 2 &&
           !http->broke_off && !http->paused && http->body_owned_by_etag && http->held_total > 0 &&
           left_of(http) > 0 && http->pace.last_ms > 0 && seen->now_ms - http->pace.before_ms >= KNOWN_MS &&
           http->helpers_made < MOST_HELPERS && depth_of(http) < MOST_DEPTH && !http->unwanted &&
           !is_raced(http);
}

/* Calls `visit` for all that are under way at the host. */
static void visit_helpers(dtake__http *http, void (*visit)(dtake__http *http, void *ctx), void *ctx)
{
    if (http->has_permit)
        visit(http, ctx);
    for (dtake__http *at = http->helper; at != NULL; at = at->next_helper)
        visit_helpers(at, visit, ctx);
}

static void visit_all(const dtake__http_host *host, void (*visit)(dtake__http *http, void *ctx), void *ctx)
{
    for (dtake__http *at = host->client->requests; at != NULL; at = at->next)
        if (at->host == host)
            visit_helpers(at, visit, ctx);
}

static void add_rest(dtake__http *http, void *ctx)
{
    view *seen = ctx;
    if (left_of(http) > 0)
        seen->rest_bytes += left_of(http);
}

typedef struct search {
    const view *seen;
    dtake__http *slowest;
    double seconds;
} search;

static void compare(dtake__http *http, void *ctx)
{
    search *at = ctx;
    if (!can_be_helped(http, at->seen))
        return;
    double seconds = seconds_left(http, at->seen);
    if (seconds <= at->seconds)
        return;
    at->slowest = http;
    at->seconds = seconds;
}

/* --- helping --- */

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Divides what is left so that all parts are there by the due time. */
static int divide(dtake__http *http, const view *seen, int most)
{
    int64_t left = left_of(http), here = (int64_t)http->body.len;
    double bytes_s = bytes_s_of(http, seen);
    double under_way = bytes_s * 2 * seen->rtt_s;
    http->host->endgame.waste_bytes += left < (int64_t)under_way ? left : (int64_t)under_way;
    if (left <= RACE_BYTES) {
        http->host->endgame.waste_bytes += left;
        return dtake__help_begin(http, here, http->expect, 1, true);
    }
    int64_t own = (int64_t)(bytes_s * seen->due_s);
    if (own < OWN_BYTES)
        own = OWN_BYTES;
    if (own > left / 2)
        own = left / 2;
    int parts = (int)((left - own) / PART_BYTES);
    parts = smaller(parts < 1 ? 1 : parts, smaller(most, MOST_PARTS));
    return dtake__help_begin(http, here + own, http->expect, parts, false);
}

/* --- looking --- */

static int spare(const dtake__http_host *host)
{
    int permits = dtake__permits_longs(&host->permits) - host->running_longs;
    int idle =
        atomic_load_explicit(&host->connections, memory_order_relaxed) - host->running - host->warm_count;
    return smaller(permits, idle);
}

/* A host that has complained is spared, and a limit of our own is no slow connection. */
static bool may_help(const dtake__http_host *host)
{
    return host->permits.halved_at_us == INT64_MIN && !host->pause.node.queued &&
           host->endgame.failures < MOST_FAILURES && host->client->runtime->options.max_bytes_s == 0 &&
           host->received >= NEEDS_BYTES && host->endgame.usual_bytes_s > 0 &&
           host->endgame.waste_bytes < WASTE_BYTES + host->received / WASTE_SHARE;
}

/* Who waits for the budget will soon want the connections. */
static bool is_idle(const dtake__http_host *host)
{
    return host->running > 0 && host->waiting.root == NULL && host->waiting_shorts.root == NULL &&
           spare(host) > 0 && dtake__budget_waiting(host->client->runtime) == 0;
}

static view look_at(const dtake__http_host *host)
{
    view seen = { .now_ms = loop_ms(host) };
    seen.heard_ms = host->running > FEW ? host->endgame.heard_ms : seen.now_ms;
    int64_t rtt_us = atomic_load_explicit(&host->rtt_us, memory_order_relaxed);
    int64_t answer_us = atomic_load_explicit(&host->first_byte_us, memory_order_relaxed);
    seen.rtt_s = (double)(rtt_us > answer_us ? rtt_us : answer_us) / 1e6;
    visit_all(host, add_rest, &seen);
    seen.due_s = seen.rtt_s + (double)seen.rest_bytes / host->endgame.usual_bytes_s;
    return seen;
}

static void start_helpers(dtake__http_host *host)
{
    view seen = look_at(host);
    for (int left = spare(host); left > 0;) {
        search at = { .seen = &seen, .seconds = MUCH_LONGER * seen.due_s + WORTH_ROUND_TRIPS * seen.rtt_s };
        visit_all(host, compare, &at);
        int made = at.slowest != NULL ? divide(at.slowest, &seen, left) : 0;
        if (made == 0)
            return;
        left -= made;
    }
}

static void on_look(dtake__alarm *alarm)
{
    dtake__http_host *host = DTAKE__CONTAINER(alarm, dtake__http_host, endgame.look);
    bool late =
        dtake__now_ms() > host->endgame.look_due_ms + LOOK_MS; /* then it is this process that was slow */
    bool silent = loop_ms(host) < host->endgame.judge_from_ms;
    if (is_idle(host) && may_help(host) && !late && !silent)
        start_helpers(host);
    dtake__help_when_idle(host);
}

void dtake__help_when_idle(dtake__http_host *host)
{
    if (host->endgame.look.node.queued || !may_help(host) || !is_idle(host))
        return;
    host->endgame.look.ring = on_look;
    host->endgame.look_due_ms = dtake__now_ms() + LOOK_MS;
    dtake__alarm_set(host->client, &host->endgame.look, host->endgame.look_due_ms);
}
