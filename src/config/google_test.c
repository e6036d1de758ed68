/* Which credentials count, and that none of them is told. */
#include "check.h"
#include "config/google.h"
#include "core/span.h"
#include "temp.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>

static dtake_error err;
static const char SERVICE[] = "https://earthengine.googleapis.com";
static const char USER_FILE[] = "{\"refresh_token\": \"1//abc\", \"project\": \"my-project\"}";
static const char ACCOUNT_FILE[] =
    "{\"type\": \"service_account\", \"project_id\": \"p2\", \"private_key_id\": \"k1\","
    " \"private_key\": \"-----BEGIN PRIVATE KEY-----\\nMII\\n\", \"client_email\": \"a@p2.iam.example\","
    " \"token_uri\": \"http://127.0.0.1:9/token\"}";

static dtake_status parse(dtake__google *out, const char *text)
{
    return dtake__google_read(out, dtake__span_of(text), "the file", &err);
}

static void a_file_of_earthengine_authenticate_is_a_users(void **state)
{
    (void)state;
    dtake__google c;
    CHECK_OK(parse(&c, USER_FILE));
    CHECK_EQ(c.kind, DTAKE__GOOGLE_USER);
    CHECK_STR(c.secret, "1//abc");
    CHECK_STR(c.project, "my-project");
    CHECK_STR(c.token_uri, "https://oauth2.googleapis.com/token");
    CHECK(strstr(c.client_id, ".apps.googleusercontent.com") != NULL);
    dtake__google_dispose(&c);
    CHECK_OK(parse(
        &c, "{\"type\": \"authorized_user\", \"refresh_token\": \"r\", \"client_id\": \"i\","
            " \"client_secret\": \"s\", \"quota_project_id\": \"q\", \"scopes\": [\"a\", {\"b\": 1}]}"));
    CHECK_STR(c.client_id, "i");
    CHECK_STR(c.client_secret, "s");
    CHECK_STR(c.project, "q");
    dtake__google_dispose(&c);
}

static void a_service_accounts_key_keeps_its_line_ends(void **state)
{
    (void)state;
    dtake__google c;
    CHECK_OK(parse(&c, ACCOUNT_FILE));
    CHECK_EQ(c.kind, DTAKE__GOOGLE_SERVICE);
    CHECK_STR(c.secret, "-----BEGIN PRIVATE KEY-----\nMII\n");
    CHECK_STR(c.email, "a@p2.iam.example");
    CHECK_STR(c.key_id, "k1");
    CHECK_STR(c.token_uri, "http://127.0.0.1:9/token"); /* this machine: a test's */
    dtake__google_dispose(&c);
}

static void what_is_broken_is_told_without_the_secret(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } cases[] = {
        { "", "no JSON object" },
        { "s3cret", "no JSON object" },
        { "[\"s3cret\"]", "no JSON object" },
        { "{\"refresh_token\": \"s3cret", "no JSON object" },
        { "{}", "there is no refresh_token" },
        { "{\"refresh_token\": 5}", "there is no refresh_token" },
        { "{\"type\": \"service_account\", \"client_email\": \"a\"}", "there is no private_key" },
        { "{\"type\": \"service_account\", \"private_key\": \"s3cret\"}", "there is no client_email" },
        { "{\"type\": \"external_account\", \"refresh_token\": \"s3cret\"}",
          "external_account is not known" },
        { "{\"refresh_token\": \"s3cret\", \"token_uri\": \"http://example.org/token\"}", "is not https://" },
        { "{\"refresh_token\": \"s3cret\", \"token_uri\": \"http://127.0.0.1.example.org/\"}",
          "is not https" },
    };
    dtake__google c;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_STATUS(parse(&c, cases[i].text), DTAKE_E_AUTH);
        CHECK(strstr(err.message, cases[i].said) != NULL && strstr(err.message, "the file") != NULL);
        CHECK(strstr(err.message, "s3cret") == NULL);
        CHECK_EQ(c.kind, DTAKE__GOOGLE_NONE);
    }
}

static void put(const char *folder, const char *below, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, below);
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *f = fopen(path, "w");
    CHECK(f != NULL);
    fputs(text, f);
    fclose(f);
    chmod(path, 0600);
}

/* What is put, and the folders above it. */
static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info, (void)kind, (void)place;
    return remove(path);
}

static void remove_all(const char *folder)
{
    CHECK_EQ(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void expect(dtake__google_kind kind, const char *origin)
{
    dtake__google c;
    CHECK_OK(dtake__google_find(&c, NULL, SERVICE, &err));
    CHECK_EQ(c.kind, kind);
    if (origin != NULL)
        CHECK(strstr(c.origin, origin) != NULL);
    dtake__google_dispose(&c);
}

static void the_more_deliberate_place_counts(void **state)
{
    (void)state;
    char folder[TEMP_PATH], path[256];
    dtake__google c;
    CHECK(temp_folder(folder, "google"));
    setenv("HOME", folder, 1);
    snprintf(path, sizeof path, "%s/settings", folder);
    setenv("XDG_CONFIG_HOME", path, 1);
    expect(DTAKE__GOOGLE_NONE, NULL);
    put(folder, ".config/gcloud/application_default_credentials.json", USER_FILE);
    expect(DTAKE__GOOGLE_USER, "gcloud/application_default");
    put(folder, "settings/datatake/credentials", "https://earthengine.googleapis.com k3y\n");
    expect(DTAKE__GOOGLE_API_KEY, "datatake auth");
    put(folder, ".config/earthengine/credentials", USER_FILE);
    expect(DTAKE__GOOGLE_USER, "earthengine/credentials");
    setenv("EE_SERVICE_ACC_PRIVATE_KEY", ACCOUNT_FILE, 1);
    expect(DTAKE__GOOGLE_SERVICE, "EE_SERVICE_ACC_PRIVATE_KEY");
    setenv("EARTHENGINE_TOKEN", USER_FILE, 1);
    expect(DTAKE__GOOGLE_USER, "EARTHENGINE_TOKEN");
    snprintf(path, sizeof path, "%s/key.json", folder);
    setenv("GOOGLE_APPLICATION_CREDENTIALS", path, 1);
    CHECK_STATUS(dtake__google_find(&c, NULL, SERVICE, &err), DTAKE_E_AUTH);
    CHECK(strstr(err.message, "no such file") != NULL);
    put(folder, "key.json", ACCOUNT_FILE);
    expect(DTAKE__GOOGLE_SERVICE, "GOOGLE_APPLICATION_CREDENTIALS");
    CHECK_OK(dtake__google_find(&c, "t0ken", SERVICE, &err));
    CHECK_EQ(c.kind, DTAKE__GOOGLE_TOKEN);
    dtake__google_dispose(&c);
    CHECK_STATUS(dtake__google_find(&c, "t0ken\r\nhost: x", SERVICE, &err), DTAKE_E_USAGE);
    remove_all(folder);
}

int main(void)
{
    static const char *const variables[] = { "GOOGLE_APPLICATION_CREDENTIALS", "EARTHENGINE_TOKEN",
                                             "EE_SERVICE_ACC_PRIVATE_KEY" };
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_earthengine_authenticate_is_a_users),
        cmocka_unit_test(a_service_accounts_key_keeps_its_line_ends),
        cmocka_unit_test(what_is_broken_is_told_without_the_secret),
        cmocka_unit_test(the_more_deliberate_place_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
