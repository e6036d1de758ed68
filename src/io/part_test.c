#include "check.h"

#include "io/part.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[TEMP_PATH];
static char target[128], part_path[128];

static int a_fresh_folder(void **state)
{
    (void)state;
    if (!temp_folder(folder, "part"))
        return -1;
    snprintf(target, sizeof target, "%s/scene.tif", folder);
    snprintf(part_path, sizeof part_path, "%s/.scene.tif.part", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void check_content(const char *path, const char *expected)
{
    char content[64] = "";
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    CHECK_EQ(fread(content, 1, sizeof content - 1, file), strlen(expected));
    CHECK_STR(content, expected);
    fclose(file);
}

static void the_final_name_appears_only_complete(void **state)
{
    (void)state;
    dtake__part *part;
    CHECK_OK(dtake__part_open(&part, target, 1000, false, NULL));
    CHECK_OK(dtake__part_write(part, 5, "world", 5, NULL));
    CHECK(exists(part_path) && !exists(target));
    CHECK_OK(dtake__part_write(part, 0, "hello", 5, NULL));
    CHECK_OK(dtake__part_commit(part, NULL));
    CHECK(!exists(part_path));
    check_content(target, "helloworld"); /* not the 1000 bytes reserved */
}

static void an_aborted_part_leaves_nothing(void **state)
{
    (void)state;
    dtake__part *part;
    CHECK_OK(dtake__part_open(&part, target, 0, true, NULL));
    CHECK_OK(dtake__part_write(part, 0, "x", 1, NULL));
    dtake__part_abort(part);
    dtake__part_abort(NULL);
    CHECK(!exists(part_path) && !exists(target));
}

static void without_replace_an_existing_file_stays(void **state)
{
    (void)state;
    dtake_error err;
    dtake__part *first, *second;
    CHECK_OK(dtake__part_open(&first, target, 0, false, NULL));
    CHECK_OK(dtake__part_write(first, 0, "mine", 4, NULL));
    /* the target appears while the part is written */
    FILE *other = fopen(target, "wb");
    fputs("theirs", other);
    fclose(other);
    CHECK_STATUS(dtake__part_commit(first, &err), DTAKE_E_STATE);
    CHECK(strstr(err.message, "exists already") != NULL);
    CHECK(!exists(part_path));
    check_content(target, "theirs");
    CHECK_STATUS(dtake__part_open(&second, target, 0, false, &err), DTAKE_E_STATE);
    CHECK(second == NULL && !exists(part_path));
    CHECK_OK(dtake__part_open(&second, target, 0, true, NULL));
    CHECK_OK(dtake__part_write(second, 0, "mine", 4, NULL));
    CHECK_OK(dtake__part_commit(second, NULL));
    check_content(target, "mine");
}

static void two_writers_of_one_target_cannot_mix(void **state)
{
    (void)state;
    dtake_error err;
    dtake__part *first, *second;
    CHECK_OK(dtake__part_open(&first, target, 0, true, NULL));
    CHECK_OK(dtake__part_write(first, 0, "first", 5, NULL));
    CHECK_STATUS(dtake__part_open(&second, target, 0, true, &err), DTAKE_E_STATE);
    CHECK(strstr(err.message, "somebody else is writing it") != NULL);
    CHECK_OK(dtake__part_commit(first, NULL));
    CHECK_OK(dtake__part_open(&second, target, 0, true, NULL));
    CHECK_OK(dtake__part_write(second, 0, "2nd", 3, NULL));
    CHECK_OK(dtake__part_commit(second, NULL));
    check_content(target, "2nd");
}

static void a_part_that_was_left_is_gone_on_with(void **state)
{
    (void)state;
    dtake__part *part, *second;
    char read[7] = "", journal_path[160];
    CHECK_STATUS(dtake__part_open_left(&part, target, false, NULL), DTAKE_E_NOT_FOUND);
    CHECK(part == NULL && !exists(part_path));
    CHECK_OK(dtake__part_open(&part, target, 4096, false, NULL));
    CHECK_OK(dtake__part_write(part, 0, "hello you", 9, NULL));
    CHECK_OK(dtake__part_sync(part, NULL));
    CHECK_STATUS(dtake__part_open_left(&second, target, false, NULL), DTAKE_E_STATE); /* locked */
    snprintf(journal_path, sizeof journal_path, "%s.journal", part_path);
    CHECK_STR(dtake__part_journal_path(part), journal_path);
    fclose(fopen(journal_path, "wb"));
    dtake__part_leave(part);

    CHECK_OK(dtake__part_open_left(&part, target, false, NULL));
    CHECK_EQ(dtake__part_bytes(part), 9);
    CHECK_OK(dtake__part_cut(part, 5, NULL));
    CHECK_OK(dtake__part_read(part, 0, read, 5, NULL));
    CHECK_STR(read, "hello");
    CHECK_STATUS(dtake__part_read(part, 0, read, 6, NULL), DTAKE_E_LOCAL_IO); /* shorter than that */
    CHECK_OK(dtake__part_write(part, 5, "world", 5, NULL));
    CHECK(exists(journal_path));
    CHECK_OK(dtake__part_commit(part, NULL));
    CHECK(!exists(journal_path) && !exists(part_path));
    check_content(target, "helloworld");
}

static void a_part_begun_anew_has_no_journal(void **state)
{
    (void)state;
    char journal_path[160];
    dtake__part *part;
    snprintf(journal_path, sizeof journal_path, "%s.journal", part_path);
    fclose(fopen(journal_path, "wb"));
    CHECK_OK(dtake__part_open(&part, target, 0, false, NULL));
    CHECK(!exists(journal_path));
    fclose(fopen(journal_path, "wb"));
    dtake__part_abort(part);
    CHECK(!exists(journal_path) && !exists(part_path));
}

static void what_a_killed_process_left_is_written_over(void **state)
{
    (void)state;
    dtake__part *part;
    FILE *left = fopen(part_path, "wb");
    fputs("much longer than what comes now", left);
    fclose(left);
    CHECK_OK(dtake__part_open(&part, target, 0, true, NULL));
    CHECK_OK(dtake__part_write(part, 0, "new", 3, NULL));
    CHECK_OK(dtake__part_commit(part, NULL));
    check_content(target, "new");
}

static void a_full_disk_is_told_and_leaves_nothing(void **state)
{
    (void)state;
    struct rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 4096;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    static const char zeros[8192];
    dtake_error err, early;
    dtake__part *part, *reserved;
    dtake_status opened = dtake__part_open(&part, target, 0, true, NULL);
    dtake_status written =
        opened == DTAKE_OK ? dtake__part_write(part, 0, zeros, sizeof zeros, &err) : DTAKE_OK;
    dtake__part_abort(part);
    dtake_status reserving = dtake__part_open(&reserved, target, INT64_C(1) << 50, true, &early);
    setrlimit(RLIMIT_FSIZE, &before);
    CHECK_EQ(opened, DTAKE_OK);
    CHECK_EQ(written, DTAKE_E_LOCAL_IO);
    CHECK(strstr(err.message, target) != NULL && strstr(err.message, "File too large") != NULL);
    CHECK_EQ(reserving,
             DTAKE_E_LOCAL_IO); /* a pebibyte is more than there is, and told before a byte is written */
    CHECK(strstr(early.message, "reserve 1125899906842624 bytes") != NULL);
    CHECK(reserved == NULL);
    CHECK(!exists(target) && !exists(part_path));
}

static void missing_folders_are_made_and_a_file_in_the_way_is_named(void **state)
{
    (void)state;
    dtake_error err;
    dtake__part *part;
    char deep[160];
    snprintf(deep, sizeof deep, "%s/a/b/c/scene.tif", folder);
    CHECK_OK(dtake__part_open(&part, deep, 0, true, NULL));
    CHECK_OK(dtake__part_commit(part, NULL));
    check_content(deep, "");
    snprintf(deep, sizeof deep, "%s/a/b/c/scene.tif/more.tif", folder);
    CHECK_STATUS(dtake__part_open(&part, deep, 0, true, &err), DTAKE_E_LOCAL_IO);
    CHECK(strstr(err.message, "scene.tif") != NULL);
    snprintf(deep, sizeof deep, "%s/a/b", folder);
    CHECK_STATUS(dtake__part_open(&part, deep, 0, true, &err), DTAKE_E_LOCAL_IO);
    CHECK(strstr(err.message, "it is a folder") != NULL);
    CHECK_OK(dtake__make_folders(deep, NULL));
    CHECK_OK(dtake__make_folders("/", NULL));
}

static void the_longest_name_a_file_may_have_can_be_written(void **state)
{
    (void)state;
    dtake__part *part, *other;
    dtake_error err;
    char longest[128 + 3 * NAME_MAX], sibling[sizeof longest];
    int at = snprintf(longest, sizeof longest, "%s/%0*d/%0*d/", folder, NAME_MAX, 0, NAME_MAX, 1);
    memset(longest + at, 'n', NAME_MAX);
    longest[at + NAME_MAX] = '\0';
    strcpy(sibling, longest);
    sibling[at + NAME_MAX - 1] = 'm';
    CHECK_OK(dtake__part_open(&part, longest, 0, true, NULL));
    CHECK_OK(dtake__part_open(&other, sibling, 0, true, NULL)); /* its part file has another name */
    CHECK_OK(dtake__part_write(part, 0, "pixels", 6, NULL));
    CHECK_OK(dtake__part_commit(part, NULL));
    CHECK_OK(dtake__part_commit(other, NULL));
    check_content(longest, "pixels");
    strcat(longest, "n");
    CHECK_STATUS(dtake__part_open(&part, longest, 0, true, &err), DTAKE_E_LOCAL_IO);
    CHECK(strstr(err.message, "...: File name too long") != NULL); /* cut, but not what matters */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, a_fresh_folder, remove_folder)

/* As HDF5 does: opened by its path, locked, cut and written, behind our back. */
static void a_part_lent_to_a_library_comes_back_with_what_it_wrote(void **state)
{
    (void)state;
    dtake__part *part;
    dtake_error err;
    CHECK_OK(dtake__part_open(&part, target, 0, false, NULL));
    CHECK_OK(dtake__part_write(part, 0, "something long", 14, NULL));
    const char *path = dtake__part_lend(part);
    int fd = open(path, O_RDWR | O_TRUNC);
    CHECK_EQ(flock(fd, LOCK_EX | LOCK_NB), 0);
    CHECK_STATUS(dtake__part_take_back(part, &err), DTAKE_E_STATE);
    CHECK(strstr(err.message, "is locked"));
    CHECK_EQ(write(fd, "short", 5), 5);
    close(fd);
    CHECK_OK(dtake__part_take_back(part, NULL));
    CHECK_EQ(dtake__part_bytes(part), 5);
    CHECK_OK(dtake__part_commit(part, NULL));
    check_content(target, "short");
}

static void a_part_replaced_while_it_was_lent_is_not_committed(void **state)
{
    (void)state;
    dtake__part *part;
    CHECK_OK(dtake__part_open(&part, target, 0, false, NULL));
    const char *path = dtake__part_lend(part);
    unlink(path);
    CHECK_STATUS(dtake__part_take_back(part, NULL), DTAKE_E_NOT_FOUND);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    CHECK_STATUS(dtake__part_take_back(part, NULL), DTAKE_E_STATE);
    dtake__part_abort(part);
    CHECK(!exists(target));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_final_name_appears_only_complete),
        TEST(an_aborted_part_leaves_nothing),
        TEST(without_replace_an_existing_file_stays),
        TEST(two_writers_of_one_target_cannot_mix),
        TEST(what_a_killed_process_left_is_written_over),
        TEST(a_part_that_was_left_is_gone_on_with),
        TEST(a_part_begun_anew_has_no_journal),
        TEST(a_full_disk_is_told_and_leaves_nothing),
        TEST(missing_folders_are_made_and_a_file_in_the_way_is_named),
        TEST(a_part_lent_to_a_library_comes_back_with_what_it_wrote),
        TEST(a_part_replaced_while_it_was_lent_is_not_committed),
        TEST(the_longest_name_a_file_may_have_can_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
