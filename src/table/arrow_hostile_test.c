/* Foreign arrays that lie, as far as their structs can be held against them. */
#include "check.h"
#include "table/arrow_fixture.h"

static const int32_t offsets[] = { 0, 3, 3, 7 };
static const char text[] = "S2AL2A!";
static const int64_t numbers[] = { 1, 2, 3, 4, 5, 6, 7 };

static void refuse(foreign *f, dtake_status status, const char *words)
{
    dtake_batch *batch = NULL;
    dtake_error err = { 0 };
    CHECK_EQ(foreign_take(f, &batch, &err), status);
    if (!strstr(err.message, words))
        fail_msg("'%s' does not say '%s'", err.message, words);
    CHECK(batch == NULL);
}

static void offsets_that_fall_or_begin_below_zero_are_refused(void **state)
{
    static const int32_t falling[] = { 0, 5, 3, 7 }, below[] = { -4, 0, 3, 7 }, at_the_end[] = { 0, 3, 7, 6 };
    static const int64_t large[] = { 0, 3, 3, (int64_t)1 << 31 }, hidden[] = { 0, (int64_t)1 << 32, 3, 4 };
    foreign f;
    (void)state;
    foreign_init(&f, "u", 3, NULL, falling, text);
    refuse(&f, DTAKE_E_FORMAT, "Arrow field x: row 1: offsets 5 to 3");
    foreign_init(&f, "u", 3, NULL, below, text);
    refuse(&f, DTAKE_E_FORMAT, "row 0: offsets -4 to 0");
    foreign_init(&f, "z", 3, NULL, at_the_end, text);
    refuse(&f, DTAKE_E_FORMAT, "row 2: offsets 7 to 6");
    foreign_init(&f, "U", 3, NULL, large, text);
    refuse(&f, DTAKE_E_LIMIT, "2147483648 bytes in one batch");
    foreign_init(&f, "U", 3, NULL, hidden, text);
    refuse(&f, DTAKE_E_FORMAT, "row 1: offsets 4294967296 to 3");
    foreign_init(&f, "+l", 3, NULL, falling, NULL);
    foreign_items(&f, "l", 7, NULL, numbers, NULL);
    refuse(&f, DTAKE_E_FORMAT, "row 1: offsets 5 to 3");
}

static void lists_longer_than_their_items_are_refused(void **state)
{
    foreign f;
    (void)state;
    foreign_init(&f, "+l", 3, NULL, offsets, NULL);
    foreign_items(&f, "l", 6, NULL, numbers, NULL);
    refuse(&f, DTAKE_E_FORMAT, "7 rows from 0 on of an array of 6");
    foreign_init(&f, "+l", 3, NULL, offsets, NULL);
    foreign_items(&f, "l", 7, NULL, numbers, NULL);
    f.values.offset = 1;
    f.values.length = 6;
    refuse(&f, DTAKE_E_FORMAT, "7 rows from 1 on of an array of 6");
    foreign_init(&f, "+w:3", 3, NULL, NULL, NULL);
    foreign_items(&f, "l", 7, NULL, numbers, NULL);
    refuse(&f, DTAKE_E_FORMAT, "9 rows from 0 on of an array of 7");
    foreign_init(&f, "+w:3", 3, NULL, NULL, NULL);
    foreign_items(&f, "g", 7, NULL, numbers, NULL);
    refuse(&f, DTAKE_E_FORMAT, "9 rows from 0 on of an array of 7");
}

