#include "output/pen.h"

#include "core/alloc.h"
#include "core/error.h"
#include "output/canvas.h"
#include "output/font.h"

typedef struct png {
    dtake__pen pen;
    dtake__canvas canvas;
} png;

static void png_rect(dtake__pen *pen, int32_t x, int32_t y, int32_t width, int32_t height, uint32_t color)
{
    dtake__canvas_rect(&((png *)pen)->canvas, x, y, width, height, color);
}

static void png_text(dtake__pen *pen, int32_t x, int32_t y, int32_t size, dtake__anchor anchor,
                     uint32_t color, const char *text)
{
    int32_t scale = size == 3 ? 3 : size == 2 ? 2 : 1;
    int32_t width = dtake__canvas_text_width(scale, text);
    int32_t left = anchor == DTAKE__LEFT ? x : anchor == DTAKE__RIGHT ? x - width : x - width / 2;
    dtake__canvas_text(&((png *)pen)->canvas, left, y - DTAKE__FONT_BASELINE * scale, scale, color, text);
}

static dtake_status png_finish(dtake__pen *pen, const char *path, dtake_error *err)
{
    png *p = (png *)pen;
    dtake_status st = dtake__canvas_write_png(&p->canvas, path, err);
    dtake__canvas_dispose(&p->canvas);
    dtake__free(p);
    return st;
}

dtake_status dtake__pen_png(dtake__pen **out, int32_t width, int32_t height, uint32_t background,
                            dtake_error *err)
{
    png *p = dtake__calloc(1, sizeof *p);
    if (!p)
        return dtake__fail_nomem(err, "a picture");
    p->pen = (dtake__pen){ png_rect, png_text, png_finish };
    dtake_status st = dtake__canvas_init(&p->canvas, width, height, background, err);
    if (st != DTAKE_OK) {
        dtake__free(p);
        return st;
    }
    *out = &p->pen;
    return DTAKE_OK;
}
