/* Ingest: what becomes of files, line by line. The source only counts; that datapoints arrive is for the
 * journeys. */
#include "access/csv_box.h"
#include "access/fake_source.h"

#include <datatake/ingest.h>

#include <ftw.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct box {
    fake f;
    char folder[TEMP_PATH];
    char path[128];
} box;

static void box_open(box *b)
{
    fake_open(&b->f, 0);
    CHECK(temp_folder(b->folder, "ingest"));
}

static int remove_one(const char *path, const struct stat *about, int flag, struct FTW *where)
{
    (void)about;
    (void)flag;
    (void)where;
    return remove(path);
}

static void box_close(box *b)
{
    nftw(b->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    fake_end(&b->f);
}

static const char *write_file(box *b, const char *name, const char *text)
{
    snprintf(b->path, sizeof b->path, "%s/%s", b->folder, name);
    FILE *file = fopen(b->path, "wb");
    CHECK(file != NULL);
    CHECK_EQ(fwrite(text, 1, strlen(text), file), strlen(text));
    fclose(file);
    return b->path;
}

static dtake_status run(box *b, const dtake_ingest_options *options, dtake_ingest_progress *progress,
                        dtake_error *err)
{
    dtake_ingest *ingest;
    dtake_status st = dtake_ingest_start(&ingest, &b->f.client, options, err);
    if (st != DTAKE_OK)
        return st;
    CHECK(dtake_ingest_wait(ingest, -1));
    dtake_ingest_progress_get(ingest, progress);
    st = dtake_ingest_status(ingest, err);
    dtake_ingest_free(ingest);
    return st;
}

static dtake_status run_file(box *b, const char *path, dtake_ingest_options options,
                             dtake_ingest_progress *progress, dtake_error *err)
{
    options.inputs = &path;
    options.input_count = 1;
    options.dataset = "d";
    return run(b, &options, progress, err);
}

#define ITEM(id, more)                                                                                       \
    "{\"type\":\"Feature\",\"id\":\"" id                                                                     \
    "\",\"geometry\":null,\"properties\":{\"datetime\":\"2020-01-01T00:00:00Z\"}" more "}\n"

static void malformed_lines_are_listed_and_the_rest_goes_in(void **state)
{
    (void)state;
    box b;
    dtake_ingest_progress p;
    dtake_error err;
    dtake_ingest *ingest;
    dtake_ingest_failure failure;
    box_open(&b);
    const char *path = write_file(&b, "items.ndjson",
                                  ITEM("a", "") "{broken\n" ITEM("b", "") "\n"
                                                                          "[1]\n" ITEM("c", ""));
    CHECK_STATUS(run_file(&b, path, (dtake_ingest_options){ 0 }, &p, &err), DTAKE_E_PARTIAL);
    CHECK(p.records == 5 && p.added == 3 && p.failed == 2 && p.inputs_done == 1 && p.bytes == p.bytes_total);
    CHECK(strstr(err.message, "2 of 5 records failed") != NULL &&
          strstr(err.message, "items.ndjson:2: ") != NULL);
    CHECK_STR(b.f.log, "open default;put 3;commit;close;");

    dtake_ingest_options o = { .inputs = &path, .input_count = 1, .dataset = "d", .all_or_nothing = true };
    CHECK_OK(dtake_ingest_start(&ingest, &b.f.client, &o, NULL));
    CHECK(dtake_ingest_wait(ingest, -1));
    CHECK_STATUS(dtake_ingest_status(ingest, &err), DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "nothing was kept") != NULL);
    CHECK(dtake_ingest_failure_at(ingest, 1, &failure) && failure.line == 5);
    CHECK(!dtake_ingest_failure_at(ingest, 2, &failure));
    dtake_ingest_free(ingest);
    CHECK(strstr(b.f.log, "put 3;close;") != NULL); /* without a commit */
    box_close(&b);
}

