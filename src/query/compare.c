/* The order of literals. */
#include "query/bounds.h"

#include <math.h>
#include <string.h>

static bool is_number(const dtake__filter *node)
{
    return node->op == DTAKE__FILTER_INT || node->op == DTAKE__FILTER_UINT || node->op == DTAKE__FILTER_FLOAT;
}

static int sign_of(bool less, bool more)
{
    return more - less;
}

/* Of an integer and a double, without rounding either: doubles of 2^63 and more are beyond all INTs. */
static int compare_i64(int64_t a, double b)
{
    static const double LIMIT = 9223372036854775808.0;
    if (b >= LIMIT || b < -LIMIT)
        return b > 0 ? -1 : 1;
    int64_t whole = (int64_t)b;
    if (a != whole)
        return a < whole ? -1 : 1;
    double rest = b - (double)whole;
    return sign_of(rest > 0, rest < 0);
}

static int compare_u64(uint64_t a, double b)
{
    static const double LIMIT = 18446744073709551616.0;
    if (b >= LIMIT || b < 0)
        return b > 0 ? -1 : 1;
    uint64_t whole = (uint64_t)b;
    if (a != whole)
        return a < whole ? -1 : 1;
    double rest = b - (double)whole;
    return sign_of(rest > 0, rest < 0);
}

static int compare_numbers(const dtake__filter *a, const dtake__filter *b)
{
    if (a->op == DTAKE__FILTER_FLOAT && b->op == DTAKE__FILTER_FLOAT)
        return sign_of(a->f64<b->f64, a->f64> b->f64);
    if (a->op == DTAKE__FILTER_FLOAT)
        return -compare_numbers(b, a);
    if (b->op == DTAKE__FILTER_FLOAT)
        return a->op == DTAKE__FILTER_INT ? compare_i64(a->i64, b->f64) : compare_u64(a->u64, b->f64);
    if (a->op != b->op) /* a UINT is larger than any INT */
        return a->op == DTAKE__FILTER_UINT ? 1 : -1;
    return a->op == DTAKE__FILTER_INT ? sign_of(a->i64<b->i64, a->i64> b->i64)
                                      : sign_of(a->u64<b->u64, a->u64> b->u64);
}

bool dtake__filter_compare(const dtake__filter *a, const dtake__filter *b, int *order)
{
    if (is_number(a) && is_number(b)) {
        *order = compare_numbers(a, b);
        return true;
    }
    if (a->op != b->op)
        return false;
    if (a->op == DTAKE__FILTER_STRING) {
        int bytes = strcmp(a->text, b->text);
        *order = sign_of(bytes<0, bytes> 0);
        return true;
    }
    if (a->op == DTAKE__FILTER_BOOL) {
        *order = a->truth - b->truth;
        return true;
    }
    if (a->op != DTAKE__FILTER_TIMESTAMP && a->op != DTAKE__FILTER_DATE)
        return false;
    *order = sign_of(a->time_ns<b->time_ns, a->time_ns> b->time_ns);
    return true;
}
