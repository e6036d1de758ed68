/* What a plot is drawn with: one layout, several kinds of file. */
#ifndef DTAKE_OUTPUT_PEN_H
#define DTAKE_OUTPUT_PEN_H

#include <datatake/status.h>

typedef enum dtake__anchor { DTAKE__LEFT, DTAKE__CENTRE, DTAKE__RIGHT } dtake__anchor;

/* Coordinates in pixels of a picture made for 1:1; colours 0xRRGGBB. Text stands with its baseline at y. A
 * pen remembers the first failure and tells it in `finish`, which ends it. */
typedef struct dtake__pen dtake__pen;
struct dtake__pen {
    void (*rect)(dtake__pen *pen, int32_t x, int32_t y, int32_t width, int32_t height, uint32_t color);
    void (*text)(dtake__pen *pen, int32_t x, int32_t y, int32_t size, dtake__anchor anchor, uint32_t color,
                 const char *text);
    dtake_status (*finish)(dtake__pen *pen, const char *path, dtake_error *err);
};

/* `size` of text: 1 small, 2 normal, 3 large. */
dtake_status dtake__pen_svg(dtake__pen **out, int32_t width, int32_t height, uint32_t background,
                            dtake_error *err);
dtake_status dtake__pen_png(dtake__pen **out, int32_t width, int32_t height, uint32_t background,
                            dtake_error *err);

#endif
