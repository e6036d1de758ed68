/* Keys to services: kept for one user, found by the name of the service. */
#include "check.h"
#include "config/credentials.h"
#include "config/private_file.h"
#include "temp.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static dtake_error err;

typedef struct place {
    char folder[TEMP_PATH], path[TEMP_PATH + 32];
} place;

static void open_place(place *p)
{
    unsetenv("TILEBOX_API_KEY");
    CHECK(temp_folder(p->folder, "credentials"));
    snprintf(p->path, sizeof p->path, "%s/deep/credentials", p->folder);
}

static void close_place(place *p)
{
    char name[TEMP_PATH + 48];
    unlink(p->path);
    snprintf(name, sizeof name, "%s.lock", p->path);
    unlink(name);
    snprintf(name, sizeof name, "%s/deep", p->folder);
    rmdir(name);
    CHECK_EQ(rmdir(p->folder), 0);
}

static void check_key(const place *p, const char *service, const char *expected,
                      dtake_credential_origin expected_origin)
{
    char key[DTAKE_CREDENTIAL_KEY_BYTES], name[DTAKE_CREDENTIAL_SERVICE_BYTES];
    dtake_credential_origin origin;
    CHECK_OK(dtake_credential_service(service, name, &err));
    CHECK_OK(dtake__credential_find(p->path, name, key, &origin, &err));
    CHECK_STR(key, expected);
    CHECK_EQ(origin, expected_origin);
}

static void a_key_is_found_by_any_name_of_its_service_and_by_no_other(void **state)
{
    (void)state;
    place p;
    open_place(&p);
    CHECK_OK(dtake_credential_set(p.path, "tilebox", "k1", &err));
    CHECK_OK(dtake_credential_set(p.path, "https://Tiles.example.org:8443/", "k2", &err));
    CHECK_OK(dtake_credential_set(p.path, "tilebox+https://api.tilebox.com", "k3", &err)); /* instead of k1 */
    check_key(&p, "https://api.tilebox.com", "k3", DTAKE_CREDENTIAL_FILE);
    check_key(&p, "tilebox+https://tiles.example.org:8443", "k2", DTAKE_CREDENTIAL_FILE);
    check_key(&p, "https://tiles.example.org", "", DTAKE_CREDENTIAL_NONE);
    check_key(&p, "http://tiles.example.org:8443", "", DTAKE_CREDENTIAL_NONE);
    CHECK_OK(dtake_credential_remove(p.path, "tilebox", &err));
    check_key(&p, "tilebox", "", DTAKE_CREDENTIAL_NONE);
    check_key(&p, "https://tiles.example.org:8443", "k2", DTAKE_CREDENTIAL_FILE);
    CHECK_STATUS(dtake_credential_remove(p.path, "tilebox", &err), DTAKE_E_NOT_FOUND);
    close_place(&p);
}

static void the_environment_counts_before_the_file(void **state)
{
    (void)state;
    place p;
    open_place(&p);
    CHECK_OK(dtake_credential_set(p.path, "tilebox", "kept", &err));
    setenv("TILEBOX_API_KEY", "given", 1);
    check_key(&p, "tilebox", "given", DTAKE_CREDENTIAL_ENVIRONMENT);
    setenv("TILEBOX_API_KEY", "", 1);
    check_key(&p, "tilebox", "kept", DTAKE_CREDENTIAL_FILE);
    unsetenv("TILEBOX_API_KEY");
    close_place(&p);
}

static void only_its_owner_may_read_the_file(void **state)
{
    (void)state;
    place p;
    struct stat info;
    char key[DTAKE_CREDENTIAL_KEY_BYTES];
    dtake_credential_origin origin;
    open_place(&p);
    CHECK_OK(dtake_credential_set(p.path, "tilebox", "kept", &err));
    CHECK_EQ(stat(p.path, &info), 0);
    CHECK_EQ(info.st_mode & 0777, 0600);
    CHECK_EQ(chmod(p.path, 0640), 0);
    CHECK_STATUS(dtake__credential_find(p.path, "https://api.tilebox.com", key, &origin, &err), DTAKE_E_AUTH);
    CHECK(strstr(err.message, "chmod 600") != NULL && strstr(err.message, "kept") == NULL);
    close_place(&p);
}

