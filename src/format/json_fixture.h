/* For tests and fuzzing: what one side of JSON reads, the other writes. */
#ifndef DTAKE_FORMAT_JSON_FIXTURE_H
#define DTAKE_FORMAT_JSON_FIXTURE_H

#include "format/json.h"
#include "format/json_write.h"

/* Reads a value and writes it again. `room` has space for the longest text. */
static void copy_value(dtake__json_in *in, dtake__json *out, char *room)
{
    dtake__json_quoted text;
    dtake__decimal number;
    double real;
    int64_t whole;
    bool truth;
    switch (dtake__json_peek(in)) {
    case DTAKE__JSON_OBJECT:
        dtake__json_object(out, NULL);
        if (dtake__json_enter_object(in))
            while (dtake__json_next_key(in, &text)) {
                dtake__json_key(out, (dtake__span){ room, dtake__json_unescape(text, room) });
                copy_value(in, out, room);
            }
        dtake__json_end(out, '}');
        break;
    case DTAKE__JSON_ARRAY:
        dtake__json_array(out, NULL);
        if (dtake__json_enter_array(in))
            while (dtake__json_next_element(in))
                copy_value(in, out, room);
        dtake__json_end(out, ']');
        break;
    case DTAKE__JSON_TEXT:
        if (dtake__json_read_text(in, &text))
            dtake__json_span(out, NULL, (dtake__span){ room, dtake__json_unescape(text, room) });
        break;
    case DTAKE__JSON_NUMBER:
        if (!dtake__json_read_number(in, &number))
            break;
        if (number.whole && dtake__decimal_i64(&number, &whole))
            dtake__json_i64(out, NULL, whole);
        else if (dtake__decimal_f64(&number, &real))
            dtake__json_f64(out, NULL, real);
        else
            dtake__json_null(out, NULL);
        break;
    case DTAKE__JSON_BOOL:
        if (dtake__json_read_bool(in, &truth))
            dtake__json_bool(out, NULL, truth);
        break;
    case DTAKE__JSON_NULL:
        if (dtake__json_read_null(in))
            dtake__json_null(out, NULL);
        break;
    default:
        dtake__json_skip(in);
    }
}

#endif
