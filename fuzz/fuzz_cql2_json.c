/* Filters in CQL2 JSON. */
#include "filter_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dtake_error err;
    dtake__filter *filter;
    if (dtake__filter_parse_json((const char *)data, size, &filter, &err) == DTAKE_OK) {
        check_filter(filter);
        match_likes(filter);
        dtake__filter_free(filter);
    }
    return 0;
}