static void put_name(const char *service, void *ctx)
{
    strcat(ctx, service);
    strcat(ctx, " ");
}

static void lists_have_names_without_keys(void **state)
{
    (void)state;
    place p;
    char names[1000] = "";
    open_place(&p);
    CHECK_OK(dtake_credentials_list(p.path, &err, put_name, names));
    CHECK_STR(names, "");
    CHECK_OK(dtake_credential_set(p.path, "http://127.0.0.1:8083", "a", &err));
    CHECK_OK(dtake_credential_set(p.path, "tilebox", "b", &err));
    CHECK_OK(dtake_credentials_list(p.path, &err, put_name, names));
    CHECK_STR(names, "http://127.0.0.1:8083 https://api.tilebox.com ");
    close_place(&p);
}

static void what_would_break_a_line_or_a_header_is_no_key(void **state)
{
    (void)state;
    place p;
    char long_key[DTAKE_CREDENTIAL_KEY_BYTES + 1];
    open_place(&p);
    memset(long_key, 'k', sizeof long_key - 1);
    long_key[sizeof long_key - 1] = '\0';
    const char *const keys[] = { "", "a b", "a\nhttps://x y", "a\r", "\x7f", "k\xc3\xa4", long_key };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        CHECK_STATUS(dtake_credential_set(p.path, "tilebox", keys[i], &err), DTAKE_E_USAGE);
    static const char *const services[] = {
        "", "tilebox.com", "ftp://x", "https://", "https://x/y", "https://u@x", "https://a b", "https:///x"
    };
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        CHECK_STATUS(dtake_credential_set(p.path, services[i], "k", &err), DTAKE_E_USAGE);
    CHECK(access(p.path, F_OK) != 0);
    close_place(&p);
}

static void a_broken_file_is_an_error_with_its_line_and_is_left_as_it_is(void **state)
{
    (void)state;
    place p;
    struct stat info;
    open_place(&p);
    CHECK_OK(dtake_credential_set(p.path, "tilebox", "kept", &err));
    FILE *file = fopen(p.path, "a");
    fputs("only-a-name\n", file);
    fclose(file);
    CHECK_STATUS(dtake_credential_set(p.path, "https://x", "k", &err), DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "line 3") != NULL && strstr(err.message, "kept") == NULL);
    CHECK_EQ(stat(p.path, &info), 0);
    close_place(&p);
}

static void a_key_to_another_machine_without_tls_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *service;
        bool in_clear;
    } cases[] = {
        { "tilebox", false },
        { "http://127.0.0.1:8083", false },
        { "http://localhost:80", false },
        { "http://[::1]:80", false },
        { "http://tiles.example.org", true },
        { "tilebox+http://10.0.0.7:8083", true },
        { "http://127.example.org", true },
        { "http://localhost.example.org", true },
        { "https://tiles.example.org", false },
    };
    setenv("TILEBOX_API_KEY", "k", 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake_credential_origin origin;
        bool in_clear;
        CHECK_OK(
            dtake_credential_look("/nonexistent/credentials", cases[i].service, &origin, &in_clear, &err));
        if (in_clear != cases[i].in_clear)
            fail_msg("%s", cases[i].service);
    }
    unsetenv("TILEBOX_API_KEY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_found_by_any_name_of_its_service_and_by_no_other),
        cmocka_unit_test(the_environment_counts_before_the_file),
        cmocka_unit_test(only_its_owner_may_read_the_file),
        cmocka_unit_test(lists_have_names_without_keys),
        cmocka_unit_test(what_would_break_a_line_or_a_header_is_no_key),
        cmocka_unit_test(a_broken_file_is_an_error_with_its_line_and_is_left_as_it_is),
        cmocka_unit_test(a_key_to_another_machine_without_tls_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
