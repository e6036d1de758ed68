/* Datapoints with fields of all kinds, from columns to the wire and back. */
#include "protocol/tilebox/kinds_fixture.h"

static void write_rows(const dtake_batch *batch, const dtake__tilebox_type *type, dtake_buf *out)
{
    dtake__datapoints_encoder *encoder;
    CHECK_OK(dtake__datapoints_encoder_new(&encoder, type, dtake_batch_schema(batch), DTAKE__DATAPOINTS_FULL,
                                           &err));
    if (dtake__datapoints_write(encoder, batch, 0, dtake_batch_rows(batch), 2, out, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    dtake__datapoints_encoder_free(encoder);
}

static dtake_batch *through(const dtake_batch *batch, const dtake__tilebox_type *type, dtake_buf *bytes)
{
    dtake__datapoints_decoder *decoder;
    dtake_batch *out = NULL;
    write_rows(batch, type, bytes);
    CHECK_OK(dtake__datapoints_decoder_new(&decoder, type, dtake_batch_schema(batch), &err));
    if (dtake__datapoints_read_all(decoder, bytes->data, bytes->len, 2, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    CHECK_OK(dtake__datapoints_take(decoder, &out, &err));
    dtake__datapoints_decoder_free(decoder);
    return out;
}

static void check_survival(size_t fields)
{
    dtake_schema *schema;
    dtake_batch *batch = batch_of_kinds(fields, &schema);
    dtake__tilebox_type *type = type_for(schema, false);
    dtake_buf bytes = DTAKE_BUF_INIT(1 << 20);
    dtake_batch *again = through(batch, type, &bytes);
    if (dtake__batch_compare(again, batch, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    dtake_batch_release(again);
    dtake_batch_release(batch);
    dtake__buf_dispose(&bytes);
    dtake__tilebox_type_release(type);
    dtake_schema_release(schema);
}

static void all_kinds_of_values_survive_the_wire_zeros_and_absence_too(void **state)
{
    (void)state;
    check_survival(KINDS);
    check_survival(KINDS_FLAT);
}

/* With a list, even one that is null everywhere, rows take another way. */
static void the_same_rows_are_the_same_bytes_whichever_way_they_are_written(void **state)
{
    (void)state;
    dtake_schema *flat, *with_list;
    dtake_batch *batch = batch_of_kinds(KINDS_FLAT, &flat), *wider;
    dtake_buf one = DTAKE_BUF_INIT(1 << 20), other = DTAKE_BUF_INIT(1 << 20);
    CHECK_OK(dtake_schema_new(&with_list, kinds, KINDS_FLAT + 1, &err));
    CHECK_OK(dtake__batch_cast(&wider, batch, with_list, &err));
    dtake__tilebox_type *type = type_for(with_list, false);
    write_rows(batch, type, &one);
    write_rows(wider, type, &other);
    CHECK_EQ(one.len, other.len);
    assert_memory_equal(one.data, other.data, one.len);
    dtake__buf_dispose(&one);
    dtake__buf_dispose(&other);
    dtake_batch_release(batch);
    dtake_batch_release(wider);
    dtake__tilebox_type_release(type);
    dtake_schema_release(flat);
    dtake_schema_release(with_list);
}

/* --- one message, two ways to read it --- */

enum { MOST_FIELDS = 64 };

/* The fields in reverse, which the quick reader leaves to the careful one. False: it is no message, has a
 * field twice (of which the last one would be another), or too many. */
static bool reverse(dtake__span message, dtake_buf *out)
{
    dtake__span fields[MOST_FIELDS];
    uint32_t numbers[MOST_FIELDS];
    size_t count = 0;
    dtake__pb_in in = dtake__pb_read(message.text, message.len);
    while (dtake__pb_next(&in)) {
        for (size_t i = 0; i < count; i++)
            if (numbers[i] == in.field)
                return false;
        if (count == MOST_FIELDS)
            return false;
        numbers[count] = in.field;
        fields[count++] = (dtake__span){ (const char *)in.start, (size_t)(in.at - in.start) };
    }
    for (size_t i = count; i-- > 0 && in.wrong == NULL;)
        CHECK_OK(dtake__buf_append(out, fields[i].text, fields[i].len));
    return in.wrong == NULL;
}

/* The message as field 2 of a page that goes on behind it: room to look at. */
static dtake_batch *read_one(dtake__datapoints_decoder *decoder, dtake__span message, dtake_status *status)
{
    static const char behind[64];
    dtake_buf page = DTAKE_BUF_INIT(1 << 20);
    dtake__pb_out out = { .to = &page };
    dtake_batch *batch;
    dtake__pb_put_span(&out, 2, message);
    dtake__pb_put_bytes(&out, 15, behind, sizeof behind);
    *status = dtake__datapoints_read_all(decoder, page.data, page.len, 2, &err);
    CHECK_OK(dtake__datapoints_take(decoder, &batch, NULL));
    dtake__buf_dispose(&page);
    return batch;
}

static void check_both_ways(dtake__datapoints_decoder *decoder, dtake__span message, int *compared)
{
    dtake_status forward, backward;
    dtake_buf reversed = DTAKE_BUF_INIT(1 << 20);
    if (reverse(message, &reversed)) {
        dtake_batch *one = read_one(decoder, message, &forward);
        dtake_batch *other =
            read_one(decoder, (dtake__span){ (const char *)reversed.data, reversed.len }, &backward);
        CHECK_EQ(forward == DTAKE_OK, backward == DTAKE_OK);
        if (dtake__batch_compare(one, other, &err) != DTAKE_OK)
            fail_msg("%s", err.message);
        dtake_batch_release(one);
        dtake_batch_release(other);
        ++*compared;
    }
    dtake__buf_dispose(&reversed);
}

/* Sound, and with every bit of it turned. */
static void the_quick_reader_and_the_careful_one_agree(void **state)
{
    (void)state;
    dtake_schema *schema;
    dtake_batch *batch = batch_of_kinds(KINDS_FLAT, &schema);
    dtake__tilebox_type *type = type_for(schema, false);
    dtake__datapoints_decoder *decoder;
    dtake_buf bytes = DTAKE_BUF_INIT(1 << 20);
    int compared = 0;
    write_rows(batch, type, &bytes);
    CHECK_OK(dtake__datapoints_decoder_new(&decoder, type, schema, &err));
    dtake__pb_in in = dtake__pb_read(bytes.data, bytes.len);
    while (dtake__pb_next(&in)) {
        dtake__span message = dtake__pb_bytes(&in);
        check_both_ways(decoder, message, &compared);
        for (size_t bit = 0; bit < 8 * message.len && message.len < 1000; bit++) {
            uint8_t *at = (uint8_t *)bytes.data + ((const uint8_t *)message.text - bytes.data) + bit / 8;
            *at ^= (uint8_t)(1 << bit % 8);
            check_both_ways(decoder, message, &compared);
            *at ^= (uint8_t)(1 << bit % 8);
        }
    }
    CHECK(compared > 3000);
    dtake__datapoints_decoder_free(decoder);
    dtake__buf_dispose(&bytes);
    dtake_batch_release(batch);
    dtake__tilebox_type_release(type);
    dtake_schema_release(schema);
}

/* --- broken ones --- */

/* Every cut and every changed byte: rows or an error, never a crash. */
static void broken_datapoints_are_errors_and_leave_the_rows_before_them(void **state)
{
    (void)state;
    dtake_schema *schema;
    dtake_batch *batch = batch_of_kinds(KINDS, &schema), *out;
    dtake__tilebox_type *type = type_for(schema, false);
    dtake_buf bytes = DTAKE_BUF_INIT(1 << 20);
    dtake__datapoints_encoder *encoder;
    dtake__datapoints_decoder *decoder;
    CHECK_OK(dtake__datapoints_encoder_new(&encoder, type, schema, DTAKE__DATAPOINTS_FULL, &err));
    CHECK_OK(dtake__datapoints_write(encoder, batch, 0, 1, 2, &bytes, &err));
    CHECK_OK(dtake__datapoints_decoder_new(&decoder, type, schema, &err));
    size_t first = bytes.len;
    int64_t good = 0;
    for (size_t at = 0; at < first; at++) {
        uint8_t was = bytes.data[at];
        if (dtake__datapoints_read_all(decoder, bytes.data, at, 2, &err) == DTAKE_OK)
            CHECK_EQ(at, 0);
        bytes.data[at] ^= (uint8_t)(1 << at % 8);
        good += dtake__datapoints_read_all(decoder, bytes.data, first, 2, &err) == DTAKE_OK;
        bytes.data[at] = was;
        CHECK_OK(dtake__datapoints_read_all(decoder, bytes.data, first, 2, &err));
    }
    CHECK(dtake__datapoints_rows(decoder) >= (int64_t)first);
    CHECK(good < (int64_t)first);
    CHECK_OK(dtake__datapoints_take(decoder, &out, &err));
    dtake_batch_release(out);
    dtake__datapoints_encoder_free(encoder);
    dtake__datapoints_decoder_free(decoder);
    dtake_batch_release(batch);
    dtake__buf_dispose(&bytes);
    dtake__tilebox_type_release(type);
    dtake_schema_release(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds_of_values_survive_the_wire_zeros_and_absence_too),
        cmocka_unit_test(the_same_rows_are_the_same_bytes_whichever_way_they_are_written),
        cmocka_unit_test(the_quick_reader_and_the_careful_one_agree),
        cmocka_unit_test(broken_datapoints_are_errors_and_leave_the_rows_before_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
