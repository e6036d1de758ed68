#include "output/pen.h"

#include "core/alloc.h"
#include "core/buf.h"
#include "core/error.h"
#include "output/store.h"

typedef struct svg {
    dtake__pen pen;
    dtake_buf text;
    dtake_status status;
} svg;

enum { SVG_LIMIT = 1 << 20 };

static void note(svg *s, dtake_status st)
{
    if (s->status == DTAKE_OK)
        s->status = st;
}

static void svg_rect(dtake__pen *pen, int32_t x, int32_t y, int32_t width, int32_t height, uint32_t color)
{
    svg *s = (svg *)pen;
    note(s,
         dtake__buf_printf(&s->text, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#%06x\"/>\n",
                           (int)x, (int)y, (int)width, (int)height, (unsigned)color));
}

/* Text may hold anything: what XML means something by is escaped, control characters become blanks. */
static void put_escaped(svg *s, const char *text)
{
    for (; *text; text++) {
        char c = *text;
        const char *entity = c == '<'   ? "&lt;"
                             : c == '>' ? "&gt;"
                             : c == '&' ? "&amp;"
                             : c == '"' ? "&quot;"
                                        : NULL;
        if (entity)
            note(s, dtake__buf_puts(&s->text, entity));
        else
            note(s, dtake__buf_append(&s->text, (unsigned char)c < 0x20 ? " " : text, 1));
    }
}

static void svg_text(dtake__pen *pen, int32_t x, int32_t y, int32_t size, dtake__anchor anchor,
                     uint32_t color, const char *text)
{
    static const char *const anchors[] = { "start", "middle", "end" };
    static const int pixels[] = { 0, 13, 16, 22 };
    svg *s = (svg *)pen;
    note(s, dtake__buf_printf(&s->text,
                              "<text x=\"%d\" y=\"%d\" font-size=\"%d\" text-anchor=\"%s\" fill=\"#%06x\"%s>",
                              (int)x, (int)y, pixels[size], anchors[anchor], (unsigned)color,
                              size == 3 ? " font-weight=\"600\"" : ""));
    put_escaped(s, text);
    note(s, dtake__buf_puts(&s->text, "</text>\n"));
}

static dtake_status svg_finish(dtake__pen *pen, const char *path, dtake_error *err)
{
    svg *s = (svg *)pen;
    note(s, dtake__buf_puts(&s->text, "</svg>\n"));
    dtake_status st = s->status;
    if (st != DTAKE_OK)
        dtake__fail(err, st, "write %s: the picture does not fit into memory", path);
    else
        st = dtake__store_bytes(path, s->text.data, s->text.len, true, NULL, err);
    dtake__buf_dispose(&s->text);
    dtake__free(s);
    return st;
}

dtake_status dtake__pen_svg(dtake__pen **out, int32_t width, int32_t height, uint32_t background,
                            dtake_error *err)
{
    svg *s = dtake__calloc(1, sizeof *s);
    if (!s)
        return dtake__fail_nomem(err, "a picture");
    s->pen = (dtake__pen){ svg_rect, svg_text, svg_finish };
    s->text = DTAKE_BUF_INIT(SVG_LIMIT);
    note(s, dtake__buf_printf(
                &s->text,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
                "font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\">\n",
                (int)width, (int)height, (int)width, (int)height));
    svg_rect(&s->pen, 0, 0, width, height, background);
    *out = &s->pen;
    return DTAKE_OK;
}