static void items_of_several_collections_go_in_one_transaction(void **state)
{
    (void)state;
    box b;
    dtake_ingest_progress p;
    box_open(&b);
    const char *path = write_file(&b, "items.json",
                                  "{\"type\":\"FeatureCollection\",\"features\":["
                                  "{\"type\":\"Feature\",\"id\":\"1\",\"collection\":\"x\",\"geometry\":null,"
                                  "\"properties\":{\"datetime\":\"2020-01-01T00:00:00Z\"}},"
                                  "{\"type\":\"Feature\",\"id\":\"2\",\"collection\":\"y\",\"geometry\":null,"
                                  "\"properties\":{\"datetime\":\"2020-01-01T00:00:00Z\"}},"
                                  "{\"type\":\"Feature\",\"id\":\"3\",\"collection\":\"x\",\"geometry\":null,"
                                  "\"properties\":{\"datetime\":\"2020-01-01T00:00:00Z\"}}]}");
    dtake_error err = { .message = "" };
    if (run_file(&b, path, (dtake_ingest_options){ 0 }, &p, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    CHECK_STR(b.f.log, "open x;put 2;turn y;put 1;commit;close;");
    b.f.log[0] = '\0';
    CHECK_OK(run_file(&b, path, (dtake_ingest_options){ .collection = "z" }, &p, NULL));
    CHECK_STR(b.f.log, "open z;put 3;commit;close;");
    box_close(&b);
}

static void a_folder_is_its_files_without_the_collections_among_them(void **state)
{
    (void)state;
    box b;
    dtake_ingest_progress p;
    char sub[100];
    box_open(&b);
    snprintf(sub, sizeof sub, "%s/sub", b.folder);
    CHECK_EQ(mkdir(sub, 0755), 0);
    write_file(&b, "collection.json", "{\"type\":\"Collection\",\"id\":\"c\",\"links\":[]}");
    write_file(&b, "sub/a.json", ITEM("a", ",\"assets\":{}"));
    write_file(&b, "sub/b.ndjson", ITEM("b", "") ITEM("c", ""));
    write_file(&b, "notes.txt", "not metadata");
    const char *folder = b.folder;
    dtake_ingest_options o = { .inputs = &folder, .input_count = 1, .dataset = "d" };
    CHECK_OK(run(&b, &o, &p, NULL));
    CHECK(p.inputs == 3 && p.records == 3 && p.added == 3);
    box_close(&b);
}

static int type_of(const dtake_schema *schema, const char *name)
{
    int at = dtake_schema_find(schema, name);
    return at < 0 ? -1 : (int)dtake_schema_field(schema, (size_t)at)->type;
}

static const char TILES[] = "scene_id,date,tile,min_x,min_y,max_x,max_y,cloud,share,code\n"
                            "2025-01-01t104441,2025-01-01,1,2566220,1266390,2567220,1267390,100,0.47,007\n"
                            "2025-01-02t104441,2025-01-02,2,2566220,1266390,2567220,1267390,5,13.5,008\n"
                            "2025-01-03t104441,2025-01-03,x,2566220,1266390,2567220,1267390,,1,009\n"
                            "2025-01-04t104441,2025-01-04,4,2566220,1266390\n"
                            "2025-01-05t999999,2025-01-05,5,2566220,1266390,2567220,1267390,7,1,010\n";

static void columns_become_fields_of_the_types_that_their_values_have(void **state)
{
    (void)state;
    box b;
    dtake_ingest_progress p;
    dtake_error err;
    static const char *const maps[] = { "cloud_cover=cloud:float64" };
    static const char *const types[] = { "tile=int64" };
    static const char *const drops[] = { "min_x", "min_y", "max_x", "max_y" };
    box_open(&b);
    const char *path = write_file(&b, "tiles.csv", TILES);
    const dtake_ingest_options o = { .time = "strptime(scene_id, '%Y-%m-%dt%H%M%S')",
                                     .geometry = "box(min_x, min_y, max_x, max_y)",
                                     .crs = "EPSG:2056",
                                     .maps = maps,
                                     .map_count = 1,
                                     .types = types,
                                     .type_count = 1,
                                     .drops = drops,
                                     .drop_count = 4 };
    CHECK_STATUS(run_file(&b, path, o, &p, &err), DTAKE_E_PARTIAL);
    CHECK(p.records == 5 && p.added == 2 && p.failed == 3);
    CHECK(strstr(err.message, "tiles.csv:4: column tile: 'x' is not a int64") != NULL);
    CHECK_EQ(type_of(b.f.made, "cloud_cover"), DTAKE_FIELD_FLOAT64);
    CHECK_EQ(type_of(b.f.made, "share"), DTAKE_FIELD_FLOAT64);
    CHECK_EQ(type_of(b.f.made, "tile"), DTAKE_FIELD_INT64);
    CHECK_EQ(type_of(b.f.made, "code"), DTAKE_FIELD_STRING); /* 007 is no number */
    CHECK_EQ(type_of(b.f.made, "date"), DTAKE_FIELD_TIMESTAMP);
    CHECK_EQ(type_of(b.f.made, "geometry"), DTAKE_FIELD_GEOMETRY);
    CHECK_EQ(type_of(b.f.made, "min_x"), -1);
    CHECK_EQ(type_of(b.f.made, "cloud"), -1);
    box_close(&b);
}

/* 28 bits of a number in the catalogue instead of 46, and nothing that any CRS could tell. */
static void what_is_transformed_is_rounded_to_a_tenth_of_a_millimetre(void **state)
{
    (void)state;
    const double tile[4] = { 2566220, 1266390, 2567220, 1267390 }, lon = 6.988947, lat = 47.546667;
    dtake__csv_boxes *boxes;
    dtake__span wkb;
    CHECK_OK(dtake__csv_boxes_new(&boxes, "EPSG:2056", NULL));
    CHECK_OK(dtake__csv_boxes_make(boxes, tile, &wkb, NULL));
    CHECK_EQ(wkb.len, 93);
    for (int i = 0; i < 10; i++) {
        double value;
        memcpy(&value, wkb.text + 13 + 8 * i, sizeof value);
        CHECK(fabs(value - (i % 2 == 0 ? lon : lat)) < 0.03);
        CHECK(nearbyint(value * 1e9) / 1e9 == value);
    }
    dtake__csv_boxes_free(boxes);
}

static void what_the_options_say_wrongly_is_said_before_anything_is_read(void **state)
{
    (void)state;
    static const char *const maps[] = { "a=clod" }, *const types[] = { "cloud=floaty" };
    const struct {
        dtake_ingest_options options;
        const char *says;
    } cases[] = {
        { { .time = "strptime(scene, '%Y')" }, "scene" },
        { { .maps = maps, .map_count = 1 }, "did you mean 'cloud'" },
        { { .types = types, .type_count = 1 }, "'floaty' is no type" },
        { { .crs = "EPSG:2056" }, "--geometry" },
        { { .name_column = "nam" }, "--name" },
        { { .geometry = "box(min_x, min_y, max_x, max_y)", .crs = "EPSG:1", .time = "date" }, "--crs" },
    };
    box b;
    box_open(&b);
    const char *path = write_file(&b, "tiles.csv", TILES);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake_ingest_progress p;
        dtake_error err = { 0 };
        CHECK_STATUS(run_file(&b, path, cases[i].options, &p, &err), DTAKE_E_USAGE);
        if (strstr(err.message, cases[i].says) == NULL)
            fail_msg("'%s' does not say '%s'", err.message, cases[i].says);
        CHECK_STR(b.f.log, "");
    }
    box_close(&b);
}

static void columns_with_known_names_need_no_mapping(void **state)
{
    (void)state;
    box b;
    dtake_ingest_progress p;
    box_open(&b);
    const char *path = write_file(&b, "points.csv",
                                  "lon;lat;time;id\n7.5;46.5;2020-01-01T00:00:00Z;x\n"
                                  "\"8,5\";47;2020-01-01;y\n");
    dtake_error err;
    CHECK_STATUS(run_file(&b, path, (dtake_ingest_options){ 0 }, &p, &err), DTAKE_E_PARTIAL);
    CHECK_EQ(p.added, 1);
    CHECK_EQ(type_of(b.f.made, "id"), DTAKE_FIELD_UUID);    /* every dataset's own */
    CHECK_EQ(type_of(b.f.made, "id_"), DTAKE_FIELD_STRING); /* the column */
    CHECK_EQ(type_of(b.f.made, "lon"), DTAKE_FIELD_STRING); /* "8,5" is no number */
    box_close(&b);
}

static void failures_are_written_with_the_text_of_their_records(void **state)
{
    (void)state;
    box b;
    dtake_ingest_progress p;
    char failed[100], line[1000];
    box_open(&b);
    snprintf(failed, sizeof failed, "%s/failed", b.folder);
    const char *path =
        write_file(&b, "a.csv", "time,n,t\n2020-01-01,1,\"x \"\"y\"\"\"\nsoon,2,\"z, \"\"q\"\"\"\n");
    static const char *const types[] = { "time=timestamp" };
    CHECK_STATUS(run_file(&b, path,
                          (dtake_ingest_options){
                              .time = "time", .types = types, .type_count = 1, .failed_path = failed },
                          &p, NULL),
                 DTAKE_E_PARTIAL);
    FILE *file = fopen(failed, "r");
    CHECK(file != NULL && fgets(line, sizeof line, file) != NULL);
    CHECK(strstr(line, "\"line\":3") != NULL);
    CHECK(strstr(line, "soon,2,\\\"z, \\\"\\\"q\\\"\\\"\\\"") != NULL);
    CHECK(fgets(line, sizeof line, file) == NULL);
    fclose(file);
    box_close(&b);
}

static void an_input_that_cannot_be_read_fails_by_itself_among_others(void **state)
{
    (void)state;
    box b;
    dtake_ingest_progress p;
    dtake_error err;
    char good[128];
    box_open(&b);
    snprintf(good, sizeof good, "%s", write_file(&b, "a.ndjson", ITEM("a", "")));
    char csv[128];
    snprintf(csv, sizeof csv, "%s", write_file(&b, "b.csv", "time\n2020-01-01\n"));
    const char *const inputs[] = { good, "/nowhere/at/all.ndjson", csv };
    dtake_ingest_options o = { .inputs = inputs, .input_count = 3, .dataset = "d" };
    CHECK_STATUS(run(&b, &o, &p, &err), DTAKE_E_PARTIAL);
    CHECK(p.added == 1 && p.failed == 2);
    o.inputs = inputs + 1;
    o.input_count = 1;
    CHECK_STATUS(run(&b, &o, &p, &err), DTAKE_E_NOT_FOUND);
    CHECK(strstr(err.message, "/nowhere/at/all.ndjson") != NULL);
    box_close(&b);
}

static void a_source_that_fails_ends_it(void **state)
{
    (void)state;
    box b;
    dtake_ingest_progress p;
    dtake_error err;
    box_open(&b);
    b.f.put_fails = DTAKE_E_LOCAL_IO;
    const char *path = write_file(&b, "a.ndjson", ITEM("a", ""));
    CHECK_STATUS(run_file(&b, path, (dtake_ingest_options){ 0 }, &p, &err), DTAKE_E_LOCAL_IO);
    CHECK_STR(err.message, "the disk is full");
    CHECK_STR(b.f.log, "open default;put 1;close;");
    box_close(&b);
}

static void what_is_cancelled_commits_nothing_more(void **state)
{
    (void)state;
    box b;
    dtake_error err;
    dtake_ingest *ingest;
    int pipes[2];
    box_open(&b);
    /* a pipe that brings one record and then nothing: only cancelling ends it */
    CHECK_EQ(pipe(pipes), 0);
    CHECK(write(pipes[1], ITEM("a", ""), strlen(ITEM("a", ""))) > 0);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", pipes[0]);
    const char *input = path;
    const dtake_ingest_options o = { .inputs = &input, .input_count = 1, .dataset = "d" };
    CHECK_OK(dtake_ingest_start(&ingest, &b.f.client, &o, NULL));
    CHECK(!dtake_ingest_wait(ingest, 1));
    dtake_ingest_cancel(ingest);
    CHECK(dtake_ingest_wait(ingest, -1));
    CHECK_STATUS(dtake_ingest_status(ingest, &err), DTAKE_E_CANCELLED);
    dtake_ingest_free(ingest);
    CHECK(strstr(b.f.log, "commit") == NULL);
    close(pipes[0]);
    close(pipes[1]);
    box_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_lines_are_listed_and_the_rest_goes_in),
        cmocka_unit_test(items_of_several_collections_go_in_one_transaction),
        cmocka_unit_test(a_folder_is_its_files_without_the_collections_among_them),
        cmocka_unit_test(columns_become_fields_of_the_types_that_their_values_have),
        cmocka_unit_test(what_is_transformed_is_rounded_to_a_tenth_of_a_millimetre),
        cmocka_unit_test(what_the_options_say_wrongly_is_said_before_anything_is_read),
        cmocka_unit_test(columns_with_known_names_need_no_mapping),
        cmocka_unit_test(failures_are_written_with_the_text_of_their_records),
        cmocka_unit_test(an_input_that_cannot_be_read_fails_by_itself_among_others),
        cmocka_unit_test(a_source_that_fails_ends_it),
        cmocka_unit_test(what_is_cancelled_commits_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
