#include "sources/earthengine/cursor.h"

#include "core/alloc.h"
#include "core/error.h"
#include "format/json.h"

/* A window that did not fill a page is followed by one so many times as wide: there may be nothing for long.
 */
enum { LEAST_ROWS = 4, WIDER = 64 };

void dtake__ee_cursor_init(dtake__ee_cursor *c, int64_t start_ms, int64_t end_ms, int64_t rows,
                           bool descending)
{
    *c = (dtake__ee_cursor){ .start_ms = start_ms,
                             .end_ms = end_ms,
                             .window_ms = end_ms - start_ms,
                             .rows = rows,
                             .descending = descending };
}

void dtake__ee_cursor_dispose(dtake__ee_cursor *c)
{
    dtake__free(c->after);
    c->after = NULL;
}

bool dtake__ee_cursor_is_over(const dtake__ee_cursor *c)
{
    return c->start_ms >= c->end_ms;
}

static int64_t width(const dtake__ee_cursor *c)
{
    int64_t left = c->end_ms - c->start_ms;
    return c->within ? 1 : c->window_ms < left ? c->window_ms : left;
}

void dtake__ee_cursor_ask(const dtake__ee_cursor *c, dtake__ee_wish *wish)
{
    wish->start_ms = c->descending ? c->end_ms - width(c) : c->start_ms;
    wish->end_ms = wish->start_ms + width(c);
    wish->rows = c->rows;
    wish->descending = c->descending;
    wish->after = !c->within ? NULL : c->after != NULL ? c->after : "";
}

static dtake_status strange(dtake_error *err)
{
    return dtake__fail(
        err, DTAKE_E_REMOTE,
        "the service does not answer as Earth Engine does: images are not those that were asked for, "
        "or in another order");
}

/* In the window, in order, no more than asked for. */
static bool is_as_asked(const dtake__ee_cursor *c, const dtake__ee_images *page)
{
    dtake__ee_wish wish;
    dtake__ee_cursor_ask(c, &wish);
    bool fits = page->count <= (size_t)c->rows;
    for (size_t i = 0; i < page->count && fits; i++) {
        const dtake__ee_image_facts *f = &page->at[i].facts;
        fits = f->has_time && f->time_ms >= wish.start_ms && f->time_ms < wish.end_ms && f->index.len > 0;
        if (fits && i > 0 && !c->within)
            fits = c->descending ? f->time_ms <= page->at[i - 1].facts.time_ms
                                 : f->time_ms >= page->at[i - 1].facts.time_ms;
    }
    return fits;
}

static void pass_window(dtake__ee_cursor *c)
{
    int64_t passed = width(c);
    if (c->descending)
        c->end_ms -= passed;
    else
        c->start_ms += passed;
    c->window_ms = c->window_ms > INT64_MAX / WIDER ? c->window_ms : c->window_ms * WIDER;
}

/* --- within one millisecond --- */

static dtake_status keep_last_index(dtake__ee_cursor *c, dtake__span index, dtake_error *err)
{
    const dtake__json_quoted quoted = { index, true };
    char *text = dtake__alloc(index.len + 1);
    if (text == NULL)
        return dtake__fail_nomem(err, "images");
    text[dtake__json_unescape(quoted, text)] = '\0';
    bool further = c->after == NULL || strcmp(text, c->after) > 0;
    dtake__free(c->after);
    c->after = text;
    return further ? DTAKE_OK : strange(err);
}

static dtake_status step_within(dtake__ee_cursor *c, const dtake__ee_images *page, dtake_error *err)
{
    if (page->count == (size_t)c->rows)
        return keep_last_index(c, page->at[page->count - 1].facts.index, err);
    pass_window(c);
    c->within = false;
    dtake__ee_cursor_dispose(c);
    return DTAKE_OK;
}

/* --- by time --- */

/* Those before the millisecond that the page ends in. */
static size_t whole_ones(const dtake__ee_images *page)
{
    size_t count = page->count;
    int64_t last = page->at[page->count - 1].facts.time_ms;
    while (count > 0 && page->at[count - 1].facts.time_ms == last)
        count--;
    return count;
}

static void step_full(dtake__ee_cursor *c, const dtake__ee_images *page, size_t *keep)
{
    int64_t last = page->at[page->count - 1].facts.time_ms;
    int64_t passed = c->descending ? c->end_ms - (last + 1) : last - c->start_ms;
    *keep = whole_ones(page);
    if (c->descending)
        c->end_ms = last + 1;
    else
        c->start_ms = last;
    if (*keep == 0)
        c->within = true;
    else
        c->window_ms = 2 * passed + 1;
}

dtake_status dtake__ee_cursor_step(dtake__ee_cursor *c, const dtake__ee_images *page, size_t *keep,
                                   dtake_error *err)
{
    *keep = page->count;
    if (!is_as_asked(c, page))
        return strange(err);
    if (c->within)
        return step_within(c, page, err);
    if (page->count == (size_t)c->rows && page->count > 0)
        step_full(c, page, keep);
    else
        pass_window(c);
    return DTAKE_OK;
}

bool dtake__ee_cursor_shrink(dtake__ee_cursor *c)
{
    if (c->rows <= LEAST_ROWS)
        return false;
    c->rows = c->rows / 4 > LEAST_ROWS ? c->rows / 4 : LEAST_ROWS;
    if (!c->within && width(c) > 4)
        c->window_ms = width(c) / 4;
    return true;
}
