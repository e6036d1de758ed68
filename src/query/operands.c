#include "query/operands.h"

#include "core/error.h"
#include "core/text.h"

#include <math.h>
#include <string.h>

/* What a node gives, as bits. */
enum {
    TEST = 1,
    NUMBER = 2,
    TEXT = 4,
    INSTANT = 8,
    INTERVAL = 16,
    GEOMETRY = 32,
    ARRAY = 64,
    TRUTH = 128,
    OPEN = 256,
    FIELD = 512, /* only a schema knows */
    SCALAR = NUMBER | TEXT | INSTANT | TRUTH | FIELD,
};

static unsigned gives(const dtake__filter *node)
{
    switch (node->op) {
    case DTAKE__FILTER_FIELD:
        return FIELD;
    case DTAKE__FILTER_STRING:
    case DTAKE__FILTER_CASEI:
    case DTAKE__FILTER_ACCENTI:
        return TEXT;
    case DTAKE__FILTER_BOOL:
        return TRUTH;
    case DTAKE__FILTER_TIMESTAMP:
    case DTAKE__FILTER_DATE:
        return INSTANT;
    case DTAKE__FILTER_OPEN:
        return OPEN;
    case DTAKE__FILTER_INTERVAL:
        return INTERVAL;
    case DTAKE__FILTER_GEOMETRY:
    case DTAKE__FILTER_BBOX:
        return GEOMETRY;
    case DTAKE__FILTER_ARRAY:
        return ARRAY;
    default:
        return dtake__filter_op_is_test(node->op) ? TEST : NUMBER;
    }
}

static bool is_pattern(const dtake__filter *node)
{
    while ((node->op == DTAKE__FILTER_CASEI || node->op == DTAKE__FILTER_ACCENTI) && node->arg_count == 1)
        node = node->args[0];
    return node->op == DTAKE__FILTER_STRING;
}

static const char *wanted(unsigned given, unsigned taken, const char *what)
{
    return (given & taken) != 0 ? NULL : what;
}

const char *dtake__filter_wants(const dtake__filter *filter, size_t index)
{
    const dtake__filter *arg = filter->args[index];
    unsigned given = gives(arg);
    dtake__filter_op op = filter->op;
    if (op <= DTAKE__FILTER_NOT)
        return wanted(given, TEST | TRUTH, "something that is true or false");
    if (op == DTAKE__FILTER_LIKE && index == 1)
        return is_pattern(arg) ? NULL : "a pattern in single quotes";
    if (op == DTAKE__FILTER_LIKE || op == DTAKE__FILTER_CASEI || op == DTAKE__FILTER_ACCENTI)
        return wanted(given, TEXT | FIELD, "a property or a text");
    if (op == DTAKE__FILTER_IS_NULL)
        return wanted(given, SCALAR | GEOMETRY, "a property");
    if (op <= DTAKE__FILTER_IN)
        return wanted(given, SCALAR, "a property, number, text or time");
    if (op <= DTAKE__FILTER_S_OVERLAPS)
        return wanted(given, GEOMETRY | FIELD, "a geometry");
    if (op <= DTAKE__FILTER_T_STARTS)
        return wanted(given, INSTANT | INTERVAL | FIELD, "a time or an interval");
    if (op <= DTAKE__FILTER_A_OVERLAPS)
        return wanted(given, ARRAY | FIELD, "an array");
    if (op <= DTAKE__FILTER_POW)
        return wanted(given, NUMBER | FIELD, "a number");
    if (op == DTAKE__FILTER_INTERVAL)
        return wanted(given, INSTANT | OPEN | FIELD, "a time or '..'");
    /* sums would have to be told from arrays by what follows their brackets */
    bool sum = arg->op >= DTAKE__FILTER_ADD && arg->op <= DTAKE__FILTER_POW;
    return wanted(given, sum ? 0 : SCALAR | ARRAY, "a number, text, time or array");
}

static const struct {
    const char *name;
    int least, most;
} ops[] = {
#define OP_ROW(name, text, least, most) { text, least, most },
    DTAKE__FILTER_MAP(OP_ROW)
#undef OP_ROW
};

