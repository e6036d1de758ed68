#include "output/table_output.h"

#include "check.h"
#include "core/alloc.h"
#include "core/buf.h"
#include "output/netcdf_api.h"
#include "table/table_fixture.h"
#include "temp.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

typedef struct folder {
    char path[TEMP_PATH], file[TEMP_PATH + 16];
} folder;

static folder new_folder(const char *name)
{
    folder f;
    CHECK(temp_folder(f.path, "table"));
    snprintf(f.file, sizeof f.file, "%s/%s", f.path, name);
    return f;
}

/* How many files the folder has; then it goes. */
static int end_folder(const folder *f)
{
    int count = 0;
    DIR *dir = opendir(f->path);
    CHECK(dir != NULL);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[TEMP_PATH + 300];
        if (entry->d_name[0] == '.' && (entry->d_name[1] == '\0' || entry->d_name[1] == '.'))
            continue;
        snprintf(path, sizeof path, "%s/%s", f->path, entry->d_name);
        unlink(path);
        count++;
    }
    closedir(dir);
    rmdir(f->path);
    return count;
}

static bool collect(void *ctx, const void *bytes, size_t len)
{
    return dtake__buf_append(ctx, bytes, len) == DTAKE_OK;
}

/* All of a batch in a format. */
static void write_all(dtake__table_format format, const dtake_schema *schema, const dtake_batch *batch,
                      dtake_buf *out)
{
    dtake__table_target target = { .format = format, .write = collect, .write_ctx = out };
    dtake__table_output *output;
    int64_t rows = -1, bytes = -1;
    CHECK_OK(dtake__table_output_open(&output, &target, schema, NULL));
    if (batch)
        CHECK_OK(dtake__table_output_put(output, batch, NULL));
    CHECK_OK(dtake__table_output_close(output, &rows, &bytes, NULL));
    CHECK_EQ(rows, batch ? dtake_batch_rows(batch) : 0);
    CHECK_EQ(bytes, out->len);
}

