/* Tokens of Earth Engine: what is asked for them, how often, and what follows when they are refused. */
#include "check.h"
#include "core/error.h"
#include "core/text.h"
#include "io/runtime_fixture.h"
#include "script_server.h"
#include "sources/earthengine/service.h"
#include "temp.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <unistd.h>

static dtake_error err;

typedef struct world {
    dtake_runtime *runtime;
    script_server *server;
    dtake__ee_service service;
    char file[TEMP_PATH], source[128];
    EVP_PKEY *key;
} world;

static void say(world *w, const char *path, const char *status, const char *body, int times)
{
    char bytes[2048];
    snprintf(bytes, sizeof bytes,
             "HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n%s", status,
             strlen(body), body);
    script_say(w->server, (script_answer){ .path = path, .bytes = bytes, .times = times });
}

static void write_credentials(world *w, const char *text)
{
    FILE *f = fopen(w->file, "w");
    CHECK(f != NULL);
    fputs(text, f);
    fclose(f);
    setenv("GOOGLE_APPLICATION_CREDENTIALS", w->file, 1);
}

static void open_world(world *w)
{
    *w = (world){ .server = script_server_start() };
    int fd = temp_file(w->file, "google");
    CHECK(fd >= 0);
    close(fd);
    dtake_runtime_options options = { .workers = 1, .cache_dir = "", .retries = -1 };
    CHECK_OK(dtake_runtime_open(&w->runtime, &options, &err));
    snprintf(w->source, sizeof w->source, "ee+http://127.0.0.1:%d/?project=p1",
             script_server_port(w->server));
}

static void open_user(world *w)
{
    char text[512];
    open_world(w);
    snprintf(text, sizeof text,
             "{\"refresh_token\": \"1//s3cret&=\", \"client_id\": \"the id\", \"client_secret\": \"hush\","
             " \"token_uri\": \"%s\"}",
             script_url(w->server, "/token"));
    write_credentials(w, text);
    CHECK_OK(dtake__ee_service_init(&w->service, w->runtime, w->source, NULL, &err));
}

static void close_world(world *w)
{
    dtake__ee_service_dispose(&w->service);
    dtake_runtime_close(w->runtime);
    script_server_stop(w->server);
    unlink(w->file);
    unsetenv("GOOGLE_APPLICATION_CREDENTIALS");
    EVP_PKEY_free(w->key);
}

/* --- calls, waited for --- */

typedef struct asked {
    dtake__ee_call call; /* first */
    world *w;
    dtake__latch *latch;
    bool cancels;
} asked;

static void came(dtake__ee_call *call)
{
    dtake__latch_open(((asked *)call)->latch);
}

static void ask_on_loop(void *ctx)
{
    asked *a = ctx;
    a->call.done = came;
    a->call.status = dtake__ee_call_start(&a->call, &a->w->service, "/algorithms", NULL);
    if (a->call.status != DTAKE_OK)
        dtake__latch_open(a->latch);
    else if (a->cancels)
        dtake__ee_call_cancel(&a->call);
}

static void start(world *w, asked *a)
{
    *a = (asked){ .w = w, .latch = dtake__latch_new() };
    call_on_loop(w->runtime, ask_on_loop, a);
}

static dtake_status finish(asked *a)
{
    CHECK(dtake__latch_wait(a->latch, 60000));
    dtake__latch_free(a->latch);
    dtake__error_copy(&err, &a->call.err);
    dtake__buf_dispose(&a->call.body);
    return a->call.status;
}

static dtake_status ask(world *w)
{
    asked a;
    start(w, &a);
    return finish(&a);
}

static int asked_of(world *w, const char *start_line)
{
    int count = 0;
    for (int i = 0; i < script_requests(w->server); i++)
        count += dtake__starts_with(script_request(w->server, i), start_line);
    return count;
}

static const char *last_request(world *w)
{
    return script_request(w->server, script_requests(w->server) - 1);
}

/* --- */

static const char ALGORITHMS[] = "/v1/projects/p1/algorithms";
static const char REFUSED[] =
    "{\"error\": {\"code\": 401, \"message\": \"token expired\", \"status\": \"UNAUTHENTICATED\"}}";

