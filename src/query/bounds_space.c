/* What a filter says of times and places. */
#include "core/clock.h"
#include "query/bounds.h"
#include "query/match.h"
#include "query/reduce.h"

static const dtake_interval always = { .start_ns = INT64_MIN, .end_ns = INT64_MAX };
static const dtake_interval nothing = { .start_ns = INT64_MAX, .end_ns = INT64_MIN };

static bool is_nothing(dtake_interval times)
{
    return times.start_ns > times.end_ns;
}

static dtake_interval from(int64_t start_ns)
{
    return (dtake_interval){ .start_ns = start_ns, .end_ns = INT64_MAX };
}

static dtake_interval until(int64_t end_ns)
{
    return (dtake_interval){ .start_ns = INT64_MIN, .end_ns = end_ns };
}

static dtake_interval before(int64_t ns)
{
    return ns == INT64_MIN ? nothing : until(ns == INT64_MAX ? ns : ns - 1); /* what is open stays open */
}

static dtake_interval after(int64_t ns)
{
    return ns == INT64_MAX ? nothing : from(ns == INT64_MIN ? ns : ns + 1);
}

static dtake_interval both(dtake_interval a, dtake_interval b)
{
    dtake_interval out = a;
    out.start_ns = a.start_ns > b.start_ns ? a.start_ns : b.start_ns;
    out.end_ns = a.end_ns < b.end_ns ? a.end_ns : b.end_ns;
    return is_nothing(out) ? nothing : out;
}

static dtake_interval either(dtake_interval a, dtake_interval b)
{
    if (is_nothing(a) || is_nothing(b))
        return is_nothing(a) ? b : a;
    dtake_interval out = a;
    out.start_ns = a.start_ns < b.start_ns ? a.start_ns : b.start_ns;
    out.end_ns = a.end_ns > b.end_ns ? a.end_ns : b.end_ns;
    return out;
}

/* A text may be a time, too. */
static bool instants_of(const dtake__filter *literal, dtake_interval *out)
{
    dtake__filter as_time = { .op = DTAKE__FILTER_TIMESTAMP };
    bool is_day = false;
    if (literal->op != DTAKE__FILTER_STRING)
        return dtake__filter_instants(literal, out);
    if (dtake__time_parse(literal->text, &as_time.time_ns, &is_day, NULL) != DTAKE_OK)
        return false;
    as_time.op = is_day ? DTAKE__FILTER_DATE : DTAKE__FILTER_TIMESTAMP;
    return dtake__filter_instants(&as_time, out);
}

static dtake_interval times_of_comparison(dtake__filter_op op, const dtake__filter *literal)
{
    dtake_interval at;
    if (!instants_of(literal, &at))
        return always;
    switch (op) {
    case DTAKE__FILTER_EQ:
        return at;
    case DTAKE__FILTER_LT:
        return before(at.start_ns);
    case DTAKE__FILTER_LE:
        return until(at.end_ns);
    case DTAKE__FILTER_GT:
        return after(at.end_ns);
    case DTAKE__FILTER_GE:
        return from(at.start_ns);
    default:
        return always;
    }
}

/* The field is an instant: `field op at`, or `at op field` when turned. */
static dtake_interval times_of_relation(dtake__filter_op op, dtake_interval at, bool turned)
{
    switch (op) {
    case DTAKE__FILTER_T_DISJOINT:
        return always;
    case DTAKE__FILTER_T_AFTER:
        return turned ? before(at.start_ns) : after(at.end_ns);
    case DTAKE__FILTER_T_BEFORE:
        return turned ? after(at.end_ns) : before(at.start_ns);
    case DTAKE__FILTER_T_DURING:
    case DTAKE__FILTER_T_CONTAINS:
        if ((op == DTAKE__FILTER_T_CONTAINS) != turned)
            return nothing; /* an instant holds nothing */
        return both(after(at.start_ns), before(at.end_ns));
    default:
        return at; /* all others need a common instant */
    }
}

static dtake_interval times_of_negated(dtake__filter_op op, dtake_interval at, bool turned)
{
    bool is_after = op == (turned ? DTAKE__FILTER_T_BEFORE : DTAKE__FILTER_T_AFTER);
    bool is_before = op == (turned ? DTAKE__FILTER_T_AFTER : DTAKE__FILTER_T_BEFORE);
    if (op == DTAKE__FILTER_T_DISJOINT)
        return at;
    return is_after ? until(at.end_ns) : is_before ? from(at.start_ns) : always;
}

