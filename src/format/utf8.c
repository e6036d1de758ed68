#include "format/utf8.h"

static bool continues(const char *at)
{
    return ((unsigned char)*at & 0xC0) == 0x80;
}

int dtake__utf8_length(const char *at, const char *end)
{
    unsigned char first = (unsigned char)at[0];
    if (first < 0x80)
        return 1;
    if (end - at < 2 || !continues(at + 1))
        return 0;
    unsigned char second = (unsigned char)at[1];
    if (first >= 0xC2 && first <= 0xDF)
        return 2;
    if (end - at < 3 || !continues(at + 2))
        return 0;
    if (first >= 0xE0 && first <= 0xEF) {
        bool overlong = first == 0xE0 && second < 0xA0, surrogate = first == 0xED && second >= 0xA0;
        return overlong || surrogate ? 0 : 3;
    }
    if (end - at < 4 || !continues(at + 3) || first < 0xF0 || first > 0xF4)
        return 0;
    bool overlong = first == 0xF0 && second < 0x90, beyond = first == 0xF4 && second >= 0x90;
    return overlong || beyond ? 0 : 4;
}

/* Mostly it is; the last eight bytes are looked at once more rather than one by one. */
static bool is_ascii(const char *at, size_t len)
{
    uint64_t word, all = 0;
    if (len < sizeof word)
        return false;
    for (size_t i = 0; i + sizeof word <= len; i += sizeof word) {
        memcpy(&word, at + i, sizeof word);
        all |= word;
    }
    memcpy(&word, at + len - sizeof word, sizeof word);
    return ((all | word) & 0x8080808080808080) == 0;
}

bool dtake__utf8_valid(dtake__span text)
{
    const char *at = text.text, *end = at + text.len;
    if (is_ascii(at, text.len))
        return true;
    while (at < end) {
        uint64_t word;
        if (end - at >= 8 && (memcpy(&word, at, 8), (word & 0x8080808080808080) == 0)) {
            at += 8;
            continue;
        }
        int len = dtake__utf8_length(at, end);
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}

int dtake__utf8_encode(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = { 0, 0xC0, 0xE0, 0xF0 };
    out[0] = (char)(lead[more] | code >> (6 * more));
    for (int i = 1; i <= more; i++)
        out[i] = (char)(0x80 | ((code >> (6 * (more - i))) & 0x3F));
    return more + 1;
}
