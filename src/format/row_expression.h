/* Small expressions over the columns of a row: where the time and the place of a datapoint come from.
 *
 *     strptime(substr(scene_id, 12, 6), '%H%M%S')      time out of a part of a name
 *     box(min_x, min_y, max_x, max_y)                  four numbers
 *     point(lon - 360, lat)
 *
 * Columns by name, in double quotes when the name is not letters, digits, '_', ':' and '.'; text in single
 * quotes (a quote is doubled); numbers; + - * / and brackets. An empty column is null; what is made of a null
 * is null, but for concat, where it is empty, and coalesce. A column becomes a number where one is wanted.
 *
 *     concat(a, b, ...)          the texts one after another
 *     substr(text, from, count)  from the character (byte) `from`, counted from 1, from the end when
 * negative; without `count` to the end split(text, at, n)         the n-th piece between the texts `at`, from
 * 1; from the end when negative between(text, a, b)        what stands between the first a and the next b;
 * null when they are not there replace(text, what, with)  every one upper(text) lower(text) trim(text)
 *     coalesce(a, b, ...)        the first that is not null
 *     number(text)
 *     time(text)                 RFC 3339 or a date
 *     strptime(text, pattern)    %Y %m %d %j %H %M %S %f (fraction of a second) %z %b %y %%; others stand for
 *                                themselves, a blank for any number of blanks; UTC without %z
 *     epoch(seconds)             since 1970
 *     point(x, y)  box(min_x, min_y, max_x, max_y)
 *     wkt(text)  geojson(text)  wkb(text)     a geometry in that form (wkb in hexadecimal), as it is
 */
#ifndef DTAKE_FORMAT_ROW_EXPRESSION_H
#define DTAKE_FORMAT_ROW_EXPRESSION_H

#include "core/span.h"

#include <datatake/status.h>

typedef enum dtake__row_kind {
    DTAKE__ROW_NULL,
    DTAKE__ROW_TEXT,
    DTAKE__ROW_NUMBER,
    DTAKE__ROW_TIME,
    DTAKE__ROW_POINT, /* number[0..1] */
    DTAKE__ROW_BOX,   /* number[0..3]: min x, min y, max x, max y */
    DTAKE__ROW_WKT,   /* text, as the two below */
    DTAKE__ROW_GEOJSON,
    DTAKE__ROW_WKB,
} dtake__row_kind;

typedef struct dtake__row_value {
    dtake__row_kind kind;
    dtake__span text; /* in the row, in the expression or in the scratch */
    double number[4];
    int64_t time_ns;
} dtake__row_value;

/* Where texts are put together; one for each thread. Set `used` to 0 before each row. */
typedef struct dtake__row_scratch {
    size_t used;
    char bytes[16 * 1024];
} dtake__row_scratch;

typedef struct dtake__row_expression dtake__row_expression;

/* `column` names the columns of the rows to come; the expression keeps only their numbers. DTAKE_E_USAGE says
 * what is wrong and at which column of the text, and names the columns there are. */
dtake_status dtake__row_expression_new(dtake__row_expression **out, const char *text,
                                       const dtake__span *column, size_t column_count, dtake_error *err);
void dtake__row_expression_free(dtake__row_expression *expression);

/* What comes out when it is not null: known before any row is read. */
dtake__row_kind dtake__row_expression_kind(const dtake__row_expression *expression);

/* The columns it looks at, each once, into out[0..room); how many there are, more than `room` perhaps. */
size_t dtake__row_expression_columns(const dtake__row_expression *expression, size_t *out, size_t room);

/* The kind and the columns of point(a, b) and box(a, b, c, d) that are made of nothing but columns; NULL for
 * all other expressions. */
dtake__row_kind dtake__row_expression_numbers(const dtake__row_expression *expression, size_t out[4]);

/* Thread-safe, allocates nothing. Rows with fewer fields than columns have nulls there. DTAKE_E_FORMAT says
 * which text is no number or no time; DTAKE_E_LIMIT when the scratch is full. */
dtake_status dtake__row_expression_evaluate(const dtake__row_expression *expression, const dtake__span *field,
                                            size_t field_count, dtake__row_scratch *scratch,
                                            dtake__row_value *out, dtake_error *err);

#endif
