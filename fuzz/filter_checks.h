/* What holds for every filter that a reader lets through. */
#ifndef DTAKE_FUZZ_FILTER_CHECKS_H
#define DTAKE_FUZZ_FILTER_CHECKS_H

#include "core/alloc.h"
#include "query/bounds.h"
#include "query/match.h"

#include <stdlib.h>

static inline void demand(bool truth)
{
    if (!truth)
        abort();
}

/* Whatever is written reads back equal; nothing that looks at it falls. */
static inline void check_filter(const dtake__filter *filter)
{
    dtake_error err;
    dtake__filter *back;
    dtake_buf out = DTAKE_BUF_INIT(64 << 20);
    demand(dtake__filter_write_text(filter, &out, &err) == DTAKE_OK);
    dtake_status st = dtake__filter_parse_text(dtake__buf_str(&out), &back, &err);
    demand(st == DTAKE_OK || st == DTAKE_E_LIMIT);
    demand(st != DTAKE_OK || dtake__filter_equal(filter, back));
    dtake__filter_free(back);
    dtake__buf_clear(&out);
    demand(dtake__filter_write_json(filter, &out, &err) == DTAKE_OK);
    st = dtake__filter_parse_json(dtake__buf_str(&out), out.len, &back, &err);
    demand(st == DTAKE_OK || st == DTAKE_E_LIMIT);
    demand(st != DTAKE_OK || dtake__filter_equal(filter, back));
    dtake__filter_free(back);
    dtake__buf_dispose(&out);

    dtake__filter_range range;
    dtake_interval times;
    dtake_box box;
    const dtake__filter **values;
    size_t count;
    dtake__filter_bounds(filter, "a", &range);
    dtake__filter_times(filter, "a", &times);
    dtake__filter_box(filter, "a", &box);
    if (dtake__filter_values(filter, "a", &values, &count, &err) == DTAKE_OK)
        dtake__free(values);
}

/* Every LIKE against a text of its own letters. */
static inline void match_likes(const dtake__filter *filter)
{
    dtake__like *like;
    if (filter->op == DTAKE__FILTER_LIKE && dtake__like_new(&like, filter, NULL) == DTAKE_OK) {
        dtake__like_match(like, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab_S2%\xc3\xa9\xff", 37);
        dtake__like_free(like);
    }
    for (size_t i = 0; i < filter->arg_count; i++)
        match_likes(filter->args[i]);
}

#endif
