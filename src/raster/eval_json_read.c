#include "core/error.h"
#include "format/json.h"
#include "raster/eval_json.h"
#include "raster/eval_shape.h"

#include <string.h>

enum { MAX_DEPTH = 100, MAX_TEXT = 64 << 20 };

typedef struct reader {
    dtake__eval *eval;
    dtake__json_in in;
    dtake_error *err;
} reader;

static dtake_status full(reader *r)
{
    return dtake__fail(r->err, DTAKE_E_LIMIT, "more values than fit into memory");
}

static const char *text_of(reader *r, dtake__json_quoted quoted)
{
    char *text = dtake__slab_alloc(dtake__eval_slab(r->eval), quoted.raw.len + 1, 1);
    if (text != NULL)
        text[dtake__json_unescape(quoted, text)] = '\0';
    return text;
}

static dtake_status read_value(reader *r, int depth, dtake__value *out);

/* Of an array or an object. */
static dtake_status read_many(reader *r, bool named, int depth, dtake__value *out)
{
    dtake__slab *slab = dtake__eval_slab(r->eval);
    dtake__value *item = NULL;
    const char **key = NULL;
    size_t count = 0, room = 0;
    dtake__json_quoted name;
    dtake_status st = DTAKE_OK;
    if (named)
        dtake__json_enter_object(&r->in);
    else
        dtake__json_enter_array(&r->in);
    while (st == DTAKE_OK &&
           (named ? dtake__json_next_key(&r->in, &name) : dtake__json_next_element(&r->in))) {
        if (count == room) {
            room = room == 0 ? 8 : room * 2;
            dtake__value *more = dtake__slab_alloc(slab, room, sizeof *more);
            const char **keys = dtake__slab_alloc(slab, named ? room : 1, sizeof *keys);
            if (more == NULL || keys == NULL)
                return full(r);
            if (count > 0) {
                memcpy(more, item, count * sizeof *more);
                memcpy(keys, key, named ? count * sizeof *keys : 0);
            }
            item = more;
            key = keys;
        }
        if (named && (key[count] = text_of(r, name)) == NULL)
            return full(r);
        st = read_value(r, depth + 1, &item[count++]);
    }
    *out = (dtake__value){ .kind = named ? DTAKE__DICTIONARY : DTAKE__LIST,
                           .list = { item, named ? key : NULL, count } };
    return st;
}

static dtake_status read_value(reader *r, int depth, dtake__value *out)
{
    dtake__json_quoted quoted;
    *out = (dtake__value){ .null = true };
    if (depth > MAX_DEPTH)
        return dtake__fail(r->err, DTAKE_E_LIMIT, "JSON nests more than %d deep", MAX_DEPTH);
    switch (dtake__json_peek(&r->in)) {
    case DTAKE__JSON_ARRAY:
        return read_many(r, false, depth, out);
    case DTAKE__JSON_OBJECT:
        return read_many(r, true, depth, out);
    case DTAKE__JSON_TEXT:
        if (!dtake__json_read_text(&r->in, &quoted))
            return DTAKE_OK;
        *out = dtake__value_of_text(text_of(r, quoted));
        return out->text != NULL ? DTAKE_OK : full(r);
    case DTAKE__JSON_BOOL:
        *out = (dtake__value){ .kind = DTAKE__BOOLEAN };
        dtake__json_read_bool(&r->in, &out->boolean);
        return DTAKE_OK;
    case DTAKE__JSON_NUMBER:
        *out = (dtake__value){ .kind = DTAKE__NUMBER };
        dtake__json_read_f64(&r->in, &out->number);
        return DTAKE_OK;
    default:
        dtake__json_read_null(&r->in);
        return DTAKE_OK;
    }
}

dtake_status dtake__value_of_json(dtake__eval *eval, const char *json, size_t len, dtake__value *out,
                                  dtake_error *err)
{
    reader r = { .eval = eval, .err = err };
    dtake__json_start(&r.in, json, len);
    dtake_status st = read_value(&r, 0, out);
    return st == DTAKE_OK ? dtake__json_finish(&r.in, err) : st;
}

dtake_status dtake__figure_as_value(dtake__eval *eval, const dtake__figure *shape, dtake__value *out,
                                    dtake_error *err)
{
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT);
    const dtake__value value = { .kind = DTAKE__GEOMETRY, .shape = shape };
    dtake_status st = dtake__value_to_json(eval, &value, &text, err);
    if (st == DTAKE_OK)
        st = dtake__value_of_json(eval, dtake__buf_str(&text), text.len, out, err);
    dtake__buf_dispose(&text);
    return st;
}
