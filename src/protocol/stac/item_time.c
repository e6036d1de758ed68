#include "protocol/stac/item_time.h"

#include "core/clock.h"

#include <stdio.h>

bool dtake__item_time_read(dtake__span text, int64_t *out_ns, bool *same)
{
    char copy[64], back[40];
    if (text.len < 10 || text.len > 48 || text.text[4] != '-' || text.text[7] != '-')
        return false;
    memcpy(copy, text.text, text.len);
    copy[text.len] = '\0';
    if (strlen(copy) != text.len)
        return false;
    bool date_only = false;
    if (dtake__time_parse(copy, out_ns, &date_only, NULL) != DTAKE_OK) {
        copy[text.len] = 'Z';
        copy[text.len + 1] = '\0';
        *same = false;
        return dtake__time_parse(copy, out_ns, NULL, NULL) == DTAKE_OK;
    }
    dtake__time_format(*out_ns, back, sizeof back);
    *same = !date_only && strcmp(copy, back) == 0;
    return true;
}

bool dtake__item_time_is_full(dtake__span text)
{
    int64_t time_ns;
    bool same;
    if (text.len < 20 || (text.text[10] != 'T' && text.text[10] != 't'))
        return false;
    char last = text.text[text.len - 1];
    bool zoned =
        last == 'Z' || last == 'z' || text.text[text.len - 6] == '+' || text.text[text.len - 6] == '-';
    return zoned && dtake__item_time_read(text, &time_ns, &same);
}
