/* Items from anywhere, one a line, as rows: the schema is what all of them say. A row that was taken is
 * written as an item, and what is read from that is written the same again. */
#include "core/buf.h"
#include "core/span.h"
#include "protocol/stac/item_sample.h"
#include "protocol/stac/item_table.h"
#include "protocol/stac/item_write.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 64 << 20 };

/* The item on one line of `text` as a batch of one row; NULL: refused. */
static dtake_batch *read_item(const dtake_schema *schema, dtake__span text)
{
    static const char base[] = "http://host/a/b.json?c#d";
    dtake__item_reader *reader;
    dtake__builder *builder;
    dtake_batch *batch = NULL;
    dtake__span collection;
    if (dtake__item_reader_new(&reader, schema, NULL, NULL) != DTAKE_OK ||
        dtake__item_reader_set_base(reader, base, NULL) != DTAKE_OK ||
        dtake__builder_new(&builder, schema, NULL) != DTAKE_OK)
        abort();
    dtake_status st = dtake__item_put(reader, builder, text, &collection, NULL);
    if (dtake__builder_take(builder, &batch, NULL) != DTAKE_OK ||
        dtake_batch_rows(batch) != (st == DTAKE_OK ? 1 : 0))
        abort();
    dtake__builder_free(builder);
    dtake__item_reader_free(reader);
    if (st == DTAKE_OK)
        return batch;
    dtake_batch_release(batch);
    return NULL;
}

static void write_item(const dtake_schema *schema, const dtake_batch *batch, dtake_buf *out)
{
    dtake__item_writer *writer;
    if (dtake__item_writer_new(&writer, schema, NULL, NULL) != DTAKE_OK ||
        dtake__item_write(writer, batch, 0, out, NULL) != DTAKE_OK)
        abort();
    dtake__item_writer_free(writer);
}

/* The members of an object may change places from one writing to the next. */
static bool same_but_for_order(const dtake_buf *a, const dtake_buf *b)
{
    long count[256] = { 0 };
    for (size_t i = 0; i < a->len; i++)
        count[a->data[i]]++;
    for (size_t i = 0; i < b->len; i++)
        count[b->data[i]]--;
    for (size_t i = 0; i < 256; i++)
        if (count[i] != 0)
            return false;
    return true;
}

static void check_item(const dtake_schema *schema, dtake__span text)
{
    dtake_buf once = DTAKE_BUF_INIT(TEXT_MAX), twice = DTAKE_BUF_INIT(TEXT_MAX);
    dtake_batch *batch = read_item(schema, text);
    if (batch == NULL)
        return;
    write_item(schema, batch, &once);
    dtake_batch *again = read_item(schema, (dtake__span){ (const char *)once.data, once.len });
    if (again == NULL)
        abort();
    write_item(schema, again, &twice);
    if (!same_but_for_order(&once, &twice))
        abort();
    dtake_batch_release(batch);
    dtake_batch_release(again);
    dtake__buf_dispose(&once);
    dtake__buf_dispose(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1); /* of exactly this size, so that a step too far is seen */
    dtake__item_sample *sample = dtake__item_sample_new();
    dtake_schema *schema = NULL;
    if (text == NULL || sample == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\n';
    for (int pass = 0; pass < 2; pass++) {
        for (size_t at = 0; at <= size;) {
            size_t len = (size_t)((char *)memchr(text + at, '\n', size + 1 - at) - (text + at));
            dtake__span line = { text + at, len };
            if (pass == 0)
                (void)dtake__item_sample_add(sample, line, NULL);
            else
                check_item(schema, line);
            at += len + 1;
        }
        if (pass == 0 && dtake__item_sample_schema(sample, NULL, &schema, NULL) != DTAKE_OK)
            break;
    }
    dtake_schema_release(schema);
    dtake__item_sample_free(sample);
    free(text);
    return 0;
}
