#include "access/journey.h"

#include "script_server.h"

enum { MANY = 100 };

typedef struct urls {
    char text[MANY][64];
    const char *href[MANY];
} urls;

static const char *const one_band[] = { "B1" };

static dtake_get_options job_of(urls *u, script_server *server, size_t count, const char *out_dir)
{
    for (size_t i = 0; i < count; i++) {
        snprintf(u->text[i], sizeof u->text[i], "http://127.0.0.1:%d/item%zu.json",
                 script_server_port(server), i);
        u->href[i] = u->text[i];
    }
    return (dtake_get_options){ .inputs = u->href,
                                .input_count = count,
                                .bands = one_band,
                                .band_count = 1,
                                .explain_only = true,
                                .out_dir = out_dir };
}

static void say_item(script_server *server, const urls *u, size_t i, const char *status, const char *body)
{
    char text[512];
    snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(body), body);
    script_say(server, (script_answer){ .path = strstr(u->text[i], "/item"), .bytes = text });
}

static void documents_are_asked_for_ahead_of_their_turn(void **state)
{
    (void)state;
    sandbox box = open_sandbox();
    script_server *server = script_server_start();
    urls u;
    dtake_get_options o = job_of(&u, server, 10, box.folder);
    script_say(server, (script_answer){ .then = SCRIPT_STALL, .times = -1 });
    dtake_job *job = start_job(&box, &o);
    CHECK(script_wait_requests(server, 10)); /* none has been answered */
    dtake_job_cancel(job);
    CHECK_STATUS(finish_job(job, NULL), DTAKE_E_CANCELLED);
    dtake_job_free(job);
    script_server_stop(server);
    close_sandbox(&box);
}

static void a_document_that_is_missing_fails_alone(void **state)
{
    (void)state;
    sandbox box = open_sandbox();
    script_server *server = script_server_start();
    urls u;
    dtake_get_options o = job_of(&u, server, MANY, box.folder);
    for (size_t i = 0; i < MANY; i++) {
        char item[256];
        snprintf(item, sizeof item,
                 "{\"type\":\"Feature\",\"id\":\"i%zu\",\"properties\":{\"datetime\":null},\"geometry\":null,"
                 "\"assets\":{\"B1\":{\"href\":\"none.tif\"}}}",
                 i);
        say_item(server, &u, i, i == 40 ? "404 Not Found" : "200 OK", i == 40 ? "gone" : item);
    }
    script_say(server, (script_answer){ .bytes = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
                                        .times = -1 });
    dtake_job *job = start_job(&box, &o);
    CHECK_STATUS(finish_job(job, NULL), DTAKE_E_PARTIAL);
    dtake_result r;
    size_t missing = 0, refused = 0, n = 0;
    for (; dtake_job_result(job, n, &r); n++) {
        missing += r.status == DTAKE_E_NOT_FOUND && strcmp(r.id, "item40") == 0;
        refused += r.status == DTAKE_E_AUTH;
    }
    CHECK_EQ(n, MANY);
    CHECK_EQ(missing, 1);
    CHECK_EQ(refused, MANY - 1);
    dtake_job_free(job);
    script_server_stop(server);
    close_sandbox(&box);
}

static void a_single_input_that_is_missing_ends_the_job(void **state)
{
    (void)state;
    sandbox box = open_sandbox();
    script_server *server = script_server_start();
    urls u;
    dtake_get_options o = job_of(&u, server, 1, box.folder);
    say_item(server, &u, 0, "404 Not Found", "gone");
    dtake_job *job = start_job(&box, &o);
    dtake_error err;
    dtake_result r;
    CHECK_STATUS(finish_job(job, &err), DTAKE_E_NOT_FOUND);
    CHECK(strstr(err.message, "item0.json") != NULL);
    CHECK(!dtake_job_result(job, 0, &r));
    dtake_job_free(job);
    script_server_stop(server);
    close_sandbox(&box);
}

enum { LONG_ITEMS = 1150 }; /* of 60 KiB each, without an image to be found; number 700 is broken */

static void write_long_file(const char *path, const char *begin, const char *between, const char *end)
{
    enum { PADDING = 60 << 10 };
    FILE *f = fopen(path, "w");
    char *padding = malloc(PADDING + 1);
    CHECK(f != NULL && padding != NULL);
    memset(padding, 'x', PADDING);
    padding[PADDING] = '\0';
    fputs(begin, f);
    for (int i = 1; i <= LONG_ITEMS; i++)
        fprintf(f,
                "%s{\"type\":\"Feature\",\"id\":\"i%d\",\"note\":\"%s\",\"geometry\":null,"
                "\"properties\":{\"datetime\":%s},\"assets\":{\"B1\":{\"href\":\"none.tif\"}}}",
                i > 1 ? between : "", i, padding, i == 700 ? "nul" : "null");
    fputs(end, f);
    CHECK_EQ(fclose(f), 0);
    free(padding);
}

static void a_file_longer_than_a_document_may_be_is_read_item_by_item(void **state)
{
    static const struct {
        const char *begin, *between, *end, *broken;
    } layouts[] = { { "", "\n", "\n", "line 700" },
                    { "{\"type\":\"FeatureCollection\",\"features\":[", ",\n", "]}", "feature 700" } };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        sandbox box = open_sandbox();
        char path[TEMP_PATH + 16];
        const char *const input = path;
        snprintf(path, sizeof path, "%s/items.json", box.folder);
        write_long_file(path, layouts[i].begin, layouts[i].between, layouts[i].end);
        dtake_get_options o = { .inputs = &input,
                                .input_count = 1,
                                .bands = one_band,
                                .band_count = 1,
                                .explain_only = true,
                                .out_dir = box.folder };
        dtake_job *job = start_job(&box, &o);
        CHECK_STATUS(finish_job(job, NULL), DTAKE_E_PARTIAL);
        dtake_result r;
        size_t missing = 0, broken = 0, n = 0;
        for (; dtake_job_result(job, n, &r); n++) {
            missing += r.status == DTAKE_E_NOT_FOUND;
            broken += r.status == DTAKE_E_FORMAT && strstr(r.message, layouts[i].broken) != NULL;
        }
        CHECK_EQ(n, LONG_ITEMS);
        CHECK_EQ(missing, LONG_ITEMS - 1);
        CHECK_EQ(broken, 1);
        dtake_job_free(job);
        close_sandbox(&box);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_asked_for_ahead_of_their_turn),
        cmocka_unit_test(a_document_that_is_missing_fails_alone),
        cmocka_unit_test(a_file_longer_than_a_document_may_be_is_read_item_by_item),
        cmocka_unit_test(a_single_input_that_is_missing_ends_the_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
