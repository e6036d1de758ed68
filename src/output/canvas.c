#include "output/canvas.h"

#include "core/alloc.h"
#include "core/error.h"
#include "output/font.h"
#include "output/png_encode.h"
#include "output/store.h"

#include <string.h>

enum { SIDE_LIMIT = 65500 };

dtake_status dtake__canvas_init(dtake__canvas *canvas, int32_t width, int32_t height, uint32_t color,
                                dtake_error *err)
{
    *canvas = (dtake__canvas){ .width = width, .height = height };
    if (width <= 0 || height <= 0 || width > SIDE_LIMIT || height > SIDE_LIMIT)
        return dtake__fail(err, DTAKE_E_LIMIT, "a picture of %d x %d pixels is too large", (int)width,
                           (int)height);
    canvas->rgb = dtake__alloc((size_t)width * (size_t)height * 3);
    if (!canvas->rgb)
        return dtake__fail_nomem(err, "a picture");
    dtake__canvas_rect(canvas, 0, 0, width, height, color);
    return DTAKE_OK;
}

void dtake__canvas_dispose(dtake__canvas *canvas)
{
    dtake__free(canvas->rgb);
    *canvas = (dtake__canvas){ 0 };
}

static int32_t clamp(int32_t v, int32_t low, int32_t high)
{
    return v < low ? low : v > high ? high : v;
}

void dtake__canvas_rect(dtake__canvas *canvas, int32_t x, int32_t y, int32_t width, int32_t height,
                        uint32_t color)
{
    int32_t left = clamp(x, 0, canvas->width), right = clamp(x + width, 0, canvas->width);
    int32_t top = clamp(y, 0, canvas->height), bottom = clamp(y + height, 0, canvas->height);
    for (int32_t row = top; row < bottom; row++) {
        uint8_t *to = canvas->rgb + ((size_t)row * (size_t)canvas->width + (size_t)left) * 3;
        for (int32_t col = left; col < right; col++, to += 3) {
            to[0] = (uint8_t)(color >> 16);
            to[1] = (uint8_t)(color >> 8);
            to[2] = (uint8_t)color;
        }
    }
}

void dtake__canvas_image(dtake__canvas *canvas, int32_t x, int32_t y, const uint8_t *rgb, int32_t width,
                         int32_t height)
{
    int32_t left = clamp(x, 0, canvas->width), right = clamp(x + width, 0, canvas->width);
    int32_t top = clamp(y, 0, canvas->height), bottom = clamp(y + height, 0, canvas->height);
    for (int32_t row = top; row < bottom && left < right; row++)
        memcpy(canvas->rgb + ((size_t)row * (size_t)canvas->width + (size_t)left) * 3,
               rgb + ((size_t)(row - y) * (size_t)width + (size_t)(left - x)) * 3,
               (size_t)(right - left) * 3);
}

static void draw_glyph(dtake__canvas *canvas, int32_t x, int32_t y, int32_t scale, uint32_t color,
                       char letter)
{
    const uint8_t *glyph = dtake__font[(letter >= ' ' && letter <= '~' ? letter : '?') - ' '];
    for (int32_t row = 0; row < DTAKE__FONT_ROWS; row++)
        for (int32_t col = 0; col < DTAKE__FONT_WIDTH; col++)
            if (glyph[row] >> (DTAKE__FONT_WIDTH - 1 - col) & 1)
                dtake__canvas_rect(canvas, x + col * scale, y + row * scale, scale, scale, color);
}

void dtake__canvas_text(dtake__canvas *canvas, int32_t x, int32_t y, int32_t scale, uint32_t color,
                        const char *text)
{
    for (; *text; text++, x += DTAKE__FONT_ADVANCE * scale)
        draw_glyph(canvas, x, y, scale, color, *text);
}

int32_t dtake__canvas_text_width(int32_t scale, const char *text)
{
    int32_t letters = (int32_t)strlen(text);
    return letters ? (letters * DTAKE__FONT_ADVANCE - (DTAKE__FONT_ADVANCE - DTAKE__FONT_WIDTH)) * scale : 0;
}

static void canvas_row(const void *ctx, int64_t row, void *samples)
{
    const dtake__canvas *canvas = ctx;
    size_t line = (size_t)canvas->width * 3;
    memcpy(samples, canvas->rgb + (size_t)row * line, line);
}

dtake_status dtake__canvas_write_png(const dtake__canvas *canvas, const char *path, dtake_error *err)
{
    dtake__png png = { canvas->width, canvas->height, 3, 8, canvas_row, canvas };
    dtake_buf bytes = DTAKE_BUF_INIT((size_t)canvas->width * (size_t)canvas->height * 4 + 65536);
    dtake_status st = dtake__png_encode(&png, &bytes, err);
    if (st != DTAKE_OK)
        dtake__error_prefix(err, "write %s", path);
    else
        st = dtake__store_bytes(path, bytes.data, bytes.len, true, NULL, err);
    dtake__buf_dispose(&bytes);
    return st;
}
