/* Items of strangers. Whatever the bytes, the reader that skips and the one that looks at every value agree
 * on whether they are JSON, jansson does not accept what we refuse (but for its own leniences), and what we
 * write reads back. */
#include "format/json_fixture.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_json(const char *text, size_t len, dtake_error *err)
{
    dtake__json_in in;
    dtake__json_start(&in, text, len);
    dtake__json_skip(&in);
    return dtake__json_finish(&in, err) == DTAKE_OK;
}

/* The input as one number: the same double as strtod's, bit by bit. */
static void check_number(char *text, size_t len)
{
    dtake__decimal number;
    double ours, theirs;
    text[len] = '\0';
    if (!dtake__decimal_scan(text, text + len, &number) || number.end != text + len)
        return;
    theirs = strtod(text, NULL);
    bool fits = dtake__decimal_f64(&number, &ours);
    if (fits == (isinf(theirs) != 0) || (fits && memcmp(&ours, &theirs, sizeof ours) != 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    dtake_error err;
    dtake__json_in in;
    dtake_buf buf = DTAKE_BUF_INIT(64 << 20);
    dtake__json out = { .out = &buf };
    char *room = malloc(size + 1);
    memcpy(room, text, size);
    check_number(room, size);
    bool valid = is_json(text, size, &err);
    dtake__json_start(&in, text, size);
    copy_value(&in, &out, room);
    if ((dtake__json_finish(&in, NULL) == DTAKE_OK) != valid)
        abort();
    if (valid && out.status == DTAKE_OK && !is_json(dtake__buf_str(&buf), buf.len, NULL))
        abort();
    size_t packed = dtake__json_compact((dtake__span){ text, valid ? size : 0 }, room);
    if (valid && (packed > size || !is_json(room, packed, NULL)))
        abort();
    bool nul = memchr(text, '\0', size) != NULL; /* jansson takes it for the end */
    json_t *theirs = nul ? NULL : json_loadb(text, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (theirs != NULL && !valid && strstr(err.message, "at most 256") == NULL)
        abort();
    json_decref(theirs);
    dtake__buf_dispose(&buf);
    free(room);
    return 0;
}
