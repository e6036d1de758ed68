#include "query/literal.h"

#include "core/clock.h"
#include "core/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void dtake__literal_number(const dtake__filter *node, char out[DTAKE__LITERAL_BYTES])
{
    if (node->op == DTAKE__FILTER_INT) {
        snprintf(out, DTAKE__LITERAL_BYTES, "%" PRId64, node->i64);
    } else if (node->op == DTAKE__FILTER_UINT) {
        snprintf(out, DTAKE__LITERAL_BYTES, "%" PRIu64, node->u64);
    } else {
        dtake__format_f64(node->f64, out, DTAKE__LITERAL_BYTES - 2);
        if (strpbrk(out, ".eE") == NULL)
            strcat(out, ".0");
    }
}

bool dtake__literal_set_number(dtake__filter *node, const dtake__decimal *number)
{
    int64_t i64;
    uint64_t u64;
    double f64;
    if (number->whole && dtake__decimal_i64(number, &i64)) {
        node->op = DTAKE__FILTER_INT;
        node->i64 = i64;
    } else if (number->whole && dtake__decimal_u64(number, &u64)) {
        node->op = DTAKE__FILTER_UINT;
        node->u64 = u64;
    } else if (dtake__decimal_f64(number, &f64)) {
        node->op = DTAKE__FILTER_FLOAT;
        node->f64 = f64;
    } else {
        return false;
    }
    return true;
}

void dtake__literal_time(const dtake__filter *node, char out[DTAKE__LITERAL_BYTES])
{
    if (node->op == DTAKE__FILTER_OPEN) {
        strcpy(out, "..");
        return;
    }
    dtake__time_format(node->time_ns, out, DTAKE__LITERAL_BYTES);
    if (node->op == DTAKE__FILTER_DATE)
        out[strlen("2024-07-31")] = '\0';
}
