/* The way through a collection: whatever lies in it, each image comes once, in order, on pages of the size
 * that was asked for. A list plays the service. */
#include <check.h>

#include "core/alloc.h"
#include "sources/earthengine/cursor.h"

#include <stdlib.h>

static dtake_error err;

enum { MOST = 5000, TEXT = 12 };

typedef struct made {
    int64_t ms;
    char index[TEXT];
} made;

typedef struct collection {
    made at[MOST];
    size_t count;
    size_t pages, looked_at; /* what the service had to sort */
} collection;

static int by_time(const void *a, const void *b)
{
    const made *x = a, *y = b;
    return x->ms != y->ms ? (x->ms < y->ms ? -1 : 1) : strcmp(x->index, y->index);
}

static int by_index(const void *a, const void *b)
{
    return strcmp(((const made *)a)->index, ((const made *)b)->index);
}

/* As `Collection.limit(Collection.filter(...), rows, key)` does. */
static void answer(collection *c, const dtake__ee_wish *wish, made *found, dtake__ee_images *page)
{
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++)
        if (c->at[i].ms >= wish->start_ms && c->at[i].ms < wish->end_ms &&
            (wish->after == NULL || strcmp(c->at[i].index, wish->after) > 0))
            found[count++] = c->at[i];
    c->pages++;
    c->looked_at += count;
    qsort(found, count, sizeof *found, wish->after != NULL ? by_index : by_time);
    if (wish->descending && wish->after == NULL)
        for (size_t i = 0; i < count / 2; i++) {
            made swapped = found[i];
            found[i] = found[count - 1 - i];
            found[count - 1 - i] = swapped;
        }
    page->count = count < (size_t)wish->rows ? count : (size_t)wish->rows;
    for (size_t i = 0; i < page->count; i++)
        page->at[i].facts = (dtake__ee_image_facts){ .has_time = true,
                                                     .time_ms = found[i].ms,
                                                     .index = dtake__span_of(found[i].index) };
}

/* Goes all the way; returns how many came, each in its place. */
static size_t read_all(collection *c, int64_t rows, bool descending)
{
    made *found = calloc(MOST, sizeof *found), *came = calloc(MOST, sizeof *came);
    dtake__ee_images page = { .at = calloc(MOST, sizeof *page.at) };
    dtake__ee_cursor cursor;
    size_t count = 0, keep;
    c->pages = c->looked_at = 0;
    dtake__ee_cursor_init(&cursor, DTAKE__EE_FIRST_MS, DTAKE__EE_END_MS, rows, descending);
    while (!dtake__ee_cursor_is_over(&cursor)) {
        dtake__ee_wish wish = { 0 };
        dtake__ee_cursor_ask(&cursor, &wish);
        answer(c, &wish, found, &page);
        CHECK(page.count <= (size_t)rows);
        CHECK_OK(dtake__ee_cursor_step(&cursor, &page, &keep, &err));
        for (size_t i = 0; i < keep; i++) {
            CHECK(count < c->count);
            came[count++] = found[i];
            if (count > 1 && !descending)
                CHECK(came[count - 1].ms >= came[count - 2].ms);
            if (count > 1 && descending)
                CHECK(came[count - 1].ms <= came[count - 2].ms);
        }
    }
    dtake__ee_cursor_dispose(&cursor);
    qsort(came, count, sizeof *came, by_time);
    for (size_t i = 0; i < count; i++)
        CHECK(came[i].ms == c->at[i].ms && strcmp(came[i].index, c->at[i].index) == 0);
    free(page.at);
    free(found);
    free(came);
    return count;
}

static collection *fill(size_t count, int64_t (*time_of)(size_t i))
{
    collection *c = calloc(1, sizeof *c);
    for (c->count = 0; c->count < count; c->count++) {
        c->at[c->count].ms = time_of(c->count);
        snprintf(c->at[c->count].index, TEXT, "i%05u", (unsigned)(c->count * 7919 % 100000));
    }
    qsort(c->at, c->count, sizeof c->at[0], by_time);
    return c;
}

static int64_t every_hour(size_t i)
{
    return INT64_C(1700000000000) + (int64_t)i * 3600000;
}

static int64_t ten_a_day(size_t i)
{
    return INT64_C(1700000000000) + (int64_t)(i / 10) * 86400000;
}

static int64_t all_at_once(size_t i)
{
    (void)i;
    return INT64_C(1700000000000);
}