static dtake_interval times_of_temporal(const dtake__filter *node, const char *field, bool negated)
{
    dtake_interval at;
    bool turned = !dtake__filter_is_field(node->args[0], field);
    if (turned && !dtake__filter_is_field(node->args[1], field))
        return always;
    if (!dtake__filter_instants(node->args[turned ? 0 : 1], &at))
        return always;
    return negated ? times_of_negated(node->op, at, turned) : times_of_relation(node->op, at, turned);
}

static dtake_interval times_of_between(const dtake__filter *node, const char *field)
{
    if (!dtake__filter_is_field(node->args[0], field))
        return always;
    return both(times_of_comparison(DTAKE__FILTER_GE, node->args[1]),
                times_of_comparison(DTAKE__FILTER_LE, node->args[2]));
}

static dtake_interval times_of_in(const dtake__filter *node, const char *field)
{
    dtake_interval out = nothing;
    if (!dtake__filter_is_field(node->args[0], field))
        return always;
    for (size_t i = 1; i < node->arg_count; i++)
        out = either(out, times_of_comparison(DTAKE__FILTER_EQ, node->args[i]));
    return out;
}

static dtake_interval times_of(const dtake__filter *node, const char *field, bool negated)
{
    dtake__filter_op op;
    const dtake__filter *literal;
    if (dtake__filter_reduce(node, field, negated, &op, &literal))
        return times_of_comparison(op, literal);
    if (node->op == DTAKE__FILTER_NOT)
        return times_of(node->args[0], field, !negated);
    if (node->op == DTAKE__FILTER_BOOL)
        return node->truth != negated ? always : nothing;
    if (node->op >= DTAKE__FILTER_T_AFTER && node->op <= DTAKE__FILTER_T_STARTS)
        return times_of_temporal(node, field, negated);
    if (node->op == DTAKE__FILTER_BETWEEN && !negated)
        return times_of_between(node, field);
    if (node->op == DTAKE__FILTER_IN && !negated)
        return times_of_in(node, field);
    if (node->op > DTAKE__FILTER_OR)
        return always;
    bool all = dtake__filter_joined_by(node->op, negated) == DTAKE__FILTER_AND;
    dtake_interval out = all ? always : nothing;
    for (size_t i = 0; i < node->arg_count; i++) {
        dtake_interval one = times_of(node->args[i], field, negated);
        out = all ? both(out, one) : either(out, one);
    }
    return out;
}

bool dtake__filter_times(const dtake__filter *filter, const char *field, dtake_interval *out)
{
    *out = times_of(filter, field, false);
    return !is_nothing(*out);
}

/* --- places --- */

typedef struct place {
    bool known;
    dtake_box box;
} place;

static double size_of(dtake_box box)
{
    double width = box.east - box.west + (box.west > box.east ? 360 : 0);
    return width * (box.north - box.south);
}

static place place_of_literal(const dtake__filter *literal)
{
    place out = { .known = literal->op == DTAKE__FILTER_BBOX, .box = literal->box };
    if (literal->op == DTAKE__FILTER_GEOMETRY)
        out.known = dtake__geometry_box(&literal->geometry, DTAKE_EDGES_PLANAR, &out.box, NULL) == DTAKE_OK;
    return out;
}

static place place_of_relation(const dtake__filter *node, const char *field, bool negated)
{
    bool turned = !dtake__filter_is_field(node->args[0], field);
    if (turned && !dtake__filter_is_field(node->args[1], field))
        return (place){ 0 };
    if ((node->op == DTAKE__FILTER_S_DISJOINT) != negated)
        return (place){ 0 };
    return place_of_literal(node->args[turned ? 0 : 1]);
}

static place place_of(const dtake__filter *node, const char *field, bool negated)
{
    if (node->op == DTAKE__FILTER_NOT)
        return place_of(node->args[0], field, !negated);
    if (node->op >= DTAKE__FILTER_S_INTERSECTS && node->op <= DTAKE__FILTER_S_OVERLAPS)
        return place_of_relation(node, field, negated);
    if (node->op > DTAKE__FILTER_OR)
        return (place){ 0 };
    bool all = dtake__filter_joined_by(node->op, negated) == DTAKE__FILTER_AND;
    place out = place_of(node->args[0], field, negated);
    for (size_t i = 1; i < node->arg_count; i++) {
        place one = place_of(node->args[i], field, negated);
        if (!all) {
            out.known &= one.known;
            if (out.known)
                out.box = dtake__box_join(out.box, one.box);
        } else if (one.known && (!out.known || size_of(one.box) < size_of(out.box))) {
            out = one;
        }
    }
    return out;
}

bool dtake__filter_box(const dtake__filter *filter, const char *field, dtake_box *out)
{
    place found = place_of(filter, field, false);
    if (found.known)
        *out = found.box;
    return found.known;
}