static void lengths_and_offsets_that_do_not_add_up_are_refused(void **state)
{
    foreign f;
    (void)state;
    foreign_init(&f, "l", 7, NULL, numbers, NULL);
    f.column.length = 6;
    refuse(&f, DTAKE_E_FORMAT, "7 rows from 0 on of an array of 6");
    foreign_init(&f, "l", 7, NULL, numbers, NULL);
    f.array.offset = 1;
    refuse(&f, DTAKE_E_FORMAT, "7 rows from 1 on of an array of 7");
    foreign_init(&f, "l", 7, NULL, numbers, NULL);
    f.column.offset = -1;
    refuse(&f, DTAKE_E_FORMAT, "the array is missing, or its offset wrong");
    foreign_init(&f, "l", 7, NULL, numbers, NULL);
    f.column.offset = INT64_MAX;
    refuse(&f, DTAKE_E_FORMAT, "7 rows from 9223372036854775807 on");
    foreign_init(&f, "l", 7, NULL, numbers, NULL);
    f.array.offset = f.column.offset = INT64_MAX - 100;
    refuse(&f, DTAKE_E_FORMAT, "its offset wrong");
    foreign_init(&f, "l", -1, NULL, numbers, NULL);
    refuse(&f, DTAKE_E_FORMAT, "a batch of -1 rows");
    foreign_init(&f, "l", (int64_t)1 << 31, NULL, numbers, NULL);
    refuse(&f, DTAKE_E_FORMAT, "a batch of 2147483648 rows");
    foreign_init(&f, "l", 7, NULL, numbers, NULL);
    f.column.null_count = 8;
    refuse(&f, DTAKE_E_FORMAT, "7 rows from 0 on of an array of 7");
    foreign_init(&f, "+w:64", 3, NULL, NULL, NULL);
    foreign_items(&f, "g", 7, NULL, numbers, NULL);
    f.column.offset = INT64_MAX - 100;
    f.column.length = 100;
    refuse(&f, DTAKE_E_FORMAT, "its numbers are missing");
}

static void missing_parts_are_refused(void **state)
{
    foreign f;
    (void)state;
    foreign_init(&f, "l", 7, NULL, NULL, NULL);
    refuse(&f, DTAKE_E_FORMAT, "buffer 1 is missing");
    foreign_init(&f, "u", 3, NULL, NULL, text);
    refuse(&f, DTAKE_E_FORMAT, "buffer 1 is missing");
    foreign_init(&f, "u", 3, NULL, offsets, text);
    f.buffers[2] = NULL;
    refuse(&f, DTAKE_E_FORMAT, "there are no bytes");
    foreign_init(&f, "u", 3, NULL, offsets, NULL);
    refuse(&f, DTAKE_E_FORMAT, "2 buffers and 0 children do not make a \"u\"");
    foreign_init(&f, "l", 7, NULL, numbers, NULL);
    f.column.buffers = NULL;
    refuse(&f, DTAKE_E_FORMAT, "do not make a \"l\"");
    foreign_init(&f, "l", 7, NULL, numbers, NULL);
    f.columns[0] = NULL;
    refuse(&f, DTAKE_E_FORMAT, "the array is missing");
    foreign_init(&f, "l", 7, NULL, numbers, NULL);
    f.column.release = NULL;
    refuse(&f, DTAKE_E_FORMAT, "the array is missing");
    foreign_init(&f, "+l", 3, NULL, offsets, NULL);
    foreign_items(&f, "l", 7, NULL, numbers, NULL);
    f.lists[0] = NULL;
    refuse(&f, DTAKE_E_FORMAT, "its items are missing");
    foreign_init(&f, "+w:2", 3, NULL, NULL, NULL);
    foreign_items(&f, "g", 7, NULL, numbers, NULL);
    f.lists[0] = NULL;
    refuse(&f, DTAKE_E_FORMAT, "its numbers are missing");
    foreign_init(&f, "l", 7, NULL, numbers, NULL);
    f.array.n_children = 0;
    refuse(&f, DTAKE_E_FORMAT, "a batch of 0 columns for 1 fields");
    foreign_init(&f, "vu", 3, NULL, NULL, NULL);
    refuse(&f, DTAKE_E_FORMAT, "buffer 1 is missing");
    foreign_init(&f, "l", 3, NULL, (const char *)numbers + 1, NULL);
    refuse(&f, DTAKE_E_UNSUPPORTED, "buffer 1 is not aligned");
}

static void an_array_that_was_released_is_refused(void **state)
{
    foreign f;
    dtake_schema *schema;
    dtake_batch *batch;
    (void)state;
    foreign_init(&f, "l", 7, NULL, numbers, NULL);
    CHECK_OK(dtake_schema_from_arrow(&schema, &f.schema, NULL));
    f.array.release = NULL;
    CHECK_STATUS(dtake_batch_from_arrow(&batch, schema, &f.schema, &f.array, NULL), DTAKE_E_FORMAT);
    CHECK_EQ(f.released, 0);
    dtake_schema_release(schema);
    f.schema.release = NULL;
    CHECK_STATUS(dtake_schema_from_arrow(&schema, &f.schema, NULL), DTAKE_E_UNSUPPORTED);
}

