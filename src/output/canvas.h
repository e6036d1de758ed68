/* A picture in memory to draw rectangles and letters on. */
#ifndef DTAKE_OUTPUT_CANVAS_H
#define DTAKE_OUTPUT_CANVAS_H

#include <datatake/status.h>

#include "core/buf.h"

typedef struct dtake__canvas {
    int32_t width, height; /* pixels */
    uint8_t *rgb;          /* row after row */
} dtake__canvas;

/* Colours are 0xRRGGBB. What reaches past the edge is cut off. */
dtake_status dtake__canvas_init(dtake__canvas *canvas, int32_t width, int32_t height, uint32_t color,
                                dtake_error *err);
void dtake__canvas_dispose(dtake__canvas *canvas);
void dtake__canvas_rect(dtake__canvas *canvas, int32_t x, int32_t y, int32_t width, int32_t height,
                        uint32_t color);
void dtake__canvas_image(dtake__canvas *canvas, int32_t x, int32_t y, const uint8_t *rgb, int32_t width,
                         int32_t height);

/* Letters with their top left at (x, y), `scale` times as large as the font; what is not ASCII becomes '?'.
 */
void dtake__canvas_text(dtake__canvas *canvas, int32_t x, int32_t y, int32_t scale, uint32_t color,
                        const char *text);
int32_t dtake__canvas_text_width(int32_t scale, const char *text);

dtake_status dtake__canvas_write_png(const dtake__canvas *canvas, const char *path,
                                     dtake_error *err); /* blocking */

#endif
