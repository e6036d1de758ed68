/* Rows and expressions of strangers: the first line is an expression over the columns a, b and c, the rest a
 * CSV row. */
#include "core/alloc.h"
#include "format/csv.h"
#include "format/row_expression.h"

#include <stdlib.h>
#include <string.h>

enum { FIELDS = 64 };

/* What was read is written and read again. */
static void check_round_trip(const dtake__span *field, size_t count)
{
    dtake_buf buf = DTAKE_BUF_INIT(16 << 20);
    dtake__span back[FIELDS];
    size_t again;
    for (size_t i = 0; i < count; i++)
        if ((i > 0 && dtake__buf_puts(&buf, ",") != DTAKE_OK) ||
            dtake__csv_put(&buf, field[i], ',') != DTAKE_OK)
            abort();
    if (dtake__csv_split((char *)buf.data, buf.len, ',', back, FIELDS, &again, NULL) != DTAKE_OK ||
        again != count)
        abort();
    for (size_t i = 0; i < count; i++)
        if (!dtake__span_equal(field[i], back[i]))
            abort();
    dtake__buf_dispose(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static dtake__row_scratch scratch;
    static const dtake__span columns[] = { { "a", 1 }, { "b", 1 }, { "c", 1 } };
    char *text = dtake__strndup((const char *)data, size);
    size_t line = text != NULL ? strcspn(text, "\n") : 0;
    dtake__span field[FIELDS];
    dtake__row_expression *expression;
    dtake__row_value value;
    dtake_error err;
    size_t count = 0;
    if (text == NULL)
        return 0;
    char *row = text[line] == '\n' ? text + line + 1 : text + line;
    text[line] = '\0';
    if (dtake__csv_split(row, strlen(row), ',', field, FIELDS, &count, &err) == DTAKE_OK)
        check_round_trip(field, count);
    else
        count = 0;
    if (dtake__row_expression_new(&expression, text, columns, 3, &err) == DTAKE_OK) {
        scratch.used = 0;
        dtake_status st = dtake__row_expression_evaluate(expression, field, count, &scratch, &value, &err);
        if (st == DTAKE_OK && value.kind != DTAKE__ROW_NULL &&
            value.kind != dtake__row_expression_kind(expression))
            abort();
        dtake__row_expression_free(expression);
    }
    dtake__free(text);
    return 0;
}