static void a_refresh_token_is_exchanged_once_for_all_calls(void **state)
{
    (void)state;
    world w;
    asked many[5];
    open_user(&w);
    say(&w, "/token", "200 OK",
        "{\"access_token\": \"t1\", \"expires_in\": 3599, \"token_type\": \"Bearer\"}", 1);
    say(&w, ALGORITHMS, "200 OK", "{}", -1);
    for (int i = 0; i < 5; i++)
        start(&w, &many[i]);
    for (int i = 0; i < 5; i++)
        CHECK_OK(finish(&many[i]));
    CHECK_OK(ask(&w));
    CHECK_EQ(asked_of(&w, "POST /token"), 1);
    CHECK_EQ(asked_of(&w, "GET /v1/projects/p1/algorithms"), 6);
    const char *form = script_request(w.server, 0);
    CHECK(strstr(form, "content-type: application/x-www-form-urlencoded\r\n") != NULL);
    CHECK(strstr(form, "\r\n\r\ngrant_type=refresh_token&client_id=the%20id&client_secret=hush&refresh_token="
                       "1%2F%2Fs3cret%26%3D") != NULL);
    CHECK(strstr(last_request(&w), "authorization: Bearer t1\r\n") != NULL);
    CHECK(strstr(last_request(&w), "x-goog-user-project: p1\r\n") != NULL);
    close_world(&w);
}

static void a_token_that_is_refused_is_renewed_and_the_call_repeated(void **state)
{
    (void)state;
    world w;
    open_user(&w);
    say(&w, "/token", "200 OK", "{\"access_token\": \"t1\", \"expires_in\": 3599}", 1);
    say(&w, "/token", "200 OK", "{\"access_token\": \"t2\", \"expires_in\": 3599}", 1);
    say(&w, ALGORITHMS, "401 Unauthorized", REFUSED, 1);
    say(&w, ALGORITHMS, "200 OK", "{}", 1);
    CHECK_OK(ask(&w));
    CHECK_EQ(asked_of(&w, "POST /token"), 2);
    CHECK(strstr(last_request(&w), "authorization: Bearer t2\r\n") != NULL);
    close_world(&w);
}

static void what_is_refused_again_and_again_is_told_in_the_services_words(void **state)
{
    (void)state;
    world w;
    open_user(&w);
    say(&w, "/token", "200 OK", "{\"access_token\": \"t1\", \"expires_in\": 3599}", -1);
    say(&w, ALGORITHMS, "401 Unauthorized", REFUSED, -1);
    CHECK_STATUS(ask(&w), DTAKE_E_AUTH);
    CHECK(strstr(err.message, "token expired (UNAUTHENTICATED)") != NULL);
    CHECK_EQ(asked_of(&w, "GET "), 3);
    close_world(&w);
}

static void a_token_that_ends_is_fetched_anew(void **state)
{
    (void)state;
    world w;
    open_user(&w);
    say(&w, "/token", "200 OK", "{\"access_token\": \"t1\", \"expires_in\": -5}", 1);
    say(&w, "/token", "200 OK", "{\"access_token\": \"t2\", \"expires_in\": 3599}", 1);
    say(&w, ALGORITHMS, "200 OK", "{}", -1);
    CHECK_OK(ask(&w)); /* an answer that just came is used, however short its life */
    while (asked_of(&w, "POST /token") < 2)
        CHECK_OK(ask(&w));
    CHECK(strstr(last_request(&w), "authorization: Bearer t2\r\n") != NULL);
    close_world(&w);
}

static void a_refused_exchange_ends_all_that_wait_and_tells_no_secret(void **state)
{
    (void)state;
    world w;
    asked many[3];
    open_user(&w);
    say(&w, "/token", "400 Bad Request",
        "{\"error\": \"invalid_grant\", \"error_description\": \"Token has been expired or revoked.\"}", -1);
    for (int i = 0; i < 3; i++)
        start(&w, &many[i]);
    for (int i = 0; i < 3; i++) {
        CHECK_STATUS(finish(&many[i]), DTAKE_E_AUTH);
        CHECK(strstr(err.message,
                     "invalid_grant: Token has been expired or revoked.; run earthengine authenticate"));
        CHECK(strstr(err.message, w.file) != NULL);
        CHECK(strstr(err.message, "s3cret") == NULL && strstr(err.message, "hush") == NULL);
    }
    CHECK_EQ(asked_of(&w, "GET "), 0);
    close_world(&w);
}

static void answers_without_a_token_are_refused(void **state)
{
    (void)state;
    static const char *const bodies[] = { "",
                                          "{",
                                          "[]",
                                          "{}",
                                          "{\"access_token\": \"\"}",
                                          "{\"access_token\": 7}",
                                          "{\"access_token\": \"a b\"}",
                                          "{\"access_token\": \"a\\r\\nx: y\", \"expires_in\": 5}",
                                          "{\"access_token\": \"a\", \"expires_in\": 1e400}" };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        world w;
        open_user(&w);
        say(&w, "/token", "200 OK", bodies[i], -1);
        CHECK_STATUS(ask(&w), DTAKE_E_REMOTE);
        CHECK(strstr(err.message, "answers with none") != NULL);
        close_world(&w);
    }
}

