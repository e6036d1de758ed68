#include "format/json.h"
#include "format/records.h"

static bool is_collection(const char *text, size_t len, bool *valid)
{
    dtake__json_in in;
    dtake__json_quoted key;
    bool found = false;
    dtake__json_start(&in, text, len);
    dtake__json_enter_object(&in);
    while (dtake__json_next_key(&in, &key)) {
        found |= dtake__json_key_is(key, "features") && dtake__json_peek(&in) == DTAKE__JSON_ARRAY;
        dtake__json_skip(&in);
    }
    *valid = dtake__json_finish(&in, NULL) == DTAKE_OK;
    return found;
}

/* Behind a byte order mark and white space. */
static const char *first_token(const char *text, const char *end)
{
    if (end - text >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3;
    while (text < end && (*text == ' ' || *text == '\n' || *text == '\r' || *text == '\t'))
        text++;
    return text;
}

bool dtake__begins_like_json(const char *text, size_t len)
{
    const char *token = first_token(text, text + len);
    return token < text + len && (*token == '{' || *token == '[');
}

dtake__records_kind dtake__records_guess(const char *text, size_t len)
{
    const char *end = text + len;
    text = first_token(text, end);
    const char *line_end = text < end ? memchr(text, '\n', (size_t)(end - text)) : NULL;
    if (text == end || *text != '{' || line_end == NULL)
        return DTAKE__RECORDS_JSON;
    bool valid, collection = is_collection(text, (size_t)(line_end - text), &valid);
    if (collection)
        return DTAKE__RECORDS_JSON;
    if (valid)
        return DTAKE__RECORDS_LINES;
    return line_end + 1 < end && line_end[1] == '{' ? DTAKE__RECORDS_LINES : DTAKE__RECORDS_JSON;
}
