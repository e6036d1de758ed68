/* Filters in CQL2 text and in the short form. */
#include "filter_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dtake_error err;
    dtake__filter *filter;
    char *text = dtake__strndup((const char *)data, size);
    if (text == NULL)
        return 0;
    if (dtake__filter_parse_text(text, &filter, &err) == DTAKE_OK) {
        check_filter(filter);
        match_likes(filter);
        dtake__filter_free(filter);
    }
    if (dtake__filter_parse_short(text, &filter, &err) == DTAKE_OK) {
        check_filter(filter);
        dtake__filter_free(filter);
    }
    dtake__free(text);
    return 0;
}
