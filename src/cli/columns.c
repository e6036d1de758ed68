#include "cli/columns.h"

#include "cli/print.h"
#include "core/alloc.h"

#include <string.h>

enum { GAP = 2, LEAST = 6 };
static const size_t MAX_CELL_BYTES = 4096;

static int columns_of(const char *text)
{
    int count = 0;
    for (const char *c = text; *c != '\0'; c++)
        count += ((unsigned char)*c & 0xC0) != 0x80;
    return count;
}

dtake_status dtake__columns_add(dtake__columns *columns, const char *cell)
{
    char **grown = dtake__room_for_one(columns->cells, columns->used, &columns->room, sizeof *grown);
    if (grown == NULL)
        return DTAKE_E_NOMEM;
    columns->cells = grown;
    dtake_buf visible = DTAKE_BUF_INIT(MAX_CELL_BYTES);
    dtake__put_visible(&visible, cell); /* a longer one is cut */
    char *copy = dtake__strdup(dtake__buf_str(&visible));
    dtake__buf_dispose(&visible);
    if (copy == NULL)
        return DTAKE_E_NOMEM;
    int width = columns_of(copy), *widest = &columns->width[columns->used % columns->count];
    if (width > *widest)
        *widest = width;
    columns->cells[columns->used++] = copy;
    return DTAKE_OK;
}

/* The width of the first `shown` columns. */
static int width_of(const dtake__columns *columns, size_t shown)
{
    int all = -GAP;
    for (size_t i = 0; i < shown; i++)
        all += columns->width[i] + GAP;
    return all;
}

/* Columns at the end that may be left out go first, then the widest text gets narrower. Returns how many are
 * shown. */
static size_t fit(dtake__columns *columns, int width)
{
    size_t shown = columns->count;
    while (columns->least > 0 && shown > columns->least && width_of(columns, shown) > width)
        shown--;
    while (width_of(columns, shown) > width) {
        size_t widest = shown;
        for (size_t i = 0; i < shown; i++)
            if (!columns->right[i] && columns->width[i] > LEAST &&
                (widest == shown || columns->width[i] > columns->width[widest]))
                widest = i;
        if (widest == shown)
            break;
        columns->width[widest]--;
    }
    return shown;
}

static dtake_status put_blanks(dtake_buf *out, int count)
{
    dtake_status st = DTAKE_OK;
    while (count-- > 0 && st == DTAKE_OK)
        st = dtake__buf_puts(out, " ");
    return st;
}

/* `text` cut to `width` columns; what is cut shows as "...". */
static dtake_status put_cell(dtake_buf *out, const char *text, int width, bool right, bool last)
{
    int len = columns_of(text), shown = len <= width ? len : width >= 3 ? width - 3 : width;
    dtake_status st = right ? put_blanks(out, width - len) : DTAKE_OK;
    const char *end = text;
    for (int i = 0; i < shown; i++)
        do
            end++;
        while (((unsigned char)*end & 0xC0) == 0x80);
    if (st == DTAKE_OK)
        st = dtake__buf_append(out, text, (size_t)(end - text));
    if (st == DTAKE_OK && shown < len && width >= 3)
        st = dtake__buf_puts(out, "...");
    if (st == DTAKE_OK && !last)
        st = put_blanks(out, GAP + (right ? 0 : width - (shown < len ? width : len)));
    return st;
}

dtake_status dtake__columns_print(dtake__columns *columns, int width, dtake_buf *out)
{
    dtake_status st = DTAKE_OK;
    size_t shown = width > 0 ? fit(columns, width) : columns->count;
    for (size_t i = 0; i < columns->used && st == DTAKE_OK; i++) {
        size_t at = i % columns->count;
        bool last = at + 1 == shown;
        if (at >= shown)
            continue;
        st = put_cell(out, columns->cells[i], columns->width[at], columns->right[at], last);
        if (st == DTAKE_OK && last)
            st = dtake__buf_puts(out, "\n");
    }
    return st;
}

void dtake__columns_dispose(dtake__columns *columns)
{
    for (size_t i = 0; i < columns->used; i++)
        dtake__free(columns->cells[i]);
    dtake__free(columns->cells);
    *columns = (dtake__columns){ 0 };
}
