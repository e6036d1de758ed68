/* Keys: their file, who is let in and how often. */
#include "server/echo.h"

#include "server/http2_client.h"

#include <datatake/keys.h>

#include <sys/wait.h>

static void path_of(const serving *s, char *out, size_t size)
{
    snprintf(out, size, "%s/keys", s->folder);
}

static void count_key(const dtake_key_info *key, void *ctx)
{
    int *count = ctx;
    CHECK(key->created_s > 1700000000);
    ++*count;
}

static void a_key_is_kept_as_its_hash_and_gone_when_revoked(void **state)
{
    char path[300], one[DTAKE_KEY_BYTES], two[DTAKE_KEY_BYTES], text[2000] = "";
    dtake_error err = { 0 };
    int count = 0;
    path_of(*state, path, sizeof path);
    CHECK_OK(dtake_key_add(path, "anna", DTAKE_KEY_READ, one, &err));
    CHECK_OK(dtake_key_add(path, "pipe.line-1", DTAKE_KEY_WRITE, two, &err));
    CHECK(strncmp(one, "dtk_", 4) == 0 && strlen(one) == 47 && strcmp(one, two) != 0);
    FILE *file = fopen(path, "r");
    struct stat st;
    CHECK(fread(text, 1, sizeof text - 1, file) > 0 && fstat(fileno(file), &st) == 0);
    fclose(file);
    CHECK_EQ(st.st_mode & 0777, 0600);
    CHECK(strstr(text, "anna read ") != NULL && strstr(text, one) == NULL && strstr(text, one + 4) == NULL);
    CHECK_EQ(dtake_key_add(path, "anna", DTAKE_KEY_READ, one, &err), DTAKE_E_STATE);
    CHECK_EQ(dtake_key_add(path, "a b", DTAKE_KEY_READ, one, &err), DTAKE_E_USAGE);
    CHECK_EQ(dtake_key_add(path, "", DTAKE_KEY_READ, one, NULL), DTAKE_E_USAGE);
    CHECK_OK(dtake_keys_list(path, &err, count_key, &count));
    CHECK_EQ(count, 2);
    CHECK_OK(dtake_key_revoke(path, "anna", &err));
    CHECK_EQ(dtake_key_revoke(path, "anna", &err), DTAKE_E_NOT_FOUND);
    count = 0;
    CHECK_OK(dtake_keys_list(path, &err, count_key, &count));
    CHECK_EQ(count, 1);
}

static void keys_added_at_once_are_all_there(void **state)
{
    enum { MANY = 12 };
    char path[300];
    int count = 0;
    path_of(*state, path, sizeof path);
    for (int i = 0; i < MANY; i++)
        if (fork() == 0) {
            char name[20], key[DTAKE_KEY_BYTES];
            snprintf(name, sizeof name, "k%d", i);
            _exit(dtake_key_add(path, name, DTAKE_KEY_READ, key, NULL) == DTAKE_OK ? 0 : 1);
        }
    for (int i = 0, status; i < MANY; i++) {
        CHECK(wait(&status) > 0);
        CHECK_EQ(status, 0);
    }
    CHECK_OK(dtake_keys_list(path, NULL, count_key, &count));
    CHECK_EQ(count, MANY);
}

static void a_damaged_file_of_keys_is_refused_by_its_line(void **state)
{
#define HASH "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    static const char *const wrong[] = { "anna", "anna read", "anna read 00ff 2026-01-01T00:00:00Z",
                                         ("anna rule " HASH " 2026-01-01T00:00:00Z") };
    char path[300], text[300];
    dtake_error err;
    path_of(*state, path, sizeof path);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int n = snprintf(text, sizeof text, "# fine\n\n%s\n", wrong[i]);
        write_file(((serving *)*state)->folder, "keys", text, (size_t)n);
        CHECK_EQ(dtake_keys_list(path, &err, count_key, NULL), DTAKE_E_FORMAT);
        CHECK(strstr(err.message, "line 3") != NULL);
    }
}

static int call_as(const serving *s, const char *method, const char *key)
{
    char target[64], fields[256];
    snprintf(target, sizeof target, "/test.Echo/%s", method);
    snprintf(fields, sizeof fields, "Content-Type: application/proto\r\n%s%s%s",
             key != NULL ? "Authorization: Bearer " : "", key != NULL ? key : "", key != NULL ? "\r\n" : "");
    reply r = ask_body(s, "POST", target, fields, "x", 1);
    int status = r.status;
    drop(&r);
    return status;
}

static void rights_are_asked_of_a_key(void **state)
{
    char path[300], reads[DTAKE_KEY_BYTES], writes[DTAKE_KEY_BYTES];
    path_of(*state, path, sizeof path);
    CHECK_OK(dtake_key_add(path, "reader", DTAKE_KEY_READ, reads, NULL));
    CHECK_OK(dtake_key_add(path, "writer", DTAKE_KEY_WRITE, writes, NULL));
    serve_echo(*state, (dtake_serve_options){ .keys = path }, NULL);
    CHECK_EQ(call_as(*state, "Say", reads), 200);
    CHECK_EQ(call_as(*state, "Later", reads), 403);
    CHECK_EQ(call_as(*state, "Later", writes), 200);
    CHECK_EQ(call_as(*state, "Wait", writes), 403);
    CHECK_EQ(call_as(*state, "Later", NULL), 200); /* from this machine */
    CHECK_EQ(call_as(*state, "Say", "wrong"), 401);
    client c = connect_h2(*state, NULL, 0);
    send_head(&c, 1, "POST", "/test.Echo/Say",
              "content-type: application/grpc\nte: trailers\nauthorization: Bearer wrong\n", false);
    answer a = hear_h2(&c, 1);
    CHECK(a.head[0] == '\0' || strstr(a.head, "grpc-status: 16\n") != NULL);
    forget(&a);
    disconnect(&c);
}

