#include "output/sheet.h"

#include "core/alloc.h"
#include "core/error.h"
#include "output/canvas.h"
#include "output/font.h"
#include "output/thumb.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    BACKGROUND = 0x12161c,
    EMPTY = 0x1c222b, /* places without an image, masked pixels */
    CAPTION = 0xd5dbe3,
    FAINT = 0x5b6673,
    CAPTION_BYTES = 96,
};

typedef struct place {
    dtake__thumb thumb;
    char caption[CAPTION_BYTES];
} place;

struct dtake__sheet {
    size_t count;
    int32_t side; /* pixels a thumbnail has at most */
    place *place;
};

/* Where things are on the sheet, in pixels. */
typedef struct layout {
    int32_t columns, rows;
    int32_t margin, gap;
    int32_t cell_width, image_height, cell_height;
    int32_t scale; /* of the letters */
} layout;

dtake__sheet *dtake__sheet_new(size_t count, int32_t thumb_side)
{
    dtake__sheet *sheet = dtake__calloc(1, sizeof *sheet);
    if (!sheet)
        return NULL;
    sheet->count = count;
    sheet->side = thumb_side < 16 ? 16 : thumb_side;
    sheet->place = dtake__calloc(count ? count : 1, sizeof *sheet->place);
    if (!sheet->place) {
        dtake__free(sheet);
        return NULL;
    }
    return sheet;
}

dtake_status dtake__sheet_put(dtake__sheet *sheet, size_t at, const char *caption, const dtake_pixels *pixels,
                              dtake_error *err)
{
    if (at >= sheet->count)
        return dtake__fail(err, DTAKE_E_RANGE, "a contact sheet of %zu images has no place %zu", sheet->count,
                           at);
    place *p = &sheet->place[at];
    snprintf(p->caption, sizeof p->caption, "%s", caption ? caption : "");
    return dtake__thumb_make(&p->thumb, pixels, sheet->side, EMPTY, err);
}

bool dtake__sheet_view(const dtake__sheet *sheet, size_t at, const char **caption, int32_t *width,
                       int32_t *height, const uint8_t **rgb)
{
    if (at >= sheet->count || !sheet->place[at].thumb.rgb)
        return false;
    const place *p = &sheet->place[at];
    *caption = p->caption;
    *width = p->thumb.width;
    *height = p->thumb.height;
    *rgb = p->thumb.rgb;
    return true;
}

/* Twice the size where every caption then fits under its picture. */
static int32_t letter_scale(const dtake__sheet *sheet, int32_t width)
{
    for (size_t i = 0; i < sheet->count; i++)
        if (dtake__canvas_text_width(2, sheet->place[i].caption) > width)
            return 1;
    return 2;
}

/* A little wider than high, and no larger than the images there are. */
static layout layout_of(const dtake__sheet *sheet)
{
    layout l = { 0 };
    int32_t count = sheet->count > 0 ? (int32_t)sheet->count : 1;
    l.columns = (int32_t)(sqrt(count) * 1.4 + 0.5);
    l.columns = l.columns < 1 ? 1 : l.columns > count ? count : l.columns;
    l.rows = (count + l.columns - 1) / l.columns;
    for (size_t i = 0; i < sheet->count; i++) {
        const dtake__thumb *thumb = &sheet->place[i].thumb;
        l.cell_width = thumb->width > l.cell_width ? thumb->width : l.cell_width;
        l.image_height = thumb->height > l.image_height ? thumb->height : l.image_height;
    }
    if (l.cell_width == 0)
        l.cell_width = l.image_height = sheet->side;
    l.gap = sheet->side / 16 < 6 ? 6 : sheet->side / 16;
    l.margin = 2 * l.gap;
    l.scale = letter_scale(sheet, l.cell_width);
    l.cell_height = l.image_height + 6 * l.scale + DTAKE__FONT_ROWS * l.scale;
    return l;
}

/* As many letters as fit, the cut shown by two dots. */
static void draw_caption(dtake__canvas *canvas, const layout *l, int32_t x, int32_t y, uint32_t color,
                         const char *caption)
{
    char text[CAPTION_BYTES];
    snprintf(text, sizeof text, "%s", caption);
    size_t fit = (size_t)(l->cell_width / (DTAKE__FONT_ADVANCE * l->scale));
    if (strlen(text) > fit && fit >= 2 && fit < sizeof text)
        memcpy(text + fit - 2, "..", 3);
    int32_t width = dtake__canvas_text_width(l->scale, text);
    dtake__canvas_text(canvas, x + (l->cell_width - width) / 2, y, l->scale, color, text);
}

static void draw_place(dtake__canvas *canvas, const layout *l, int32_t x, int32_t y, const place *p)
{
    int32_t caption_y = y + l->image_height + 6 * l->scale;
    if (!p->thumb.rgb) {
        dtake__canvas_rect(canvas, x, y, l->cell_width, l->image_height, EMPTY);
        draw_caption(canvas, l, x, y + (l->image_height - DTAKE__FONT_ROWS * l->scale) / 2, FAINT,
                     "no image");
        draw_caption(canvas, l, x, caption_y, FAINT, p->caption);
        return;
    }
    dtake__canvas_image(canvas, x + (l->cell_width - p->thumb.width) / 2,
                        y + (l->image_height - p->thumb.height) / 2, p->thumb.rgb, p->thumb.width,
                        p->thumb.height);
    draw_caption(canvas, l, x, caption_y, CAPTION, p->caption);
}

dtake_status dtake__sheet_write(dtake__sheet *sheet, const char *path, dtake_error *err)
{
    layout l = layout_of(sheet);
    dtake__canvas canvas;
    int64_t width = 2 * l.margin + (int64_t)l.columns * l.cell_width + (int64_t)(l.columns - 1) * l.gap;
    int64_t height = 2 * l.margin + (int64_t)l.rows * l.cell_height + (int64_t)(l.rows - 1) * l.gap;
    if (width > INT32_MAX || height > INT32_MAX)
        return dtake__fail(err, DTAKE_E_LIMIT, "write %s: %zu images are too many for one sheet", path,
                           sheet->count);
    dtake_status st = dtake__canvas_init(&canvas, (int32_t)width, (int32_t)height, BACKGROUND, err);
    if (st != DTAKE_OK) {
        dtake__error_prefix(err, "write %s", path);
        return st;
    }
    for (size_t i = 0; i < sheet->count; i++) {
        int32_t col = (int32_t)(i % (size_t)l.columns), row = (int32_t)(i / (size_t)l.columns);
        draw_place(&canvas, &l, l.margin + col * (l.cell_width + l.gap),
                   l.margin + row * (l.cell_height + l.gap), &sheet->place[i]);
    }
    st = dtake__canvas_write_png(&canvas, path, err);
    dtake__canvas_dispose(&canvas);
    return st;
}

void dtake__sheet_free(dtake__sheet *sheet)
{
    if (!sheet)
        return;
    for (size_t i = 0; i < sheet->count; i++)
        dtake__thumb_dispose(&sheet->place[i].thumb);
    dtake__free(sheet->place);
    dtake__free(sheet);
}
