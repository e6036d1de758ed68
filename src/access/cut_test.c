/* Images cut into blocks. */
#include "check.h"

#include "access/cut.h"

#include <string.h>

enum { MOST = 400 };

/* Each pixel is in one block. */
static void check_all(const dtake__cut *cut, int64_t width, int64_t height)
{
    static uint8_t seen[MOST * MOST];
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < dtake__cut_count(cut); i++) {
        dtake_window w = dtake__cut_block(cut, i);
        CHECK(w.width > 0 && w.height > 0);
        for (int64_t row = w.row; row < w.row + w.height; row++)
            for (int64_t col = w.col; col < w.col + w.width; col++)
                seen[row * MOST + col]++;
    }
    for (int64_t row = 0; row < MOST; row++)
        for (int64_t col = 0; col < MOST; col++)
            CHECK_EQ(seen[row * MOST + col], row < height && col < width ? 1 : 0);
}

static void every_pixel_is_in_one_block(void **state)
{
    (void)state;
    for (int64_t tile = 1; tile <= MOST; tile = tile * 2 + 1)
        for (int64_t width = 1; width <= MOST; width = width * 3 + 1)
            for (int64_t most_px = 1; most_px < MOST * MOST; most_px *= 7) {
                dtake__cut_tiles tiles = { tile, tile / 2 + 1, -37, 11 };
                dtake__cut cut = dtake__cut_make(width, 91, tiles, most_px);
                check_all(&cut, width, 91);
            }
    dtake__cut whole = dtake__cut_whole(13, 17);
    CHECK_EQ(dtake__cut_count(&whole), 1);
    check_all(&whole, 13, 17);
}

static void edges_lie_on_tiles_and_rows_are_as_long_as_they_may_be(void **state)
{
    (void)state;
    dtake__cut cut = dtake__cut_make(2000, 1500, (dtake__cut_tiles){ 512, 512, -100, -500 }, 600000);
    dtake_window first = dtake__cut_block(&cut, 0), second = dtake__cut_block(&cut, 1);
    CHECK_EQ(first.width, 412 + 512); /* two tiles, the first cut */
    CHECK_EQ(first.height, 12);
    CHECK_EQ(second.col, 412 + 512);
    CHECK_EQ(second.width, 1024);
    cut = dtake__cut_make(2000, 1500, (dtake__cut_tiles){ 512, 512, 0, 0 }, 2100000);
    CHECK_EQ(dtake__cut_block(&cut, 0).width, 2000);
    CHECK_EQ(dtake__cut_block(&cut, 0).height, 1024);
    cut = dtake__cut_make(2000, 1500, (dtake__cut_tiles){ 2000, 1, 0, 0 }, 100000); /* strips of one row */
    CHECK_EQ(dtake__cut_block(&cut, 0).width, 2000);
    CHECK_EQ(dtake__cut_block(&cut, 0).height, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pixel_is_in_one_block),
        cmocka_unit_test(edges_lie_on_tiles_and_rows_are_as_long_as_they_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
