/* What the HTTP client takes from its surroundings: certificates and proxies. */
#include "io/http_check.h"
#include "tls_server.h"

static const char *const variables[] = { "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "http_proxy",
                                         "no_proxy",       "NO_PROXY",      "all_proxy",    "ALL_PROXY" };
static tls_server *secure;

static void forget_environment(void)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
}

static int start_secure(void **state)
{
    forget_environment();
    secure = tls_server_start("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret");
    return start_server(state);
}

static int stop_secure(void **state)
{
    stop_server(state);
    tls_server_stop(secure);
    forget_environment();
    return 0;
}

static dtake_status fetch_secure(outcome *got, const char *host)
{
    char url[64];
    snprintf(url, sizeof url, "https://%s:%d/a", host, tls_server_port(secure));
    return fetch(got, (dtake__http_request){ .url = url, .max_body = 100 });
}

static void a_certificate_that_nobody_vouches_for_is_refused_at_once(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ 0 });
    CHECK_STATUS(fetch_secure(&got, "127.0.0.1"), DTAKE_E_NETWORK);
    CHECK_SAYS(got, "certificate");
    CHECK_EQ(got.response.attempts, 1); /* it would be the same again */
    CHECK_EQ(got.body.len, 0);
    forget(&got);
}

static void the_certificates_that_the_environment_names_are_trusted(void **state)
{
    (void)state;
    outcome got;
    setenv("SSL_CERT_FILE", tls_server_certificate(secure), 1);
    open_with((dtake_runtime_options){ 0 });
    CHECK_OK(fetch_secure(&got, "127.0.0.1"));
    CHECK_BODY(got, "secret");
    forget(&got);
    dtake_runtime_close(runtime);
    setenv("SSL_CERT_FILE", "/nowhere/at/all.pem", 1);
    setenv("CURL_CA_BUNDLE", tls_server_certificate(secure), 1); /* it comes first */
    open_with((dtake_runtime_options){ 0 });
    CHECK_OK(fetch_secure(&got, "127.0.0.1"));
    CHECK_BODY(got, "secret");
    forget(&got);
}

static void a_certificate_for_another_name_is_refused_at_once(void **state)
{
    (void)state;
    outcome got;
    setenv("CURL_CA_BUNDLE", tls_server_certificate(secure), 1);
    open_with((dtake_runtime_options){ 0 });
    CHECK_STATUS(fetch_secure(&got, "localhost"), DTAKE_E_NETWORK);
    CHECK_SAYS(got, "localhost");
    CHECK_EQ(got.response.attempts, 1);
    forget(&got);
}

static void a_missing_file_of_certificates_is_told_and_nothing_is_tried_again(void **state)
{
    (void)state;
    outcome got;
    setenv("CURL_CA_BUNDLE", "/nowhere/at/all.pem", 1);
    open_with((dtake_runtime_options){ 0 });
    CHECK_STATUS(fetch_secure(&got, "127.0.0.1"), DTAKE_E_NETWORK);
    CHECK_SAYS(got, "/nowhere/at/all.pem");
    CHECK_EQ(got.response.attempts, 1);
    forget(&got);
}

static void the_proxy_of_the_environment_is_asked_with_the_whole_url(void **state)
{
    (void)state;
    outcome got;
    setenv("http_proxy", script_url(server, "/"), 1);
    open_with((dtake_runtime_options){ 0 });
    script_say(server, (script_answer){ .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nfar" });
    CHECK_OK(fetch(&got, (dtake__http_request){ .url = "http://images.invalid/a.tif", .max_body = 100 }));
    CHECK_BODY(got, "far");
    CHECK(strstr(script_request(server, 0), "GET http://images.invalid/a.tif HTTP/1.1\r\n") != NULL);
    CHECK(strstr(script_request(server, 0), "Host: images.invalid\r\n") != NULL);
    forget(&got);
}

static void hosts_of_no_proxy_are_asked_themselves(void **state)
{
    (void)state;
    outcome got;
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    setenv("no_proxy", "127.0.0.1", 1);
    open_with((dtake_runtime_options){ 0 });
    script_say(server, (script_answer){ .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnear" });
    CHECK_OK(fetch(&got, (dtake__http_request){ .url = script_url(server, "/a"), .max_body = 100 }));
    CHECK_BODY(got, "near");
    CHECK(strstr(script_request(server, 0), "GET /a HTTP/1.1\r\n") != NULL);
    forget(&got);
}

#define SURROUNDED(name) cmocka_unit_test_setup_teardown(name, start_secure, stop_secure)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SURROUNDED(a_certificate_that_nobody_vouches_for_is_refused_at_once),
        SURROUNDED(the_certificates_that_the_environment_names_are_trusted),
        SURROUNDED(a_certificate_for_another_name_is_refused_at_once),
        SURROUNDED(a_missing_file_of_certificates_is_told_and_nothing_is_tried_again),
        SURROUNDED(the_proxy_of_the_environment_is_asked_with_the_whole_url),
        SURROUNDED(hosts_of_no_proxy_are_asked_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