static void views_beyond_their_buffers_are_refused(void **state)
{
    struct {
        int32_t len;
        char prefix[4];
        int32_t buffer, offset;
    } views[1];
    static const int32_t wrong[][3] = { { -1, 0, 0 },  { 20, 1, 0 }, { 20, -1, 0 },
                                        { 20, 0, -1 }, { 20, 0, 6 }, { 20, 0, INT32_MAX } };
    static const int64_t sizes[] = { 25 };
    static const char bytes[] = "LC08_L1TP_013032_20180131";
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        foreign f;
        memset(views, 0, sizeof views);
        views[0].len = wrong[i][0];
        views[0].buffer = wrong[i][1];
        views[0].offset = wrong[i][2];
        foreign_init(&f, "vu", 1, NULL, views, bytes);
        f.buffers[3] = sizes;
        f.column.n_buffers = 4;
        refuse(&f, DTAKE_E_FORMAT, "bytes from");
    }
}

static void entries_outside_the_dictionary_are_refused(void **state)
{
    static const int8_t indices[] = { 0, 1, 2 }, below[] = { 0, -1, 1 };
    static const uint64_t far[] = { 0, UINT64_MAX, 1 };
    foreign f;
    (void)state;
    foreign_init(&f, "c", 3, NULL, indices, NULL);
    foreign_dictionary(&f, 2, offsets, text);
    refuse(&f, DTAKE_E_FORMAT, "row 2: entry 2 of a dictionary of 2");
    foreign_init(&f, "c", 3, NULL, below, NULL);
    foreign_dictionary(&f, 2, offsets, text);
    refuse(&f, DTAKE_E_FORMAT, "row 1: entry -1");
    foreign_init(&f, "L", 3, NULL, far, NULL);
    foreign_dictionary(&f, 2, offsets, text);
    refuse(&f, DTAKE_E_FORMAT, "row 1: entry -1");
    foreign_init(&f, "c", 3, NULL, indices, NULL);
    foreign_dictionary(&f, 3, offsets, text);
    f.column.dictionary = NULL;
    refuse(&f, DTAKE_E_FORMAT, "its dictionary is missing");
}

static void text_that_is_not_utf8_is_refused_but_not_under_a_null(void **state)
{
    static const char latin[] = "S2AZ\xfc!!", cut[] = "ab\xc3\xbc...";
    static const uint8_t first_two[] = { 3 };
    foreign f;
    dtake_batch *batch;
    (void)state;
    foreign_init(&f, "u", 3, NULL, offsets, latin);
    refuse(&f, DTAKE_E_FORMAT, "row 2 is not UTF-8");
    foreign_init(&f, "u", 3, NULL, offsets, cut); /* valid as a whole, but cut within a letter */
    refuse(&f, DTAKE_E_FORMAT, "row 0 is not UTF-8");
    foreign_init(&f, "u", 3, first_two, offsets, latin);
    CHECK_EQ(foreign_column(&f, &batch)->null_count, 1);
    dtake_batch_release(batch);
    foreign_init(&f, "z", 3, NULL, offsets, latin);
    foreign_column(&f, &batch);
    dtake_batch_release(batch);
}

static void formats_that_we_do_not_hold_are_named(void **state)
{
    static const char *const formats[] = { "d:19,10",       "+s",   "+m",   "+ud:0,1", "e",
                                           "ttm",           "tiD",  "tsx:", "w:",      "w:x",
                                           "w:99999999999", "w:-1", "+vl",  "",        "q" };
    foreign f;
    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        char words[64];
        foreign_init(&f, formats[i], 1, NULL, numbers, NULL);
        snprintf(words, sizeof words, "Arrow field x: columns of format \"%s\" are not taken", formats[i]);
        refuse(&f, DTAKE_E_UNSUPPORTED, words);
    }
    foreign_init(&f, "+l", 3, NULL, offsets, NULL);
    foreign_items(&f, "+l", 7, NULL, numbers, NULL);
    refuse(&f, DTAKE_E_UNSUPPORTED, "Arrow field item: columns of format \"+l\"");
    foreign_init(&f, "l", 3, NULL, numbers, NULL);
    f.schema.format = "l";
    refuse(&f, DTAKE_E_UNSUPPORTED, "a table is a struct");
    foreign_init(&f, "+l", 3, NULL, offsets, NULL);
    refuse(&f, DTAKE_E_FORMAT, "a list of 0 types");
}

