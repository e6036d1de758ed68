#include "io/permits.h"

enum {
    FIRST_LONGS = 64, /* fewer would cost a burst of small windows a second wave of round trips */
    FIRST_ALL = 256,
    FLAT_ROUNDS = 8, /* after so many rounds without growth, growing is tried again */
    SETTLING_ROUND_TRIPS = 60,
};
static const double BETTER = 1.05;

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int half_of(int permits)
{
    return permits > 1 ? permits / 2 : 1;
}

static void set_longs(dtake__permits *permits, int longs)
{
    atomic_store_explicit(&permits->longs, longs, memory_order_relaxed);
}

int dtake__permits_longs(const dtake__permits *permits)
{
    return atomic_load_explicit(&permits->longs, memory_order_relaxed);
}

static void begin_round(dtake__permits *permits, int64_t now_us)
{
    permits->round_start_us = now_us;
    permits->bytes = 0;
    permits->successes = 0;
    permits->round_successes = dtake__permits_longs(permits);
}

void dtake__permits_init(dtake__permits *permits, int most, int64_t now_us)
{
    *permits = (dtake__permits){ .all = smaller(most, FIRST_ALL),
                                 .most = most,
                                 .opened_us = now_us,
                                 .halved_at_us = INT64_MIN,
                                 .slow_above = most };
    set_longs(permits, smaller(most, FIRST_LONGS));
    begin_round(permits, now_us);
}

bool dtake__permits_allow(const dtake__permits *permits, bool is_short, int running, int running_longs)
{
    return running < permits->all && (is_short || running_longs < dtake__permits_longs(permits));
}

static void remember(dtake__permits *permits)
{
    permits->longs_before = dtake__permits_longs(permits);
    permits->all_before = permits->all;
}

static void go_back(dtake__permits *permits)
{
    set_longs(permits, permits->longs_before);
    permits->all = permits->all_before;
}

static void judge_round(dtake__permits *permits, int64_t now_us)
{
    double us = (double)(now_us > permits->round_start_us ? now_us - permits->round_start_us : 1);
    double bytes_us = (double)permits->bytes / us;
    bool better = permits->is_judged && bytes_us > permits->best_bytes_us * BETTER;
    if (permits->has_grown && !better)
        go_back(permits);
    if (bytes_us > permits->best_bytes_us)
        permits->best_bytes_us = bytes_us;
    permits->is_judged = true;
    permits->has_grown = false;
    permits->flat_rounds = better ? 0 : permits->flat_rounds + 1;
    permits->growing = better || permits->flat_rounds % FLAT_ROUNDS == 0;
    remember(permits);
}

static void end_round(dtake__permits *permits, int64_t rtt_us, int64_t now_us)
{
    if (permits->growing) {
        permits->growing = false;
        permits->has_grown = true;
    } else if (now_us - permits->opened_us >= SETTLING_ROUND_TRIPS * rtt_us) {
        judge_round(permits, now_us);
    }
    begin_round(permits, now_us);
}

void dtake__permits_succeeded(dtake__permits *permits, int64_t bytes, bool needed, int64_t rtt_us,
                              int64_t now_us)
{
    int longs = dtake__permits_longs(permits);
    permits->bytes += bytes;
    permits->successes++;
    bool round_over = permits->successes >= permits->round_successes;
    if (needed && permits->growing && (longs < permits->slow_above || round_over)) {
        set_longs(permits, smaller(longs + 1, permits->most));
        permits->all = smaller(permits->all + 1, permits->most);
    }
    if (round_over)
        end_round(permits, rtt_us, now_us);
}

void dtake__permits_overloaded(dtake__permits *permits, int64_t sent_us, int64_t now_us)
{
    if (sent_us <= permits->halved_at_us)
        return;
    int half = half_of(dtake__permits_longs(permits));
    set_longs(permits, half);
    permits->all = half_of(permits->all);
    permits->slow_above = half;
    permits->halved_at_us = now_us;
    permits->growing = true;
    permits->has_grown = permits->is_judged = false;
    permits->best_bytes_us = 0;
    permits->flat_rounds = 0;
    remember(permits);
    begin_round(permits, now_us);
}
