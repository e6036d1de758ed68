/* The way through a collection, page by page, by time: a page is the first images of a window of time. The
 * last images of a full page that share their millisecond are left to the next one, so that no page begins
 * inside of them; when all of a page do, pages go on by system:index within that millisecond. Windows follow
 * what pages turn out to cover: a service that sorts what it is asked for is not asked for years when a day
 * fills a page.
 */
#ifndef DTAKE_SOURCES_EARTHENGINE_CURSOR_H
#define DTAKE_SOURCES_EARTHENGINE_CURSOR_H

#include "sources/earthengine/answer.h"
#include "sources/earthengine/question.h"

typedef struct dtake__ee_cursor {
    int64_t start_ms, end_ms; /* what is left, half open */
    int64_t window_ms;        /* the width of the next window */
    int64_t rows;             /* of a page */
    bool descending;
    bool within; /* one millisecond, by system:index: the first that is left (descending: the last) */
    char *after; /* the last index of that; NULL: none */
} dtake__ee_cursor;

void dtake__ee_cursor_init(dtake__ee_cursor *c, int64_t start_ms, int64_t end_ms, int64_t rows,
                           bool descending);
void dtake__ee_cursor_dispose(dtake__ee_cursor *c);
bool dtake__ee_cursor_is_over(const dtake__ee_cursor *c);

/* Puts into `wish` which images are next; borrowed until the next call. */
void dtake__ee_cursor_ask(const dtake__ee_cursor *c, dtake__ee_wish *wish);

/* Takes note of the page that came; images [0, *keep) are to be given. DTAKE_E_REMOTE: they are not what was
 * asked for. */
dtake_status dtake__ee_cursor_step(dtake__ee_cursor *c, const dtake__ee_images *page, size_t *keep,
                                   dtake_error *err);

/* Smaller pages, after the service said that one was too much. False: they are as small as they get. */
bool dtake__ee_cursor_shrink(dtake__ee_cursor *c);

#endif