const char *dtake__filter_wants_count(const dtake__filter *filter)
{
    static const char *const least_of[] = { "", "one operand", "two operands", "three operands" };
    int least = ops[filter->op].least, most = ops[filter->op].most;
    if (filter->arg_count >= (size_t)least && (most < 0 || filter->arg_count <= (size_t)most))
        return NULL;
    return least_of[least];
}

/* CQL's earlier drafts. */
static const struct {
    const char *name;
    dtake__filter_op op;
} old_names[] = {
    { "intersects", DTAKE__FILTER_S_INTERSECTS },
    { "anyinteracts", DTAKE__FILTER_T_INTERSECTS },
    { "t_anyinteracts", DTAKE__FILTER_T_INTERSECTS },
    { "!=", DTAKE__FILTER_NE },
};

dtake__filter_op dtake__filter_op_find(const char *name)
{
    for (int op = 0; op < DTAKE__FILTER_OPS; op++)
        if (dtake__equal_nocase(ops[op].name, name))
            return (dtake__filter_op)op;
    for (size_t i = 0; i < sizeof old_names / sizeof old_names[0]; i++)
        if (dtake__equal_nocase(old_names[i].name, name))
            return old_names[i].op;
    return DTAKE__FILTER_OPS;
}

const char *dtake__filter_op_near(const char *name, bool functions)
{
    static const char *const with_brackets[] = {
        "date", "timestamp", "interval", "bbox", "casei", "accenti"
    };
    static const char *const between[] = { "and", "or", "between", "in", "like", "is", "not", "div" };
    const char *best = NULL;
    int least = 3;
    char small[64];
    size_t len = strnlen(name, sizeof small - 1);
    for (size_t i = 0; i < len; i++)
        small[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 'a' - 'A') : name[i];
    small[len] = '\0';
    for (int op = DTAKE__FILTER_S_INTERSECTS; functions && op <= DTAKE__FILTER_A_OVERLAPS; op++) {
        int edits = dtake__edit_distance(small, ops[op].name);
        bool without_letter = strcmp(small, ops[op].name + 2) == 0; /* "within" for "s_within" */
        if (edits < least || without_letter) {
            least = without_letter ? 0 : edits;
            best = ops[op].name;
        }
    }
    const char *const *more = functions ? with_brackets : between;
    size_t count = functions ? sizeof with_brackets / sizeof *more : sizeof between / sizeof *more;
    for (size_t i = 0; i < count; i++) {
        int edits = dtake__edit_distance(small, more[i]);
        if (edits < least && edits < (int)strlen(more[i])) {
            least = edits;
            best = more[i];
        }
    }
    return best;
}

dtake_status dtake__filter_settle_geometry(dtake__geometry *literal, dtake_error *err)
{
    dtake__geometry flat;
    dtake_status st = dtake__geometry_check_degrees(literal, err);
    if (st == DTAKE_OK)
        st = dtake__geometry_flatten(literal, &flat, err);
    if (st != DTAKE_OK)
        return st;
    dtake__geometry_dispose(literal);
    *literal = flat;
    return DTAKE_OK;
}

const char *dtake__filter_settle_bbox(const double *number, int count, dtake_box *out)
{
    if (count != 4 && count != 6)
        return "four numbers are needed, west, south, east, north, or six";
    int east = count / 2;
    *out = (dtake_box){ number[0], number[1], number[east], number[east + 1] };
    if (!(fabs(out->west) <= 180 && fabs(out->east) <= 180))
        return "a longitude outside of -180..180";
    if (!(fabs(out->south) <= 90 && fabs(out->north) <= 90))
        return "a latitude outside of -90..90";
    return out->south > out->north ? "south is greater than north" : NULL;
}

static bool is_instant(const dtake__filter *node)
{
    return node->op == DTAKE__FILTER_TIMESTAMP || node->op == DTAKE__FILTER_DATE;
}

const char *dtake__filter_settle_interval(const dtake__filter *interval)
{
    static const int64_t LAST_NS_OF_DAY = 86399999999999;
    if (interval->arg_count != 2)
        return "an interval takes two times";
    const dtake__filter *start = interval->args[0], *end = interval->args[1];
    if (!is_instant(start) || !is_instant(end))
        return NULL;
    int64_t last = end->time_ns + (end->op == DTAKE__FILTER_DATE ? LAST_NS_OF_DAY : 0);
    return start->time_ns > last ? "the interval's start is after its end" : NULL;
}
