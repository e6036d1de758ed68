/* The values of answer headers, and the first words of an error page. */
#include "core/buf.h"
#include "io/http_text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), words[160], two[2];
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    dtake__content_range range;
    if (dtake__content_range_parse(text, &range)) {
        if (range.first >= 0 && range.last < range.first)
            abort();
        if (range.total >= 0 && range.last >= range.total)
            abort();
        if (range.first < 0 && range.total < 0)
            abort();
    }
    int64_t number = 0;
    int status = 0;
    if (dtake__retry_after_parse(text, 1700000000, &number) && number < 0)
        abort();
    if (dtake__content_length_parse(text, &number) && number < 0)
        abort();
    if (dtake__status_line_parse(text, &status) && (status < 100 || status > 999))
        abort();
    (void)dtake__etag_is_strong(text);
    dtake__first_words((const char *)data, size, words, sizeof words);
    dtake__first_words((const char *)data, size, two, sizeof two);
    if (strlen(words) >= sizeof words || strlen(two) > 1)
        abort();
    free(text);
    return 0;
}
