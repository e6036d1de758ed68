#include "raster/eval_share.h"

#include "core/alloc.h"

#include <math.h>
#include <stdlib.h>

static const double LEAST_WEIGHT = 0.005;

bool dtake__shares_need(const dtake__reducer_output *output)
{
    return output->kind == DTAKE__REDUCE_MODE || output->kind == DTAKE__REDUCE_PERCENTILE;
}

void dtake__shares_clear(dtake__shares *s)
{
    *s = (dtake__shares){ .keeps = s->keeps, .at = s->at, .room = s->room };
}

void dtake__shares_dispose(dtake__shares *s)
{
    dtake__free(s->at);
    *s = (dtake__shares){ 0 };
}

/* The mean and the sum of squares off it as they grow (Welford, West). */
static void weigh(dtake__shares *s, double value, double weight)
{
    double off = value - s->mean;
    s->total += weight;
    s->sum += weight * value;
    s->mean += off * (weight / s->total);
    s->spread += weight * (off * (value - s->mean));
}

static void take(dtake__shares *s, double value)
{
    bool none = s->count == 0;
    s->first = none ? value : s->first;
    s->last = value;
    s->min = none || value < s->min ? value : s->min;
    s->max = none || value > s->max ? value : s->max;
    s->zeros += value == 0;
    s->count++;
}

bool dtake__shares_add(dtake__shares *s, dtake__share share)
{
    if (s->keeps) {
        dtake__share *at = dtake__room_for_one(s->at, s->kept, &s->room, sizeof *at);
        if (at == NULL)
            return false;
        s->at = at;
        s->at[s->kept++] = share;
    }
    if (share.weight >= LEAST_WEIGHT)
        weigh(s, share.value, share.weight);
    if (share.inside)
        take(s, share.value);
    return true;
}

static int by_value(const void *a, const void *b)
{
    double x = ((const dtake__share *)a)->value, y = ((const dtake__share *)b)->value;
    return (x > y) - (x < y);
}

/* The value of the nth sample that is inside. */
static double nth(const dtake__shares *s, size_t n)
{
    size_t at = 0;
    for (;; at++)
        if (s->at[at].inside && n-- == 0)
            return s->at[at].value;
}

static double percentile(const dtake__shares *s, double percent)
{
    double place = percent / 100 * (s->count - 1), low = nth(s, (size_t)place), part = place - floor(place);
    return part == 0 ? low : low + (nth(s, (size_t)place + 1) - low) * part;
}

/* The heaviest value, of equally heavy ones the least. */
static double mode(const dtake__shares *s)
{
    double best = 0, most = 0, weight = 0;
    for (size_t i = 0; i < s->kept; i++) {
        double own = s->at[i].weight >= LEAST_WEIGHT ? s->at[i].weight : 0;
        weight = i > 0 && s->at[i].value == s->at[i - 1].value ? weight + own : own;
        if (weight > most) {
            most = weight;
            best = s->at[i].value;
        }
    }
    return best;
}

bool dtake__shares_reduce(dtake__shares *s, const dtake__reducer_output *output, double *out)
{
    bool any = s->count > 0, weighed = s->total > 0;
    *out = 0;
    if (dtake__shares_need(output) && s->kept > 0)
        qsort(s->at, s->kept, sizeof *s->at, by_value);
    switch (output->kind) {
    case DTAKE__REDUCE_MIN:
        *out = s->min;
        return any;
    case DTAKE__REDUCE_MAX:
        *out = s->max;
        return any;
    case DTAKE__REDUCE_FIRST:
        *out = s->first;
        return any;
    case DTAKE__REDUCE_LAST:
        *out = s->last;
        return any;
    case DTAKE__REDUCE_ALL:
        *out = s->zeros == 0;
        return any;
    case DTAKE__REDUCE_ANY:
        *out = s->zeros < s->count;
        return any;
    case DTAKE__REDUCE_COUNT:
        *out = s->count;
        return true;
    case DTAKE__REDUCE_PERCENTILE:
        *out = any ? percentile(s, output->argument) : 0;
        return any;
    case DTAKE__REDUCE_MODE:
        *out = weighed ? mode(s) : 0;
        return weighed;
    case DTAKE__REDUCE_SUM:
        *out = s->sum;
        return weighed;
    case DTAKE__REDUCE_MEAN:
        *out = weighed ? s->sum / s->total : 0;
        return weighed;
    case DTAKE__REDUCE_VARIANCE:
    case DTAKE__REDUCE_STD_DEV:
        *out = weighed ? s->spread / s->total : 0;
        *out = output->kind == DTAKE__REDUCE_STD_DEV ? sqrt(*out) : *out;
        return weighed;
    }
    return false;
}
