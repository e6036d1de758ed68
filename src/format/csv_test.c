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

/* Fields are looked for 16 bytes at a time: every length meets every place in such a block. */
static void fields_of_every_length_are_found_wherever_they_begin(void **state)
{
    (void)state;
    for (size_t before = 0; before < 40; before++)
        for (size_t len = 0; len < 40; len++)
            for (int quoted = 0; quoted < 2; quoted++) {
                char *row = malloc(200); /* sanitizers see what is read behind it */
                int bytes =
                    snprintf(row, 200, "%.*s,%s%.*s%s,1,,%.*s", (int)before,
                             "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", quoted ? "\"" : "",
                             (int)len, "0123456789012345678901234567890123456789", quoted ? ",\"" : "",
                             (int)len, "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ");
                row = realloc(row, (size_t)bytes);
                dtake__span f[5];
                size_t count;
                CHECK_OK(dtake__csv_split(row, (size_t)bytes, ',', f, 5, &count, NULL));
                CHECK_EQ(count, 5);
                CHECK(f[0].len == before && f[1].len == len + (size_t)quoted);
                CHECK(f[2].len == 1 && *f[2].text == '1' && f[3].len == 0 && f[4].len == len);
                CHECK(len == 0 || (*f[1].text == '0' && *f[4].text == 'A'));
                free(row);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_taken_apart_at_its_delimiters),
        cmocka_unit_test(fields_of_every_length_are_found_wherever_they_begin),
        cmocka_unit_test(quotes_hold_delimiters_line_ends_and_quotes),
        cmocka_unit_test(more_fields_than_there_is_room_for_are_refused),
        cmocka_unit_test(the_delimiter_is_guessed_from_the_header),
        cmocka_unit_test(what_was_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
