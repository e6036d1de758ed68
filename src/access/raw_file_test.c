/* The file of a raw asset between processes: what one leaves the next goes on with. */
#include "access/journey.h"

#include "access/raw_file.h"

static char target[120], part_path[140], journal_path[160];
static const char href[] = "http://127.0.0.1/B04.tif", etag[] = "\"v1\"";
static atomic_bool cancelled;
enum { BLOCK = 4096, BLOCKS = 10 };
static uint8_t bytes[BLOCK * BLOCKS];

static sandbox set_names(void)
{
    sandbox box = open_sandbox();
    snprintf(target, sizeof target, "%s/B04.tif", box.folder);
    snprintf(part_path, sizeof part_path, "%s/.B04.tif.part", box.folder);
    snprintf(journal_path, sizeof journal_path, "%s.journal", part_path);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 31 + (i >> 8));
    return box;
}

static dtake__raw_file new_file(void)
{
    dtake__raw_file file;
    CHECK_OK(dtake__raw_file_init(&file, target, false, "", NULL));
    return file;
}

static void add_blocks(dtake__raw_file *file, int count)
{
    for (int i = 0; i < count; i++)
        CHECK_OK(dtake__raw_file_add(file, href, etag, sizeof bytes, bytes + file->written, BLOCK, NULL));
}

/* So many blocks, then a failure that may pass. */
static void leave_blocks(int count)
{
    dtake__raw_file file = new_file();
    add_blocks(&file, count);
    dtake__raw_file_give_up(&file, true);
    dtake__raw_file_dispose(&file);
}

static int64_t taken_over(dtake__raw_file *file, int64_t expected)
{
    char met[64];
    int64_t total;
    *file = new_file();
    CHECK_OK(dtake__raw_file_take_over(file, href, expected, met, sizeof met, &total, &cancelled, NULL));
    if (file->written > 0) {
        CHECK_STR(met, etag);
        CHECK_EQ(total, sizeof bytes);
    }
    return file->written;
}

static void finish(dtake__raw_file *file)
{
    char expected[DTAKE__SHA256_HEX], got[DTAKE__SHA256_HEX];
    dtake__sha256_hex(bytes, sizeof bytes, expected);
    CHECK_EQ(file->written, sizeof bytes);
    CHECK_OK(dtake__raw_file_check(file, got, NULL));
    CHECK_STR(got, expected);
    CHECK_OK(dtake__part_commit(file->part, NULL));
    file->part = NULL;
    dtake__raw_file_dispose(file);
    CHECK_OK(dtake__sha256_file(target, got, NULL));
    CHECK_STR(got, expected);
    CHECK(access(part_path, F_OK) != 0 && access(journal_path, F_OK) != 0);
}

static void what_one_process_left_the_next_goes_on_with(void **state)
{
    (void)state;
    sandbox box = set_names();
    dtake__raw_file file;
    CHECK_EQ(taken_over(&file, -1), 0); /* nothing there yet */
    dtake__raw_file_dispose(&file);
    leave_blocks(3);
    CHECK_EQ(taken_over(&file, sizeof bytes), 3 * BLOCK);
    add_blocks(&file, 4);
    dtake__raw_file_give_up(&file, true);
    dtake__raw_file_dispose(&file);
    CHECK_EQ(taken_over(&file, -1), 7 * BLOCK);
    add_blocks(&file, 3);
    finish(&file);
    close_sandbox(&box);
}

static void of_a_whole_part_the_last_byte_is_asked_for(void **state)
{
    (void)state;
    sandbox box = set_names();
    dtake__raw_file file;
    leave_blocks(BLOCKS);
    CHECK_EQ(taken_over(&file, -1), sizeof bytes - 1);
    dtake__raw_file_give_up(&file, true); /* interrupted once more */
    dtake__raw_file_dispose(&file);
    CHECK_EQ(taken_over(&file, -1), sizeof bytes - 1);
    CHECK_OK(dtake__raw_file_add(&file, href, etag, sizeof bytes, bytes + file.written, 1, NULL));
    finish(&file);
    close_sandbox(&box);
}

static void cut(const char *path, off_t by)
{
    struct stat is;
    CHECK_EQ(stat(path, &is), 0);
    CHECK_EQ(truncate(path, is.st_size - by), 0);
}

static void a_journal_that_claims_more_than_is_there_is_not_believed(void **state)
{
    (void)state;
    sandbox box = set_names();
    dtake__raw_file file;
    leave_blocks(5);
    cut(part_path, 1);
    CHECK_EQ(taken_over(&file, -1), 0);
    add_blocks(&file, BLOCKS);
    finish(&file);
    remove(target);
    leave_blocks(5);
    cut(journal_path, 3); /* torn: its only claim */
    CHECK_EQ(taken_over(&file, -1), 0);
    add_blocks(&file, BLOCKS);
    finish(&file);
    close_sandbox(&box);
}

