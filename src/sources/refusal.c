#include "sources/refusal.h"

#include "core/text.h"

enum { MAX_TEXT = 2048 };

void dtake__refusal_text(dtake__json_in *in, char *out, size_t size)
{
    dtake__json_quoted text;
    char plain[MAX_TEXT];
    out[0] = '\0';
    if (dtake__json_peek(in) != DTAKE__JSON_TEXT) {
        dtake__json_skip(in);
        return;
    }
    if (!dtake__json_read_text(in, &text) || text.raw.len > sizeof plain)
        return;
    size_t count = dtake__json_unescape(text, plain), len = 0;
    for (; len < count && len + 1 < size; len++)
        out[len] = (unsigned char)plain[len] < ' ' ? ' ' : plain[len];
    out[len] = '\0';
}

void dtake__refusal_members(dtake__json_in *in, const char *code_name, dtake__refusal *out)
{
    dtake__json_quoted key;
    while (dtake__json_next_key(in, &key))
        if (dtake__json_text_equal(key, dtake__span_of(code_name)))
            dtake__refusal_text(in, out->code, sizeof out->code);
        else if (dtake__json_key_is(key, "message"))
            dtake__refusal_text(in, out->words, sizeof out->words);
        else
            dtake__json_skip(in);
}

dtake_status dtake__refusal_status(const char *code, dtake_status otherwise)
{
    static const struct {
        const char *code;
        dtake_status status;
    } codes[] = {
        { "not_found", DTAKE_E_NOT_FOUND },       { "unauthenticated", DTAKE_E_AUTH },
        { "permission_denied", DTAKE_E_AUTH },    { "invalid_argument", DTAKE_E_USAGE },
        { "out_of_range", DTAKE_E_USAGE },        { "already_exists", DTAKE_E_STATE },
        { "failed_precondition", DTAKE_E_STATE }, { "unimplemented", DTAKE_E_UNSUPPORTED },
        { "deadline_exceeded", DTAKE_E_TIMEOUT },
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (dtake__equal_nocase(codes[i].code, code))
            return codes[i].status;
    return otherwise;
}
