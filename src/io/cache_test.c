#include "check.h"

#include "io/cache.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[TEMP_PATH];

static dtake_runtime *open_runtime(const char *cache_dir)
{
    dtake_runtime *runtime;
    dtake_runtime_options options = { .workers = 1, .cache_dir = cache_dir };
    CHECK_OK(dtake_runtime_open(&runtime, &options, NULL));
    return runtime;
}

static int a_fresh_folder(void **state)
{
    (void)state;
    return temp_folder(folder, "cache") ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void what_was_put_is_found_by_another_runtime(void **state)
{
    (void)state;
    dtake_buf got = DTAKE_BUF_INIT(1000);
    dtake_runtime *runtime = open_runtime(folder);
    CHECK(!dtake__cache_get(runtime, "key", &got));
    dtake__cache_put(runtime, "key", "va\0ue", 5);
    dtake_runtime_close(runtime);
    runtime = open_runtime(folder);
    CHECK(dtake__cache_get(runtime, "key", &got));
    CHECK_EQ(got.len, 5);
    CHECK(memcmp(got.data, "va\0ue", 5) == 0);
    CHECK(!dtake__cache_get(runtime, "key2", &got));
    dtake__cache_drop(runtime, "key");
    CHECK(!dtake__cache_get(runtime, "key", &got));
    dtake_runtime_close(runtime);
    dtake__buf_dispose(&got);
}

/* The path of the only entry. */
static void find_entry(char *path, size_t size)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *at = readdir(dir); at != NULL; at = readdir(dir))
        if (at->d_name[0] != '.')
            snprintf(path, size, "%s/%.200s", folder, at->d_name);
    closedir(dir);
}

static void a_damaged_entry_is_a_miss(void **state)
{
    (void)state;
    char path[300] = "";
    dtake_buf got = DTAKE_BUF_INIT(1000);
    dtake_runtime *runtime = open_runtime(folder);
    for (int flip = 0; flip < 100; flip++) {
        dtake__cache_put(runtime, "key", "value", 5);
        find_entry(path, sizeof path);
        FILE *file = fopen(path, "r+b");
        assert_non_null(file);
        if (fseek(file, flip, SEEK_SET) == 0) {
            int c = fgetc(file);
            if (c != EOF) {
                fseek(file, flip, SEEK_SET);
                fputc(c ^ 1, file);
            } else {
                CHECK_EQ(ftruncate(fileno(file), 30), 0);
            }
        }
        fclose(file);
        CHECK(!dtake__cache_get(runtime, "key", &got));
    }
    CHECK_EQ(got.len, 0);
    dtake_runtime_close(runtime);
    dtake__buf_dispose(&got);
}

static void no_folder_or_an_impossible_one_is_only_a_miss(void **state)
{
    (void)state;
    dtake_buf got = DTAKE_BUF_INIT(1000);
    const char *folders[] = { "", "/dev/null/x" };
    for (int i = 0; i < 2; i++) {
        dtake_runtime *runtime = open_runtime(folders[i]);
        CHECK_EQ(dtake__cache_enabled(runtime), i == 1);
        dtake__cache_put(runtime, "key", "value", 5);
        CHECK(!dtake__cache_get(runtime, "key", &got));
        dtake__cache_drop(runtime, "key");
        dtake_runtime_close(runtime);
    }
}

static void an_entry_over_a_mebibyte_is_not_kept(void **state)
{
    (void)state;
    dtake_buf got = DTAKE_BUF_INIT(4 << 20);
    char *large = calloc(1, 1 << 20);
    dtake_runtime *runtime = open_runtime(folder);
    dtake__cache_put(runtime, "key", large, 1 << 20);
    CHECK(!dtake__cache_get(runtime, "key", &got));
    dtake__cache_put(runtime, "key", large, (1 << 20) - 1000);
    CHECK(dtake__cache_get(runtime, "key", &got));
    CHECK_EQ(got.len, (1 << 20) - 1000);
    dtake_runtime_close(runtime);
    dtake__buf_dispose(&got);
    free(large);
}

/* 260 entries of half a mebibyte are 130 MiB: over the bound of 128. */
static void the_longest_unused_entries_make_room(void **state)
{
    (void)state;
    enum { ENTRIES = 264, BYTES = 512 * 1024 };
    dtake_buf got = DTAKE_BUF_INIT(BYTES);
    char *value = calloc(1, BYTES), key[32];
    dtake_runtime *runtime = open_runtime(folder);
    for (int i = 0; i < ENTRIES + 64; i++) {
        snprintf(key, sizeof key, "key %d", i < ENTRIES ? i : ENTRIES);
        dtake__cache_put(runtime, key, value, i < ENTRIES ? BYTES : 10);
    }
    int kept = 0;
    for (int i = 0; i < ENTRIES; i++) {
        snprintf(key, sizeof key, "key %d", i);
        dtake__buf_clear(&got);
        kept += dtake__cache_get(runtime, key, &got);
    }
    CHECK(kept >= 150 && kept <= 256);
    dtake_runtime_close(runtime);
    dtake__buf_dispose(&got);
    free(value);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, a_fresh_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_put_is_found_by_another_runtime),      TEST(a_damaged_entry_is_a_miss),
        TEST(no_folder_or_an_impossible_one_is_only_a_miss), TEST(an_entry_over_a_mebibyte_is_not_kept),
        TEST(the_longest_unused_entries_make_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
