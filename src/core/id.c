#include <datatake/id.h>

#include "core/error.h"
#include "core/text.h"

void dtake_id_format(dtake_id id, char out[DTAKE_ID_TEXT])
{
    size_t at = 0;
    for (size_t i = 0; i < sizeof id.bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        dtake__hex_write(out + at, &id.bytes[i], 1);
        at += 2;
    }
}

dtake_status dtake_id_parse(const char *text, dtake_id *out, dtake_error *err)
{
    dtake_id id = { { 0 } };
    size_t digits = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '-' && digits >= 8 && digits <= 20 && digits % 4 == 0 && c[-1] != '-')
            continue;
        int value = dtake__hex_digit(*c);
        if (value < 0 || digits == 32)
            return dtake__fail(err, DTAKE_E_USAGE, "id '%.60s': expected a UUID of 32 hexadecimal digits",
                               text);
        id.bytes[digits / 2] = (uint8_t)(id.bytes[digits / 2] << 4 | value);
        digits++;
    }
    if (digits != 32)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "id '%.60s': expected a UUID of 32 hexadecimal digits, got %zu", text, digits);
    *out = id;
    return DTAKE_OK;
}
