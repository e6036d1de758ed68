/* Datapoints as of 2024: geometries as Geobuf, time and id beside the message. */
#include "protocol/tilebox/kinds_fixture.h"

#include "protocol/tilebox/geobuf.h"
#include "format/protobuf.h"

static const dtake_field old_fields[] = {
    { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
    { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
    { .name = "ingestion_time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_INGESTION_TIME },
    { .name = "geometry", .type = DTAKE_FIELD_GEOMETRY, .role = DTAKE_ROLE_GEOMETRY },
    { .name = "orbit", .type = DTAKE_FIELD_INT64 },
};

/* The first datapoint of the recorded answer of 2024: its ring has four positions and leaves out the fifth.
 */
static void a_geobuf_ring_is_closed_and_opened_again(void **state)
{
    (void)state;
    static const int64_t coords[] = { -164809009, -65763180, -1249140, -851738,
                                      1945178,    -452266,   1199596,  866576 };
    dtake_buf geobuf = DTAKE_BUF_INIT(4096), wkb = DTAKE_BUF_INIT(4096), again = DTAKE_BUF_INIT(4096);
    dtake__pb_out out = { .to = &geobuf }, back = { .to = &again };
    dtake__pb_put_u64(&out, 2, 2);
    dtake__pb_put_u64(&out, 3, 6);
    size_t geometry = dtake__pb_begin(&out, 6), run;
    dtake__pb_put_u64(&out, 1, 5);
    run = dtake__pb_begin(&out, 2);
    dtake__pb_add_varint(&out, 4);
    dtake__pb_end(&out, run);
    run = dtake__pb_begin(&out, 3);
    for (size_t i = 0; i < 8; i++)
        dtake__pb_add_varint(&out, dtake__pb_to_zigzag(coords[i]));
    dtake__pb_end(&out, run);
    dtake__pb_end(&out, geometry);
    CHECK_OK(dtake__geobuf_read(geobuf.data, geobuf.len, &wkb, &err));
    CHECK_EQ(wkb.len, 5 + 4 + 4 + 5 * 16);
    double first[2], last[2];
    memcpy(first, wkb.data + 13, sizeof first);
    memcpy(last, wkb.data + wkb.len - 16, sizeof last);
    CHECK(first[0] == -164.809009 && first[1] == -65.76318);
    CHECK(first[0] == last[0] && first[1] == last[1]);
    CHECK_OK(dtake__geobuf_write(wkb.data, wkb.len, &back, &err));
    CHECK_EQ(again.len, geobuf.len);
    assert_memory_equal(again.data, geobuf.data, again.len);
    for (size_t cut = 0; cut < geobuf.len; cut++) { /* never a crash */
        dtake__buf_clear(&wkb);
        (void)dtake__geobuf_read(geobuf.data, cut, &wkb, NULL);
    }
    dtake__buf_dispose(&geobuf);
    dtake__buf_dispose(&wkb);
    dtake__buf_dispose(&again);
}

static void geometries_of_every_type_survive_geobuf(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "POINT (1.5 -2.123456789)",
        "POINT EMPTY",
        "LINESTRING (0 0, 1 1, 2 0.5)",
        "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 1))",
        "MULTIPOINT ((1 2), (3 4))",
        "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3, 4 4))",
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5), (5.5 5.2, 5.6 5.2, 5.6 5.3, 5.5 5.2)))",
        "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        dtake__geometry geometry;
        dtake_buf geobuf = DTAKE_BUF_INIT(4096), wkb = DTAKE_BUF_INIT(4096);
        dtake__pb_out out = { .to = &geobuf };
        CHECK_OK(dtake__geometry_from_wkt(texts[i], strlen(texts[i]), &geometry, &err));
        CHECK_OK(dtake__geobuf_write(geometry.wkb, geometry.bytes, &out, &err));
        if (dtake__geobuf_read(geobuf.data, geobuf.len, &wkb, &err) != DTAKE_OK)
            fail_msg("%s: %s", texts[i], err.message);
        if (i == 1) /* NaNs differ in their bits only */
            CHECK_EQ(wkb.len, geometry.bytes);
        else {
            CHECK_EQ(wkb.len, geometry.bytes);
            assert_memory_equal(wkb.data, geometry.wkb, wkb.len);
        }
        dtake__geometry_dispose(&geometry);
        dtake__buf_dispose(&geobuf);
        dtake__buf_dispose(&wkb);
    }
}

static void datapoints_of_2024_have_time_and_id_beside_them(void **state)
{
    (void)state;
    dtake_schema *schema;
    dtake__builder *b;
    dtake_batch *batch, *again;
    dtake__datapoints_encoder *encoder;
    dtake__datapoints_decoder *decoder;
    dtake_buf values = DTAKE_BUF_INIT(4096), meta = DTAKE_BUF_INIT(4096);
    uint8_t id[16] = { 1, 0x94, 0x1f };
    CHECK_OK(dtake_schema_new(&schema, old_fields, 5, &err));
    CHECK_OK(dtake__builder_new(&b, schema, &err));
    CHECK_OK(dtake__put_i64(b, 0, 1234567890123456789));
    CHECK_OK(dtake__put_bytes(b, 1, id, 16));
    CHECK_OK(dtake__put_i64(b, 2, 0));
    CHECK_OK(dtake__put_bytes(b, 3, kinds_point, sizeof kinds_point));
    CHECK_OK(dtake__put_i64(b, 4, 0));
    CHECK_OK(dtake__builder_end_row(b));
    CHECK_OK(dtake__builder_take(b, &batch, &err));
    dtake__builder_free(b);

    dtake__tilebox_type *type = type_for(schema, true);
    CHECK_OK(dtake__datapoints_encoder_new(&encoder, type, schema, DTAKE__DATAPOINTS_FULL, &err));
    CHECK_OK(dtake__datapoints_write(encoder, batch, 0, 1, 2, &values, &err));
    CHECK_OK(dtake__datapoints_write_meta(encoder, batch, 0, 1, false, 1, &meta, &err));
    CHECK_OK(dtake__datapoints_decoder_new(&decoder, type, schema, &err));
    dtake__pb_in value = dtake__pb_read(values.data, values.len),
                 beside = dtake__pb_read(meta.data, meta.len);
    CHECK(dtake__pb_next(&value) && dtake__pb_next(&beside));
    if (dtake__datapoints_read_meta(decoder, value.bytes, value.len, beside.bytes, beside.len, &err) !=
        DTAKE_OK)
        fail_msg("%s", err.message);
    CHECK_OK(dtake__datapoints_take(decoder, &again, &err));
    if (dtake__batch_compare(again, batch, &err) != DTAKE_OK)
        fail_msg("%s", err.message);

    dtake__buf_clear(&meta);
    CHECK_OK(dtake__datapoints_write_meta(encoder, batch, 0, 1, true, 1, &meta, &err));
    CHECK_EQ(meta.len, 2 + 2 + 36);
    dtake_batch_release(batch);
    dtake_batch_release(again);
    dtake__datapoints_encoder_free(encoder);
    dtake__datapoints_decoder_free(decoder);
    dtake__tilebox_type_release(type);
    dtake__buf_dispose(&values);
    dtake__buf_dispose(&meta);
    dtake_schema_release(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_geobuf_ring_is_closed_and_opened_again),
        cmocka_unit_test(geometries_of_every_type_survive_geobuf),
        cmocka_unit_test(datapoints_of_2024_have_time_and_id_beside_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
