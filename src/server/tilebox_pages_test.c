/* How long pages are, and what stays between two of them. */
#include "check.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "server/tilebox_query.h"

static dtake__tb_wanted wanted_of(const dtake__tb_filters *filters, const dtake__tb_page *page)
{
    return (dtake__tb_wanted){ .filters = filters, .page = page };
}

static void pages_become_shorter_while_answers_wait_to_be_sent(void **state)
{
    (void)state;
    static const struct {
        int64_t waiting_mib;
        size_t plain_kib, asked_kib;
    } rows[] = {
        { 0, 2048, 8192 }, { 32, 2048, 4096 }, { 48, 2048, 2048 }, { 56, 1024, 1024 },
        { 60, 512, 512 },  { 62, 256, 256 },   { 64, 256, 256 },   { 500, 256, 256 },
    };
    dtake__tb_filters filters = { .set = true };
    dtake__tb_page limit = { .set = true, .has_limit = true, .limit = 50000 };
    dtake__tb_wanted plain = wanted_of(&filters, NULL), asked = wanted_of(&filters, &limit);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_EQ(dtake__tb_page_room(&plain, rows[i].waiting_mib << 20).bytes, rows[i].plain_kib << 10);
        CHECK_EQ(dtake__tb_page_room(&asked, rows[i].waiting_mib << 20).bytes, rows[i].asked_kib << 10);
        CHECK_EQ(dtake__tb_page_room(&asked, rows[i].waiting_mib << 20).rows, 50000);
    }
}

static void a_single_instant_comes_in_one_page_whatever_waits(void **state)
{
    (void)state;
    dtake__tb_filters filters = { .set = true,
                                  .time_interval = { .set = true,
                                                     .start_time = { .set = true, .seconds = 7 },
                                                     .end_time = { .set = true, .seconds = 7 } } };
    dtake__tb_wanted wanted = wanted_of(&filters, NULL);
    CHECK_EQ(dtake__tb_page_room(&wanted, 100 << 20).bytes, 16 << 20);
    CHECK_EQ(dtake__tb_page_room(&wanted, 100 << 20).rows, 65536);
}

/* --- what is kept --- */

static void keep(dtake__tb_pages *pages, uint8_t last, int64_t bytes)
{
    dtake__tb_cursor *c = dtake__calloc(1, sizeof *c);
    assert_non_null(c);
    c->key = DTAKE_BUF_INIT(64);
    CHECK_OK(dtake__buf_append(&c->key, "query", 5));
    c->last_id[0] = last;
    dtake__tb_pages_keep(pages, c);
    pages->first->bytes = bytes; /* as if it held a batch */
}

/* Whether one stands behind that datapoint; it is put back. */
static bool stands(dtake__tb_pages *pages, uint8_t last)
{
    uint8_t id[16] = { last };
    dtake_buf key = DTAKE_BUF_INIT(64);
    CHECK_OK(dtake__buf_append(&key, "query", 5));
    dtake__tb_cursor *c = dtake__tb_pages_take(pages, &key, id);
    dtake__buf_dispose(&key);
    if (c == NULL)
        return false;
    dtake__tb_pages_keep(pages, c);
    return true;
}

static void what_was_not_asked_for_in_twenty_seconds_is_dropped_without_a_call(void **state)
{
    (void)state;
    dtake__tb_pages pages;
    dtake__handlers *handlers;
    CHECK_OK(dtake__handlers_open(&handlers, NULL));
    dtake__tb_pages_init(&pages);
    keep(&pages, 1, 0);
    keep(&pages, 2, 0);
    pages.first->next->used_ms -= DTAKE__TB_CURSOR_MS + 1000; /* the first one */
    dtake__tb_pages_expire(&pages, handlers);
    dtake__handlers_close(handlers); /* after what it was given has run */
    assert_non_null(pages.first);
    CHECK_EQ(pages.first->last_id[0], 2);
    assert_null(pages.first->next);
    CHECK(!stands(&pages, 1));
    CHECK(stands(&pages, 2));
    dtake__tb_pages_dispose(&pages);
}

static void nothing_runs_while_all_is_young(void **state)
{
    (void)state;
    dtake__tb_pages pages;
    dtake__tb_pages_init(&pages);
    keep(&pages, 1, 0);
    dtake__tb_pages_expire(&pages, NULL); /* no thread is asked */
    CHECK(stands(&pages, 1));
    dtake__tb_pages_dispose(&pages);
}

static void those_used_last_stay_of_many_and_of_large_ones(void **state)
{
    (void)state;
    dtake__tb_pages pages;
    dtake__tb_pages_init(&pages);
    for (int i = 0; i < DTAKE__TB_CURSORS; i++)
        keep(&pages, (uint8_t)i, 0);
    CHECK(stands(&pages, 0)); /* and is the one used last now */
    keep(&pages, 7, DTAKE__TB_CURSOR_BYTES / 2);
    CHECK(!stands(&pages, 1));
    CHECK(stands(&pages, 0));
    dtake__tb_pages_dispose(&pages);

    dtake__tb_pages_init(&pages);
    for (uint8_t i = 0; i < 4; i++)
        keep(&pages, i, DTAKE__TB_CURSOR_BYTES / 2 + 1);
    int count = 0;
    for (const dtake__tb_cursor *c = pages.first; c != NULL; c = c->next)
        count++;
    CHECK_EQ(count, 2); /* the newest, and one that was kept before it held anything */
    dtake__tb_pages_dispose(&pages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_become_shorter_while_answers_wait_to_be_sent),
        cmocka_unit_test(a_single_instant_comes_in_one_page_whatever_waits),
        cmocka_unit_test(what_was_not_asked_for_in_twenty_seconds_is_dropped_without_a_call),
        cmocka_unit_test(nothing_runs_while_all_is_young),
        cmocka_unit_test(those_used_last_stay_of_many_and_of_large_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