static void bytes_behind_the_last_claim_are_fetched_again(void **state)
{
    (void)state;
    sandbox box = set_names();
    dtake__raw_file file;
    leave_blocks(5);
    FILE *part = fopen(part_path, "ab");
    fputs("written, not claimed", part);
    fclose(part);
    CHECK_EQ(taken_over(&file, -1), 5 * BLOCK);
    CHECK_EQ(dtake__part_bytes(file.part), 5 * BLOCK);
    add_blocks(&file, 5);
    finish(&file);
    close_sandbox(&box);
}

static void another_object_starts_from_the_front(void **state)
{
    (void)state;
    sandbox box = set_names();
    dtake__raw_file file;
    leave_blocks(5);
    CHECK_EQ(taken_over(&file, sizeof bytes + 1), 0); /* the item says another size */
    dtake__raw_file_dispose(&file);
    CHECK_EQ(taken_over(&file, -1), 5 * BLOCK);
    CHECK_OK(dtake__raw_file_restart(&file, "", NULL)); /* the server says another ETag */
    add_blocks(&file, BLOCKS);
    finish(&file);
    close_sandbox(&box);
}

static void without_a_strong_etag_nothing_is_kept(void **state)
{
    (void)state;
    sandbox box = set_names();
    static const char *const etags[] = { "", "W/\"v1\"" };
    for (int i = 0; i < 2; i++) {
        dtake__raw_file file = new_file();
        CHECK_OK(dtake__raw_file_add(&file, href, etags[i], sizeof bytes, bytes, BLOCK, NULL));
        CHECK(file.journal == NULL);
        dtake__raw_file_give_up(&file, true);
        dtake__raw_file_dispose(&file);
        CHECK(access(part_path, F_OK) != 0 && access(journal_path, F_OK) != 0);
    }
    close_sandbox(&box);
}

static void wrong_bytes_are_not_kept(void **state)
{
    (void)state;
    sandbox box = set_names();
    dtake__raw_file file = new_file();
    add_blocks(&file, 5);
    dtake__raw_file_give_up(&file, false);
    dtake__raw_file_dispose(&file);
    CHECK(access(part_path, F_OK) != 0 && access(journal_path, F_OK) != 0);
    close_sandbox(&box);
}

static void cancelling_while_taking_over_keeps_everything(void **state)
{
    (void)state;
    sandbox box = set_names();
    dtake__raw_file file = new_file();
    char met[64];
    int64_t total;
    leave_blocks(5);
    atomic_store(&cancelled, true);
    CHECK_STATUS(dtake__raw_file_take_over(&file, href, -1, met, sizeof met, &total, &cancelled, NULL),
                 DTAKE_E_CANCELLED);
    dtake__raw_file_give_up(&file, true);
    dtake__raw_file_dispose(&file);
    atomic_store(&cancelled, false);
    CHECK_EQ(taken_over(&file, -1), 5 * BLOCK);
    dtake__raw_file_dispose(&file);
    close_sandbox(&box);
}

static void a_part_somebody_writes_is_left_alone(void **state)
{
    (void)state;
    sandbox box = set_names();
    dtake__raw_file first = new_file(), second = new_file();
    char met[64];
    int64_t total;
    dtake_error err;
    add_blocks(&first, 2);
    CHECK_STATUS(dtake__raw_file_take_over(&second, href, -1, met, sizeof met, &total, &cancelled, &err),
                 DTAKE_E_STATE);
    CHECK(strstr(err.message, "somebody else is writing it") != NULL);
    dtake__raw_file_give_up(&second, true);
    dtake__raw_file_dispose(&second);
    add_blocks(&first, BLOCKS - 2);
    finish(&first);
    close_sandbox(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_process_left_the_next_goes_on_with),
        cmocka_unit_test(of_a_whole_part_the_last_byte_is_asked_for),
        cmocka_unit_test(a_journal_that_claims_more_than_is_there_is_not_believed),
        cmocka_unit_test(bytes_behind_the_last_claim_are_fetched_again),
        cmocka_unit_test(another_object_starts_from_the_front),
        cmocka_unit_test(without_a_strong_etag_nothing_is_kept),
        cmocka_unit_test(wrong_bytes_are_not_kept),
        cmocka_unit_test(cancelling_while_taking_over_keeps_everything),
        cmocka_unit_test(a_part_somebody_writes_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
