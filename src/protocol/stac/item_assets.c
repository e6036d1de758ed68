/* Assets of an item: kept as they are, but for relative hrefs. */
#include "protocol/stac/item_row.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "format/json_write.h"
#include "protocol/stac/item.h"

#include <string.h>

dtake_status dtake__item_reader_set_base(dtake__item_reader *reader, const char *base, dtake_error *err)
{
    dtake__free(reader->base);
    reader->base = base != NULL ? dtake__strdup(base) : NULL;
    return base == NULL || reader->base != NULL ? DTAKE_OK : dtake__fail_nomem(err, "the place of an item");
}

static bool is_relative(dtake__json_quoted href)
{
    return href.raw.len > 0 && href.raw.text[0] != '/' &&
           memmem(href.raw.text, href.raw.len, "://", 3) == NULL &&
           !(href.raw.len > 5 && memcmp(href.raw.text, "data:", 5) == 0) &&
           !(href.raw.len > 4 && memcmp(href.raw.text, "urn:", 4) == 0);
}

/* Writes what lies between *done and the href, and the href joined to the base. */
static dtake_status join(dtake__item_reader *r, const char **done, dtake__json_quoted href)
{
    dtake_buf text = DTAKE_BUF_INIT((size_t)1 << 20);
    dtake_status st = dtake__buf_reserve(&text, href.raw.len);
    if (st != DTAKE_OK)
        return st;
    text.len = dtake__json_unescape(href, (char *)text.data);
    text.data[text.len] = '\0';
    char *joined = dtake__href_join(r->base, dtake__buf_str(&text));
    dtake__buf_dispose(&text);
    if (joined == NULL)
        return DTAKE_E_NOMEM;
    st = dtake__buf_append(&r->assets, *done, (size_t)(href.raw.text - 1 - *done));
    dtake__json json = { .out = &r->assets, .status = st };
    dtake__json_text(&json, NULL, joined);
    dtake__free(joined);
    *done = href.raw.text + href.raw.len + 1;
    return json.status;
}

/* One asset; anything else in its place is passed over. */
static dtake_status read_asset(dtake__item_reader *r, dtake__json_in *in, const char **done)
{
    dtake__json_quoted key, href;
    dtake_status st = DTAKE_OK;
    if (dtake__json_peek(in) != DTAKE__JSON_OBJECT)
        return dtake__json_skip(in) ? DTAKE_OK : DTAKE_E_FORMAT;
    dtake__json_enter_object(in);
    while (st == DTAKE_OK && dtake__json_next_key(in, &key)) {
        bool is_href = dtake__json_key_is(key, "href") && dtake__json_peek(in) == DTAKE__JSON_TEXT;
        if (!is_href)
            dtake__json_skip(in);
        else if (dtake__json_read_text(in, &href) && is_relative(href))
            st = join(r, done, href);
    }
    return st;
}

static dtake_status read_each(dtake__item_reader *r, dtake__json_in *in, const char **done)
{
    dtake__json_quoted key;
    dtake_status st = DTAKE_OK;
    dtake__json_enter_object(in);
    while (st == DTAKE_OK && dtake__json_next_key(in, &key))
        st = read_asset(r, in, done);
    return st == DTAKE_OK && in->wrong != NULL ? DTAKE_E_FORMAT : st;
}

dtake_status dtake__item_read_assets(dtake__item_reader *r, dtake__json_in *in, dtake__span *out)
{
    if (r->base == NULL || dtake__json_peek(in) != DTAKE__JSON_OBJECT)
        return dtake__item_raw(r, in, out);
    const char *start = in->at, *done = start;
    const dtake__json_in before = *in;
    dtake__buf_clear(&r->assets);
    dtake_status st = read_each(r, in, &done);
    if (st != DTAKE_OK)
        return st;
    if (done == start) { /* nothing was relative */
        *in = before;
        return dtake__item_raw(r, in, out);
    }
    st = dtake__buf_append(&r->assets, done, (size_t)(in->at - done));
    *out = (dtake__span){ dtake__buf_str(&r->assets), r->assets.len };
    if (st == DTAKE_OK &&
        (memchr(out->text, '\n', out->len) != NULL || memchr(out->text, '\r', out->len) != NULL))
        out->len = dtake__json_compact(*out, (char *)r->assets.data);
    return st;
}
