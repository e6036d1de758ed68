/* Items of strangers: whatever the bytes, the reader that skips and the one that looks at every value agree
 * on whether they are JSON, jansson does not accept what we refuse (but for its own leniences), and what we
 * write reads back. */
#include "core/alloc.h"
#include "format/json.h"
#include "format/json_write.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads the value and writes it again. */
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
        if (dtake__decimal_i64(&number, &whole))
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

static bool is_json(const char *text, size_t len, dtake_error *err)
{
    dtake__json_in in;
    dtake__json_start(&in, text, len);
    dtake__json_skip(&in);
    return dtake__json_finish(&in, err) == DTAKE_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    dtake_error err;
    dtake__json_in in;
    dtake_buf buf = DTAKE_BUF_INIT(64 << 20);
    dtake__json out = { .out = &buf };
    char *room = malloc(size + 1);
    bool valid = is_json(text, size, &err);
    dtake__json_start(&in, text, size);
    copy_value(&in, &out, room);
    if ((dtake__json_finish(&in, NULL) == DTAKE_OK) != valid)
        abort();
    if (valid && out.status == DTAKE_OK && !is_json(dtake__buf_str(&buf), buf.len, NULL))
        abort();
    json_t *theirs = json_loadb(text, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (theirs != NULL && !valid && strstr(err.message, "at most 256") == NULL)
        abort();
    json_decref(theirs);
    dtake__buf_dispose(&buf);
    free(room);
    return 0;
}