static const dtake_field few[] = {
    { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
    { .name = "geometry", .type = DTAKE_FIELD_GEOMETRY, .role = DTAKE_ROLE_GEOMETRY },
    { .name = "name, or \"title\"", .type = DTAKE_FIELD_STRING, .role = DTAKE_ROLE_NAME },
    { .name = "counts", .type = DTAKE_FIELD_INT64, .repeated = true },
};

static dtake_batch *few_rows(dtake_schema **schema)
{
    dtake__builder *builder;
    dtake_batch *batch;
    uint8_t point[21];
    CHECK_OK(dtake_schema_new(schema, few, 4, NULL));
    CHECK_OK(dtake__builder_new(&builder, *schema, NULL));
    fixture_point(8.5, 47, point);
    CHECK_OK(dtake__put_i64(builder, 0, 1577836800000000000));
    CHECK_OK(dtake__put_bytes(builder, 1, point, 21));
    CHECK_OK(dtake__put_bytes(builder, 2, "two\n\"lines\"", 11));
    CHECK_OK(dtake__put_list(builder, 3));
    CHECK_OK(dtake__put_i64(builder, 3, 1));
    CHECK_OK(dtake__put_i64(builder, 3, 2));
    CHECK_OK(dtake__builder_end_row(builder));
    CHECK_OK(dtake__put_i64(builder, 0, 0));
    CHECK_OK(dtake__put_bytes(builder, 2, "", 0));
    CHECK_OK(dtake__builder_end_row(builder));
    CHECK_OK(dtake__builder_take(builder, &batch, NULL));
    dtake__builder_free(builder);
    return batch;
}

static void csv_quotes_what_it_must_and_tells_null_from_empty(void **state)
{
    dtake_schema *schema;
    dtake_batch *batch = few_rows(&schema);
    dtake_buf text = DTAKE_BUF_INIT(10000);
    (void)state;
    write_all(DTAKE__TABLE_CSV, schema, batch, &text);
    CHECK_STR(dtake__buf_str(&text), "time,geometry,\"name, or \"\"title\"\"\",counts\n"
                                     "2020-01-01T00:00:00Z,POINT (8.5 47),\"two\n\"\"lines\"\"\",\"[1,2]\"\n"
                                     "1970-01-01T00:00:00Z,,\"\",\n");
    dtake__buf_dispose(&text);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

static void a_csv_line_of_one_null_is_not_empty(void **state)
{
    dtake_schema *schema;
    dtake__builder *builder;
    dtake_batch *batch;
    dtake_buf text = DTAKE_BUF_INIT(1000);
    (void)state;
    CHECK_OK(dtake_schema_new(&schema, few + 3, 1, NULL));
    CHECK_OK(dtake__builder_new(&builder, schema, NULL));
    CHECK_OK(dtake__builder_end_row(builder));
    CHECK_OK(dtake__builder_end_row(builder));
    CHECK_OK(dtake__builder_take(builder, &batch, NULL));
    write_all(DTAKE__TABLE_CSV, schema, batch, &text);
    CHECK_STR(dtake__buf_str(&text), "counts\n\"\"\n\"\"\n");
    dtake__buf_dispose(&text);
    dtake__builder_free(builder);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

static void ndjson_has_an_object_a_line(void **state)
{
    dtake_schema *schema;
    dtake_batch *batch = few_rows(&schema);
    dtake_buf text = DTAKE_BUF_INIT(10000);
    (void)state;
    write_all(DTAKE__TABLE_NDJSON, schema, batch, &text);
    CHECK_STR(dtake__buf_str(&text),
              "{\"time\":\"2020-01-01T00:00:00Z\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[8.5,47]},"
              "\"name, or \\\"title\\\"\":\"two\\u000a\\\"lines\\\"\",\"counts\":[1,2]}\n"
              "{\"time\":\"1970-01-01T00:00:00Z\",\"geometry\":null,\"name, or "
              "\\\"title\\\"\":\"\",\"counts\":null}\n");
    dtake__buf_dispose(&text);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

static void geojson_is_one_document_also_without_rows(void **state)
{
    dtake_schema *schema, *some;
    dtake_batch *batch = few_rows(&schema);
    dtake_buf text = DTAKE_BUF_INIT(10000);
    dtake__table_target target = { .format = DTAKE__TABLE_GEOJSON, .write = collect, .write_ctx = &text };
    dtake__table_output *output;
    dtake_error err;
    (void)state;
    write_all(DTAKE__TABLE_GEOJSON, schema, batch, &text);
    CHECK_STR(dtake__buf_str(&text),
              "{\"type\":\"FeatureCollection\",\"features\":[\n"
              "{\"type\":\"Feature\",\"id\":\"two\\u000a\\\"lines\\\"\",\"geometry\":{\"type\":\"Point\","
              "\"coordinates\":[8.5,47]},\"properties\":{\"time\":\"2020-01-01T00:00:00Z\","
              "\"name, or \\\"title\\\"\":\"two\\u000a\\\"lines\\\"\",\"counts\":[1,2]}},\n"
              "{\"type\":\"Feature\",\"id\":\"\",\"geometry\":null,\"properties\":{\"time\":"
              "\"1970-01-01T00:00:00Z\",\"name, or \\\"title\\\"\":\"\",\"counts\":null}}\n]}\n");
    dtake__buf_clear(&text);
    write_all(DTAKE__TABLE_GEOJSON, schema, NULL, &text);
    CHECK_STR(dtake__buf_str(&text), "{\"type\":\"FeatureCollection\",\"features\":[\n]}\n");
    CHECK_OK(dtake_schema_new(&some, few, 1, NULL));
    CHECK_STATUS(dtake__table_output_open(&output, &target, some, &err), DTAKE_E_USAGE);
    CHECK(strstr(err.message, "have no geometry"));
    dtake__buf_dispose(&text);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
    dtake_schema_release(some);
}

static bool refuse(void *ctx, const void *bytes, size_t len)
{
    (void)bytes;
    *(size_t *)ctx += len;
    return *(size_t *)ctx < 100000;
}

static void a_reader_that_goes_away_ends_it(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = fixture_batch(schema, 1, 5000);
    size_t seen = 0;
    dtake__table_target target = { .format = DTAKE__TABLE_NDJSON, .write = refuse, .write_ctx = &seen };
    dtake__table_output *output;
    (void)state;
    CHECK_OK(dtake__table_output_open(&output, &target, schema, NULL));
    CHECK_STATUS(dtake__table_output_put(output, batch, NULL), DTAKE_E_CANCELLED);
    dtake__table_output_abort(output);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

static void a_file_appears_when_it_is_complete(void **state)
{
    static const dtake__table_format formats[] = { DTAKE__TABLE_CSV, DTAKE__TABLE_NETCDF };
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = fixture_batch(schema, 2, 100);
    (void)state;
    for (int i = 0; i < 2; i++) {
        folder f = new_folder("a.out");
        dtake__table_target target = { .format = formats[i], .path = f.file };
        dtake__table_output *output;
        dtake_error err;
        struct stat is;
        int64_t bytes;
        if (formats[i] == DTAKE__TABLE_NETCDF && !dtake__netcdf_load())
            skip();
        CHECK_OK(dtake__table_output_open(&output, &target, schema, NULL));
        CHECK_OK(dtake__table_output_put(output, batch, NULL));
        CHECK(stat(f.file, &is) != 0);
        dtake__table_output_abort(output);
        CHECK(stat(f.file, &is) != 0);
        CHECK_OK(dtake__table_output_open(&output, &target, schema, NULL));
        CHECK_OK(dtake__table_output_put(output, batch, NULL));
        if (dtake__table_output_close(output, NULL, &bytes, &err) != DTAKE_OK)
            fail_msg("%s", err.message);
        CHECK_EQ(stat(f.file, &is), 0);
        CHECK_EQ(is.st_size, bytes);
        CHECK_STATUS(dtake__table_output_open(&output, &target, schema, &err), DTAKE_E_STATE);
        target.replace = true;
        CHECK_OK(dtake__table_output_open(&output, &target, schema, NULL));
        CHECK_OK(dtake__table_output_close(output, NULL, NULL, NULL));
        CHECK_EQ(end_folder(&f), 1);
    }
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

static void a_full_disk_is_told_and_leaves_nothing(void **state)
{
    static const dtake__table_format formats[] = { DTAKE__TABLE_NDJSON, DTAKE__TABLE_NETCDF };
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = fixture_batch(schema, 3, 20000);
    struct rlimit before, small;
    (void)state;
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    for (int i = 0; i < 2; i++) {
        folder f = new_folder("a.out");
        dtake__table_target target = { .format = formats[i], .path = f.file };
        dtake__table_output *output;
        dtake_error err;
        if (formats[i] == DTAKE__TABLE_NETCDF && !dtake__netcdf_load())
            skip();
        CHECK_OK(dtake__table_output_open(&output, &target, schema, NULL));
        small = (struct rlimit){ 100000, before.rlim_max };
        setrlimit(RLIMIT_FSIZE, &small);
        dtake_status st = dtake__table_output_put(output, batch, &err);
        if (st == DTAKE_OK)
            st = dtake__table_output_close(output, NULL, NULL, &err);
        else
            dtake__table_output_abort(output);
        setrlimit(RLIMIT_FSIZE, &before);
        CHECK_EQ(st, DTAKE_E_LOCAL_IO);
        CHECK(strstr(err.message, f.file));
        CHECK_EQ(end_folder(&f), 0);
    }
    signal(SIGXFSZ, SIG_DFL);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

static void each_allocation_may_fail_and_leaves_nothing(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = fixture_batch(schema, 4, 10);
    (void)state;
    for (int format = DTAKE__TABLE_CSV; format <= DTAKE__TABLE_NETCDF; format++) {
        folder f = new_folder("a.out");
        dtake__table_target target = { .format = (dtake__table_format)format, .path = f.file };
        dtake_status st = DTAKE_E_NOMEM;
        if (format == DTAKE__TABLE_NETCDF && !dtake__netcdf_load())
            skip();
        for (long n = 0; st != DTAKE_OK; n++) {
            dtake__table_output *output = NULL;
            dtake__alloc_fail_after(n, false);
            st = dtake__table_output_open(&output, &target, schema, NULL);
            if (st == DTAKE_OK) {
                st = dtake__table_output_put(output, batch, NULL);
                if (st == DTAKE_OK)
                    st = dtake__table_output_close(output, NULL, NULL, NULL);
                else
                    dtake__table_output_abort(output);
            }
            dtake__alloc_fail_after(-1, false);
            CHECK(st == DTAKE_OK || st == DTAKE_E_NOMEM);
            struct stat is;
            CHECK_EQ(stat(f.file, &is) == 0, st == DTAKE_OK);
        }
        CHECK_EQ(end_folder(&f), 1);
    }
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

static void bytes_that_are_no_geometry_name_their_row(void **state)
{
    dtake_schema *schema;
    dtake__builder *builder;
    dtake_batch *batch;
    (void)state;
    CHECK_OK(dtake_schema_new(&schema, few, 4, NULL));
    CHECK_OK(dtake__builder_new(&builder, schema, NULL));
    CHECK_OK(dtake__builder_end_row(builder));
    CHECK_OK(dtake__put_bytes(builder, 1, "no", 2));
    CHECK_OK(dtake__builder_end_row(builder));
    CHECK_OK(dtake__builder_take(builder, &batch, NULL));
    for (int format = DTAKE__TABLE_CSV; format <= DTAKE__TABLE_GEOJSON; format++) {
        dtake_buf text = DTAKE_BUF_INIT(1000);
        dtake__table_target target = { .format = (dtake__table_format)format,
                                       .write = collect,
                                       .write_ctx = &text };
        dtake__table_output *output;
        dtake_error err;
        CHECK_OK(dtake__table_output_open(&output, &target, schema, NULL));
        CHECK_STATUS(dtake__table_output_put(output, batch, &err), DTAKE_E_FORMAT);
        CHECK_STR(err.message, "write row 1, geometry: the geometry is not WKB");
        dtake__table_output_abort(output);
        dtake__buf_dispose(&text);
    }
    dtake_batch_release(batch);
    dtake__builder_free(builder);
    dtake_schema_release(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_quotes_what_it_must_and_tells_null_from_empty),
        cmocka_unit_test(a_csv_line_of_one_null_is_not_empty),
        cmocka_unit_test(ndjson_has_an_object_a_line),
        cmocka_unit_test(geojson_is_one_document_also_without_rows),
        cmocka_unit_test(a_reader_that_goes_away_ends_it),
        cmocka_unit_test(a_file_appears_when_it_is_complete),
        cmocka_unit_test(a_full_disk_is_told_and_leaves_nothing),
        cmocka_unit_test(each_allocation_may_fail_and_leaves_nothing),
        cmocka_unit_test(bytes_that_are_no_geometry_name_their_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