static void a_key_made_or_revoked_meanwhile_counts(void **state)
{
    char path[300], key[DTAKE_KEY_BYTES], other[DTAKE_KEY_BYTES];
    path_of(*state, path, sizeof path);
    serve_echo(*state, (dtake_serve_options){ .keys = path }, NULL);
    CHECK_EQ(call_as(*state, "Say", "anything"), 200); /* no key at all: any will do on this machine */
    CHECK_OK(dtake_key_add(path, "one", DTAKE_KEY_READ, key, NULL));
    CHECK_OK(dtake_key_add(path, "two", DTAKE_KEY_READ, other, NULL));
    COMES_TRUE(call_as(*state, "Say", "anything") != 200);
    CHECK_EQ(call_as(*state, "Say", key), 200);
    CHECK_OK(dtake_key_revoke(path, "one", NULL));
    COMES_TRUE(call_as(*state, "Say", key) != 200);
    CHECK_EQ(call_as(*state, "Say", other), 200);
}

static void who_tries_keys_is_slowed_and_others_are_not(void **state)
{
    char path[300], key[DTAKE_KEY_BYTES];
    int first = 0, last = 0;
    path_of(*state, path, sizeof path);
    CHECK_OK(dtake_key_add(path, "one", DTAKE_KEY_READ, key, NULL));
    serve_echo(*state, (dtake_serve_options){ .keys = path }, NULL);
    for (int i = 0; i < 100 && last != 429; i++) {
        last = call_as(*state, "Say", "wrong");
        first = first == 0 ? last : first;
    }
    CHECK_EQ(first, 401);
    CHECK_EQ(last, 429);
    CHECK_EQ(call_as(*state, "Say", key), 200);
}

static void more_requests_than_allowed_are_429_until_later(void **state)
{
    int status = 200;
    serve_echo(*state, (dtake_serve_options){ .requests_s = 2 }, NULL);
    for (int i = 0; i < 200 && status == 200; i++)
        status = call_as(*state, "Say", NULL);
    CHECK_EQ(status, 429);
    reply r = ask(*state, "GET", "/files/a", "");
    CHECK(r.status != 429 || strcmp(field_of(&r, "Retry-After"), "1") == 0);
    drop(&r);
    COMES_TRUE(call_as(*state, "Say", NULL) == 200);
}

static void elsewhere_than_here_a_key_is_needed(void **state)
{
    serving *s = *state;
    char path[300], key[DTAKE_KEY_BYTES];
    dtake_error err = { 0 };
    path_of(s, path, sizeof path);
    dtake_serve_options options = { .files_dir = s->folder, .listen = "0.0.0.0:0", .keys = path };
    CHECK_EQ(dtake_server_start(&s->server, &options, &err), DTAKE_E_AUTH);
    CHECK(strstr(err.message, "datatake keys add") != NULL && strstr(err.message, "--public") != NULL);
    s->server = NULL;
    CHECK_OK(dtake_key_add(path, "one", DTAKE_KEY_READ, key, NULL));
    serve(s, options);
    CHECK_EQ(status_of(s, "GET", "/files/a", ""), 401);
    CHECK_EQ(status_of(s, "GET", "/files/a", "Authorization: Bearer\r\n"), 401);
    CHECK_EQ(status_of(s, "GET", "/files/a", "Authorization: Basic YTpi\r\n"), 401);
    char fields[128];
    snprintf(fields, sizeof fields, "authorization: bearer  %s\r\n", key);
    CHECK_EQ(status_of(s, "GET", "/files/a", fields), 200);
    dtake_server_stop(s->server, 0);
    options.everybody_reads = true;
    serve(s, options);
    CHECK_EQ(status_of(s, "GET", "/files/a", ""), 200);
    CHECK_EQ(status_of(s, "GET", "/files/a", "Authorization: Bearer wrong\r\n"), 401);
}

int main(void)
{
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, small_set_up, small_tear_down)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_key_is_kept_as_its_hash_and_gone_when_revoked),
        IN_A_FOLDER(keys_added_at_once_are_all_there),
        IN_A_FOLDER(a_damaged_file_of_keys_is_refused_by_its_line),
        IN_A_FOLDER(rights_are_asked_of_a_key),
        IN_A_FOLDER(a_key_made_or_revoked_meanwhile_counts),
        IN_A_FOLDER(who_tries_keys_is_slowed_and_others_are_not),
        IN_A_FOLDER(more_requests_than_allowed_are_429_until_later),
        IN_A_FOLDER(elsewhere_than_here_a_key_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