static void a_call_that_waits_for_a_token_can_be_cancelled(void **state)
{
    (void)state;
    world w;
    asked many[2];
    open_user(&w);
    script_say(w.server, (script_answer){ .path = "/token", .then = SCRIPT_STALL });
    for (int i = 0; i < 2; i++) {
        many[i] = (asked){ .w = &w, .latch = dtake__latch_new(), .cancels = true };
        call_on_loop(w.runtime, ask_on_loop, &many[i]);
    }
    for (int i = 0; i < 2; i++)
        CHECK_STATUS(finish(&many[i]), DTAKE_E_CANCELLED);
    close_world(&w); /* ends the exchange that is under way */
}

/* --- service accounts --- */

static void open_account(world *w)
{
    open_world(w);
    w->key = EVP_RSA_gen(2048);
    CHECK(w->key != NULL);
    BIO *out = BIO_new(BIO_s_mem());
    CHECK_EQ(PEM_write_bio_PrivateKey(out, w->key, NULL, NULL, 0, NULL, NULL), 1);
    char *pem, quoted[4096], text[8192];
    long len = BIO_get_mem_data(out, &pem);
    size_t n = 0;
    for (long i = 0; i < len; i++) {
        if (pem[i] == '\n')
            quoted[n++] = '\\';
        quoted[n++] = pem[i] == '\n' ? 'n' : pem[i];
    }
    quoted[n] = '\0';
    BIO_free(out);
    snprintf(text, sizeof text,
             "{\"type\": \"service_account\", \"project_id\": \"p2\", \"private_key_id\": \"kid1\","
             " \"client_email\": \"robot@p2.example\", \"token_uri\": \"%s\", \"private_key\": \"%s\"}",
             script_url(w->server, "/token"), quoted);
    write_credentials(w, text);
    CHECK_OK(dtake__ee_service_init(&w->service, w->runtime, w->source, NULL, &err));
}

/* Base64url; returns how many bytes. */
static size_t decode(const char *text, size_t len, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned bits = 0;
    int have = 0;
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        const char *digit = strchr(digits, text[i]);
        CHECK(digit != NULL);
        bits = bits << 6 | (unsigned)(digit - digits);
        if ((have += 6) >= 8)
            out[n++] = (char)(bits >> (have -= 8) & 255);
    }
    out[n] = '\0';
    return n;
}

static void check_assertion(world *w, const char *jwt, int64_t now_s)
{
    char header[256], claims[1024], signature[1024], expected[64];
    size_t first = strcspn(jwt, "."), second = first + 1 + strcspn(jwt + first + 1, ".");
    decode(jwt, first, header);
    decode(jwt + first + 1, second - first - 1, claims);
    size_t len = decode(jwt + second + 1, strlen(jwt + second + 1), signature);
    CHECK_STR(header, "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"kid1\"}");
    CHECK(strstr(claims, "\"iss\":\"robot@p2.example\",\"aud\":\"https://oauth2.googleapis.com/token\"") !=
          NULL);
    CHECK(strstr(claims, "\"scope\":\"https://www.googleapis.com/auth/earthengine\"") != NULL);
    snprintf(expected, sizeof expected, "\"iat\":%lld,\"exp\":%lld", (long long)now_s,
             (long long)now_s + 3600);
    CHECK(strstr(claims, expected) != NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    CHECK_EQ(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, w->key), 1);
    CHECK_EQ(EVP_DigestVerify(ctx, (uint8_t *)signature, len, (const uint8_t *)jwt, second), 1);
    EVP_MD_CTX_free(ctx);
}

static void a_service_account_signs_who_it_is_for_an_hour(void **state)
{
    (void)state;
    static const char grant[] = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    world w;
    open_account(&w);
    dtake_buf form = DTAKE_BUF_INIT(65536);
    CHECK_OK(dtake__ee_token_form(dtake__ee_token_credential(w.service.token), 1700000000, &form, &err));
    CHECK(dtake__starts_with(dtake__buf_str(&form), grant));
    check_assertion(&w, dtake__buf_str(&form) + strlen(grant), 1700000000);
    dtake__buf_dispose(&form);
    say(&w, "/token", "200 OK", "{\"access_token\": \"t1\", \"expires_in\": 3599}", 1);
    say(&w, ALGORITHMS, "200 OK", "{}", 1);
    CHECK_OK(ask(&w));
    CHECK(strstr(script_request(w.server, 0), grant) != NULL);
    CHECK(strstr(last_request(&w), "authorization: Bearer t1\r\n") != NULL);
    close_world(&w);
}

