#include <datatake/raster.h>

#include "core/alloc.h"

size_t dtake_type_bytes(dtake_type type)
{
    switch (type) {
#define CASE(name, bytes, text)                                                                              \
    case DTAKE_##name:                                                                                       \
        return bytes;
        DTAKE_TYPE_MAP(CASE)
#undef CASE
    }
    return 0;
}

const char *dtake_type_name(dtake_type type)
{
    switch (type) {
#define CASE(name, bytes, text)                                                                              \
    case DTAKE_##name:                                                                                       \
        return text;
        DTAKE_TYPE_MAP(CASE)
#undef CASE
    }
    return "unknown";
}

void dtake_pixels_dispose(dtake_pixels *pixels)
{
    if (!pixels)
        return;
    dtake__free(pixels->data);
    dtake__free(pixels->mask);
    *pixels = (dtake_pixels){ 0 };
}

dtake_pixels dtake_pixels_take(dtake_pixels *pixels)
{
    dtake_pixels taken = *pixels;
    *pixels = (dtake_pixels){ 0 };
    return taken;
}
