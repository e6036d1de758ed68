/* Where a service is and what goes to it, without asking one. */
#include "check.h"
#include "sources/tilebox/service.h"

#include <stdlib.h>

static dtake_error err;

static dtake__service service_of(const char *source, const char *key)
{
    dtake__service service;
    if (key != NULL)
        setenv("TILEBOX_API_KEY", key, 1);
    else
        unsetenv("TILEBOX_API_KEY");
    CHECK_OK(dtake__service_init(&service, NULL, source, NULL, &err));
    return service;
}

static void only_the_two_tilebox_services_have_a_public_side(void **state)
{
    (void)state;
    static const struct {
        const char *source, *key, *base;
    } cases[] = {
        { "tilebox+https://api.tilebox.com", NULL, "https://api.tilebox.com/public" },
        { "tilebox+https://api.tilebox.com/", NULL, "https://api.tilebox.com/public" },
        { "tilebox+https://api.tilebox.dev", NULL, "https://api.tilebox.dev/public" },
        { "tilebox+https://api.tilebox.com", "abc", "https://api.tilebox.com" },
        { "tilebox+https://tilebox.example.org:8443", NULL, "https://tilebox.example.org:8443" },
        { "tilebox+http://127.0.0.1:8083", NULL, "http://127.0.0.1:8083" },
        { "tilebox+http://127.0.0.1:8083", "", "http://127.0.0.1:8083" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake__service service = service_of(cases[i].source, cases[i].key);
        CHECK_STR(service.base, cases[i].base);
        CHECK_EQ(service.key != NULL, cases[i].key != NULL && cases[i].key[0] != '\0');
        dtake__service_dispose(&service);
    }
}

static void a_key_goes_as_a_bearer_token_and_cannot_end_its_line(void **state)
{
    (void)state;
    dtake__service service = service_of("tilebox+https://api.tilebox.com", "k3y.with-signs_");
    CHECK_STR(service.key, "authorization: Bearer k3y.with-signs_");
    dtake__service_dispose(&service);
    setenv("TILEBOX_API_KEY", "abc\r\nhost: elsewhere", 1);
    CHECK_STATUS(dtake__service_init(&service, NULL, "tilebox+https://api.tilebox.com", NULL, &err),
                 DTAKE_E_USAGE);
    CHECK(strstr(err.message, "elsewhere") == NULL);
    CHECK_OK(dtake__service_init(&service, NULL, "tilebox+https://api.tilebox.com", "given", &err));
    CHECK_STR(service.key, "authorization: Bearer given"); /* counts more than the environment's */
    dtake__service_dispose(&service);
    unsetenv("TILEBOX_API_KEY");
}

static void what_is_no_root_of_a_host_is_refused(void **state)
{
    (void)state;
    static const char *const sources[] = {
        "tilebox+ftp://x",     "tilebox+https://",    "tilebox+https:///x",
        "tilebox+https://x/y", "tilebox+https://x?y", "tilebox+https://u@x"
    };
    dtake__service service;
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        CHECK_STATUS(dtake__service_init(&service, NULL, sources[i], NULL, &err), DTAKE_E_USAGE);
}

int main(void)
{
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1); /* no keys of the user */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_two_tilebox_services_have_a_public_side),
        cmocka_unit_test(a_key_goes_as_a_bearer_token_and_cannot_end_its_line),
        cmocka_unit_test(what_is_no_root_of_a_host_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