static void rows_that_are_null_as_a_whole_are_refused(void **state)
{
    static const uint8_t but_one[] = { 0x7e }, all[] = { 0xff };
    const void *buffers[] = { but_one };
    foreign f;
    dtake_batch *batch;
    (void)state;
    foreign_init(&f, "l", 7, NULL, numbers, NULL);
    f.array.n_buffers = 1;
    f.array.buffers = buffers;
    f.array.null_count = -1;
    refuse(&f, DTAKE_E_UNSUPPORTED, "rows of a table cannot be null");
    buffers[0] = all;
    foreign_init(&f, "l", 7, NULL, numbers, NULL);
    f.array.n_buffers = 1;
    f.array.buffers = buffers;
    f.array.null_count = -1;
    foreign_column(&f, &batch);
    dtake_batch_release(batch);
}

static void pair(char *out, const char *key, const char *value)
{
    int32_t two = 2;
    memcpy(out, &two, 4);
    out += 4;
    const char *words[] = { "ARROW:extension:name", "geoarrow.wkb", key, value };
    for (int i = 0; i < 4; i++) {
        int32_t len = (int32_t)strlen(words[i]);
        memcpy(out, &len, 4);
        memcpy(out + 4, words[i], (size_t)len);
        out += 4 + len;
    }
}

static void geometries_are_taken_only_in_longitude_and_latitude(void **state)
{
    static const struct {
        const char *metadata;
        bool taken;
    } cases[] = {
        { "", true },
        { "{}", true },
        { "{\"crs\":null}", true },
        { "{\"crs\":\"OGC:CRS84\",\"crs_type\":\"authority_code\"}", true },
        { "{\"crs\":\"EPSG:4326\"}", true },
        { "{\"crs\":{\"type\":\"GeographicCRS\",\"name\":\"WGS "
          "84\",\"id\":{\"authority\":\"EPSG\",\"code\":4326}}}",
          true },
        { "{\"crs\":{\"id\":{\"authority\":\"OGC\",\"code\":\"CRS84\"}}}", true },
        { "{\"crs\":\"EPSG:2056\"}", false },
        { "{\"crs\":{\"base_crs\":{\"id\":{\"authority\":\"EPSG\",\"code\":4326}},\"id\":{\"authority\":"
          "\"EPSG\",\"code\":32633}}}",
          false },
        { "{\"crs\":{\"name\":\"unknown\"}}", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char metadata[400];
        foreign f;
        dtake_batch *batch;
        pair(metadata, "ARROW:extension:metadata", cases[i].metadata);
        foreign_init(&f, "z", 3, NULL, offsets, text);
        f.field.metadata = metadata;
        if (!cases[i].taken) {
            refuse(&f, DTAKE_E_UNSUPPORTED, "geometries must be in longitude and latitude");
            continue;
        }
        foreign_column(&f, &batch);
        CHECK_EQ(dtake_schema_field(dtake_batch_schema(batch), 0)->type, DTAKE_FIELD_GEOMETRY);
        dtake_batch_release(batch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_that_fall_or_begin_below_zero_are_refused),
        cmocka_unit_test(lists_longer_than_their_items_are_refused),
        cmocka_unit_test(lengths_and_offsets_that_do_not_add_up_are_refused),
        cmocka_unit_test(missing_parts_are_refused),
        cmocka_unit_test(an_array_that_was_released_is_refused),
        cmocka_unit_test(views_beyond_their_buffers_are_refused),
        cmocka_unit_test(entries_outside_the_dictionary_are_refused),
        cmocka_unit_test(text_that_is_not_utf8_is_refused_but_not_under_a_null),
        cmocka_unit_test(formats_that_we_do_not_hold_are_named),
        cmocka_unit_test(rows_that_are_null_as_a_whole_are_refused),
        cmocka_unit_test(geometries_are_taken_only_in_longitude_and_latitude),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
