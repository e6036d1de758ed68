/* Rows as STAC Items: one a line, or one document. */
#include "access/save.h"
#include "core/alloc.h"
#include "core/error.h"
#include "protocol/stac/item_write.h"

enum { FLUSH_BYTES = 256 * 1024 };
static const size_t MAX_TEXT_BYTES = (size_t)256 << 20;

typedef struct items {
    dtake__saver saver;
    dtake__sink *sink;
    dtake__item_writer *writer;
    bool one_document, any;
    dtake_buf text;
} items;

static dtake_status flush(items *s, dtake_error *err)
{
    dtake_status st = s->text.len > 0 ? dtake__sink_write(s->sink, s->text.data, s->text.len, err) : DTAKE_OK;
    dtake__buf_clear(&s->text);
    return st;
}

static dtake_status items_begin(dtake__saver *saver, const dtake_schema *schema, dtake_error *err)
{
    items *s = (items *)saver;
    dtake_status st = dtake__item_writer_new(&s->writer, schema, NULL, err);
    if (st == DTAKE_OK && s->one_document &&
        dtake__buf_puts(&s->text, "{\"type\":\"FeatureCollection\",\"features\":[") != DTAKE_OK)
        st = dtake__fail_nomem(err, "items");
    return st;
}

static dtake_status put_row(items *s, const dtake_batch *batch, int64_t row, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    if (s->one_document)
        st = dtake__buf_puts(&s->text, s->any ? ",\n" : "\n");
    s->any = true;
    if (st == DTAKE_OK)
        st = dtake__item_write(s->writer, batch, row, &s->text, err);
    if (st == DTAKE_OK && !s->one_document)
        st = dtake__buf_puts(&s->text, "\n");
    return st == DTAKE_E_NOMEM ? dtake__fail_nomem(err, "items") : st;
}

static dtake_status items_put(dtake__saver *saver, const dtake_batch *batch, dtake_error *err)
{
    items *s = (items *)saver;
    dtake_status st = DTAKE_OK;
    for (int64_t row = 0; row < dtake_batch_rows(batch) && st == DTAKE_OK; row++) {
        st = put_row(s, batch, row, err);
        if (st == DTAKE_OK && s->text.len >= FLUSH_BYTES)
            st = flush(s, err);
    }
    return st == DTAKE_OK ? flush(s, err) : st;
}

static dtake_status items_end(dtake__saver *saver, dtake_error *err)
{
    items *s = (items *)saver;
    dtake_status st = DTAKE_OK;
    if (s->one_document && dtake__buf_puts(&s->text, s->any ? "\n]}\n" : "]}\n") != DTAKE_OK)
        st = dtake__fail_nomem(err, "items");
    if (st == DTAKE_OK)
        st = flush(s, err);
    if (st != DTAKE_OK)
        return st;
    dtake__sink *sink = s->sink;
    s->sink = NULL;
    return dtake__sink_close(sink, err);
}

static void items_free(dtake__saver *saver)
{
    items *s = (items *)saver;
    dtake__sink_abort(s->sink);
    dtake__item_writer_free(s->writer);
    dtake__buf_dispose(&s->text);
    dtake__free(s);
}

static const dtake__saver_kind items_kind = {
    .begin = items_begin,
    .put = items_put,
    .end = items_end,
    .free = items_free,
};

dtake_status dtake__saver_items_new(dtake__saver **out, dtake__sink *sink, bool one_document,
                                    dtake_error *err)
{
    items *s = dtake__calloc(1, sizeof *s);
    if (s == NULL)
        return dtake__fail_nomem(err, "items");
    s->saver.kind = &items_kind;
    s->sink = sink;
    s->one_document = one_document;
    s->text = DTAKE_BUF_INIT(MAX_TEXT_BYTES);
    *out = &s->saver;
    return DTAKE_OK;
}

dtake_status dtake_batch_to_items(const dtake_batch *batch, const char *collection, dtake_error *err,
                                  dtake_save_fn write, void *ctx)
{
    dtake__item_writer *writer;
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT_BYTES);
    dtake_status st = dtake__item_writer_new(&writer, dtake_batch_schema(batch), collection, err);
    for (int64_t row = 0; row < dtake_batch_rows(batch) && st == DTAKE_OK; row++) {
        dtake__buf_clear(&text);
        st = dtake__item_write(writer, batch, row, &text, err);
        if (st == DTAKE_OK && dtake__buf_puts(&text, "\n") != DTAKE_OK)
            st = dtake__fail_nomem(err, "items");
        if (st == DTAKE_OK && !write(ctx, text.data, text.len))
            st = dtake__fail(err, DTAKE_E_CANCELLED, "the output takes nothing more");
    }
    dtake__item_writer_free(writer);
    dtake__buf_dispose(&text);
    return st;
}