static int64_t a_crowd_in_the_middle(size_t i)
{
    return i >= 100 && i < 900 ? INT64_C(1700000000000) : INT64_C(1699999999000) + (int64_t)i;
}

static int64_t before_1970_and_far_apart(size_t i)
{
    return INT64_C(-5000000000000) + (int64_t)i * INT64_C(14000000000);
}

static void check_both_ways(size_t count, int64_t (*time_of)(size_t i), int64_t rows)
{
    collection *c = fill(count, time_of);
    CHECK_EQ(read_all(c, rows, false), count);
    CHECK_EQ(read_all(c, rows, true), count);
    free(c);
}

static void every_image_comes_once_whatever_shares_a_millisecond(void **state)
{
    int64_t (*const times[])(size_t) = { every_hour, ten_a_day, all_at_once, a_crowd_in_the_middle,
                                         before_1970_and_far_apart };
    const int64_t rows[] = { 4, 10, 11, 100, 1000 };
    for (size_t t = 0; t < sizeof times / sizeof times[0]; t++)
        for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
            check_both_ways(1000, times[t], rows[r]);
    for (size_t count = 0; count < 12; count++)
        check_both_ways(count, ten_a_day, 10);
    (void)state;
}

/* 5000 images on pages of 100: 50 at least. With all that is left sorted for each page it would be 125,000.
 */
static void pages_do_not_ask_for_more_than_they_need(void **state)
{
    collection *c = fill(5000, every_hour);
    CHECK_EQ(read_all(c, 100, false), 5000);
    CHECK(c->pages <= 56);
    CHECK(c->looked_at <= 5000 + 5000 * 3);
    free(c);
    (void)state;
}

static void smaller_pages_follow_when_one_was_too_much(void **state)
{
    dtake__ee_cursor cursor;
    dtake__ee_wish wish = { 0 };
    dtake__ee_cursor_init(&cursor, 0, 1000, 400, false);
    CHECK(dtake__ee_cursor_shrink(&cursor));
    dtake__ee_cursor_ask(&cursor, &wish);
    CHECK_EQ(wish.rows, 100);
    CHECK_EQ(wish.start_ms, 0);
    CHECK_EQ(wish.end_ms, 250);
    int shrunk = 1;
    while (dtake__ee_cursor_shrink(&cursor))
        shrunk++;
    CHECK_EQ(shrunk, 4);
    CHECK_EQ(cursor.rows, 4);
    dtake__ee_cursor_dispose(&cursor);
    (void)state;
}

/* Else a page of a strange service could lead round in a circle. */
static void images_that_were_not_asked_for_are_refused(void **state)
{
    dtake__ee_image image[3] = { { .facts = { true, 5, { "a", 1 }, 0, { "", 0 } } },
                                 { .facts = { true, 4, { "b", 1 }, 0, { "", 0 } } },
                                 { .facts = { true, 6, { "c", 1 }, 0, { "", 0 } } } };
    dtake__ee_images page = { .at = image, .count = 2 };
    dtake__ee_cursor cursor;
    size_t keep;
    dtake__ee_cursor_init(&cursor, 0, 10, 2, false);
    CHECK_STATUS(dtake__ee_cursor_step(&cursor, &page, &keep, &err), DTAKE_E_REMOTE); /* backwards */
    image[1].facts.time_ms = 10;
    CHECK_STATUS(dtake__ee_cursor_step(&cursor, &page, &keep, &err), DTAKE_E_REMOTE); /* outside */
    image[1].facts.time_ms = 6;
    page.count = 3;
    CHECK_STATUS(dtake__ee_cursor_step(&cursor, &page, &keep, &err), DTAKE_E_REMOTE); /* too many */
    image[0].facts.time_ms = image[1].facts.time_ms = 7;
    page.count = 2;
    CHECK_OK(dtake__ee_cursor_step(&cursor, &page, &keep, &err));
    CHECK_EQ(keep, 0);
    CHECK_OK(dtake__ee_cursor_step(&cursor, &page, &keep, &err));
    CHECK_EQ(keep, 2);
    CHECK_STATUS(dtake__ee_cursor_step(&cursor, &page, &keep, &err), DTAKE_E_REMOTE); /* the same again */
    dtake__ee_cursor_dispose(&cursor);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_image_comes_once_whatever_shares_a_millisecond),
        cmocka_unit_test(pages_do_not_ask_for_more_than_they_need),
        cmocka_unit_test(smaller_pages_follow_when_one_was_too_much),
        cmocka_unit_test(images_that_were_not_asked_for_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
