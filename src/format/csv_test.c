#include "check.h"

#include "format/csv.h"

/* The fields of `row`, one after another with '|' behind each; "!" when it is refused. */
static const char *split(const char *row, char delimiter)
{
    static char out[256], text[256];
    dtake__span field[8];
    size_t count, len = 0;
    strcpy(text, row);
    if (dtake__csv_split(text, strlen(row), delimiter, field, 8, &count, NULL) != DTAKE_OK)
        return "!";
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(out + len, sizeof out - len, "%.*s|", (int)field[i].len, field[i].text);
    return out;
}

static void a_row_is_taken_apart_at_its_delimiters(void **state)
{
    (void)state;
    CHECK_STR(split("2025-01-01t104441,2025-01-01,1,89,2566220,100,0.47", ','),
              "2025-01-01t104441|2025-01-01|1|89|2566220|100|0.47|");
    CHECK_STR(split("", ','), "|");
    CHECK_STR(split(",", ','), "||");
    CHECK_STR(split("a;;b", ';'), "a||b|");
    CHECK_STR(split("a,b;c,d", ';'), "a,b|c,d|");
}

static void quotes_hold_delimiters_line_ends_and_quotes(void **state)
{
    (void)state;
    CHECK_STR(split("\"a,b\",\"c\nd\",\"say \"\"hi\"\"\",\"\",\"\"\"\"", ','), "a,b|c\nd|say \"hi\"||\"|");
    CHECK_STR(split("5\" pipe,a\"b\"\"c", ','), "5\" pipe|a\"b\"\"c|");
    CHECK_STR(split("\"a\"b,c", ','), "!");
    CHECK_STR(split("a,\"b", ','), "!");
    CHECK_STR(split("a,\"b\"\"", ','), "!");
    CHECK_STR(split("\"", ','), "!");
}

static void more_fields_than_there_is_room_for_are_refused(void **state)
{
    (void)state;
    CHECK_STR(split("1,2,3,4,5,6,7,8", ','), "1|2|3|4|5|6|7|8|");
    CHECK_STR(split("1,2,3,4,5,6,7,8,", ','), "!");
}

static void the_delimiter_is_guessed_from_the_header(void **state)
{
    (void)state;
    CHECK_EQ(dtake__csv_guess_delimiter("id,time,x", 9), ',');
    CHECK_EQ(dtake__csv_guess_delimiter("id;\"a,b,c\";x", 12), ';');
    CHECK_EQ(dtake__csv_guess_delimiter("id\ttime", 7), '\t');
    CHECK_EQ(dtake__csv_guess_delimiter("id", 2), ',');
}

static void what_was_written_reads_back(void **state)
{
    (void)state;
    static const char *const fields[] = { "plain",      "",       "a,b",    "say \"hi\"",
                                          "two\nlines", " blank", "blank ", "\"" };
    enum { COUNT = sizeof fields / sizeof fields[0] };
    dtake_buf buf = DTAKE_BUF_INIT(4096);
    for (size_t i = 0; i < COUNT; i++) {
        if (i > 0)
            CHECK_OK(dtake__buf_puts(&buf, ","));
        CHECK_OK(dtake__csv_put(&buf, dtake__span_of(fields[i]), ','));
    }
    CHECK_STR(dtake__buf_str(&buf),
              "plain,,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\" blank\",\"blank \",\"\"\"\"");
    dtake__span back[COUNT];
    size_t count;
    CHECK_OK(dtake__csv_split((char *)buf.data, buf.len, ',', back, COUNT, &count, NULL));
    CHECK_EQ(count, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        CHECK(dtake__span_equal(back[i], dtake__span_of(fields[i])));
    dtake__buf_dispose(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_taken_apart_at_its_delimiters),
        cmocka_unit_test(quotes_hold_delimiters_line_ends_and_quotes),
        cmocka_unit_test(more_fields_than_there_is_room_for_are_refused),
        cmocka_unit_test(the_delimiter_is_guessed_from_the_header),
        cmocka_unit_test(what_was_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