static void a_key_that_is_none_is_told_before_anything_is_sent(void **state)
{
    (void)state;
    world w;
    char text[512];
    open_world(&w);
    snprintf(text, sizeof text,
             "{\"type\": \"service_account\", \"client_email\": \"a\", \"private_key\": \"s3cret\", "
             "\"token_uri\": \"%s\"}",
             script_url(w.server, "/token"));
    write_credentials(&w, text);
    CHECK_OK(dtake__ee_service_init(&w.service, w.runtime, w.source, NULL, &err));
    CHECK_STATUS(ask(&w), DTAKE_E_AUTH);
    CHECK(strstr(err.message, "private_key is no RSA key") != NULL && strstr(err.message, "s3cret") == NULL);
    CHECK_EQ(script_requests(w.server), 0);
    close_world(&w);
}

/* --- who needs none --- */

static void a_server_on_this_machine_needs_no_key_and_gets_none_of_googles(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    write_credentials(&w, "{\"refresh_token\": \"s3cret\"}"); /* for Google's token_uri */
    say(&w, ALGORITHMS, "200 OK", "{}", -1);
    CHECK_OK(dtake__ee_service_init(&w.service, w.runtime, w.source, NULL, &err));
    CHECK_OK(ask(&w));
    CHECK_EQ(script_requests(w.server), 1);
    CHECK(strstr(last_request(&w), "authorization") == NULL && strstr(last_request(&w), "x-goog-") == NULL);
    dtake__ee_service_dispose(&w.service);
    CHECK_OK(dtake__ee_service_init(&w.service, w.runtime, w.source, "given", &err));
    CHECK_OK(ask(&w));
    CHECK(strstr(last_request(&w), "authorization: Bearer given\r\n") != NULL);
    close_world(&w);
}

static void sources_that_name_no_service_or_no_project_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        dtake_status status;
    } cases[] = {
        { "ee://p1", DTAKE_E_AUTH }, /* no credentials */
        { "ee+http://127.0.0.1:9/", DTAKE_E_USAGE },
        { "ee+http://127.0.0.1:9/?project=", DTAKE_E_USAGE },
        { "ee+http://127.0.0.1:9/?project=a/b", DTAKE_E_USAGE },
        { "ee+http://127.0.0.1:9/?key=a", DTAKE_E_USAGE },
        { "ee+http://127.0.0.1:9/path?project=p", DTAKE_E_USAGE },
        { "ee+ftp://127.0.0.1:9/?project=p", DTAKE_E_USAGE },
    };
    dtake__ee_service service;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_STATUS(dtake__ee_service_init(&service, NULL, cases[i].source, NULL, &err), cases[i].status);
    CHECK_STATUS(dtake__ee_service_init(&service, NULL, "ee+http://192.0.2.1/?project=p", "t0ken", &err),
                 DTAKE_E_AUTH);
    CHECK(strstr(err.message, "in the clear") != NULL && strstr(err.message, "t0ken") == NULL);
    CHECK_STATUS(dtake__ee_service_init(&service, NULL, "ee://", "t0ken", &err), DTAKE_E_USAGE);
    CHECK_OK(dtake__ee_service_init(&service, NULL, "ee://my-project/", "t0ken", &err));
    CHECK_STR(service.project, "my-project");
    CHECK_STR(service.base, "https://earthengine.googleapis.com");
    dtake__ee_service_dispose(&service);
}

int main(void)
{
    static const char *const variables[] = { "GOOGLE_APPLICATION_CREDENTIALS", "EARTHENGINE_TOKEN",
                                             "EE_SERVICE_ACC_PRIVATE_KEY", "TILEBOX_API_KEY" };
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    setenv("HOME", "/nonexistent", 1);
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refresh_token_is_exchanged_once_for_all_calls),
        cmocka_unit_test(a_token_that_is_refused_is_renewed_and_the_call_repeated),
        cmocka_unit_test(what_is_refused_again_and_again_is_told_in_the_services_words),
        cmocka_unit_test(a_token_that_ends_is_fetched_anew),
        cmocka_unit_test(a_refused_exchange_ends_all_that_wait_and_tells_no_secret),
        cmocka_unit_test(answers_without_a_token_are_refused),
        cmocka_unit_test(a_call_that_waits_for_a_token_can_be_cancelled),
        cmocka_unit_test(a_service_account_signs_who_it_is_for_an_hour),
        cmocka_unit_test(a_key_that_is_none_is_told_before_anything_is_sent),
        cmocka_unit_test(a_server_on_this_machine_needs_no_key_and_gets_none_of_googles),
        cmocka_unit_test(sources_that_name_no_service_or_no_project_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
