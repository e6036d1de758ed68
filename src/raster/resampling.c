#include <datatake/grid.h>

#include "core/error.h"
#include "core/text.h"

static const char *const names[] = {
#define NAME(name, text) [DTAKE_##name] = text,
    DTAKE_RESAMPLING_MAP(NAME)
#undef NAME
};

const char *dtake_resampling_name(dtake_resampling resampling)
{
    return names[resampling];
}

dtake_status dtake_resampling_parse(const char *text, dtake_resampling *out, dtake_error *err)
{
    const char *said = dtake__equal_nocase(text, "near")      ? "nearest"
                       : dtake__equal_nocase(text, "bicubic") ? "cubic"
                                                              : text;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (dtake__equal_nocase(said, names[i])) {
            *out = (dtake_resampling)i;
            return DTAKE_OK;
        }
    return dtake__fail(err, DTAKE_E_USAGE,
                       "resampling '%.40s': nearest, bilinear, cubic, average, lanczos or mode", text);
}
