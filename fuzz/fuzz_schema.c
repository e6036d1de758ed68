/* Any text as a schema: refused in words, or a schema that goes through JSON unchanged. */
#include "core/error.h"
#include "table/batch.h"
#include "table/schema.h"

#include <stdlib.h>

static void check(bool fine)
{
    if (!fine)
        abort();
}

/* A batch of one row of nulls, through the schema and its own union. */
static void use(const dtake_schema *schema)
{
    const dtake_schema *two[] = { schema, schema };
    dtake_schema *all;
    dtake__builder *builder;
    dtake_batch *batch, *cast;
    check(dtake__schema_union(&all, two, 2, NULL) == DTAKE_OK && dtake__schema_same(all, schema));
    check(dtake__builder_new(&builder, schema, NULL) == DTAKE_OK);
    check(dtake__builder_end_row(builder) == DTAKE_OK);
    check(dtake__builder_take(builder, &batch, NULL) == DTAKE_OK);
    check(dtake__batch_cast(&cast, batch, all, NULL) == DTAKE_OK);
    check(dtake__batch_compare(cast, batch, NULL) == DTAKE_OK);
    dtake_batch_release(batch);
    dtake_batch_release(cast);
    dtake__builder_free(builder);
    dtake_schema_release(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dtake_schema *schema, *again;
    dtake_error err = { 0 };
    dtake_status st = dtake__schema_from_json(&schema, (const char *)data, size, &err);
    if (st != DTAKE_OK) {
        check(err.status == st && err.message[0] != '\0');
        return 0;
    }
    dtake_buf text = DTAKE_BUF_INIT(64 * 1024 * 1024);
    check(dtake__schema_to_json(schema, &text, NULL) == DTAKE_OK);
    check(dtake__schema_from_json(&again, dtake__buf_str(&text), text.len, NULL) == DTAKE_OK);
    check(dtake__schema_same(schema, again));
    use(schema);
    dtake__buf_dispose(&text);
    dtake_schema_release(schema);
    dtake_schema_release(again);
    return 0;
}
