/* What tests/test_table.py calls through ctypes: foreign tables through our batches, and into files. */
#include "core/error.h"
#include "output/table_output.h"
#include "table/stream.h"

#include <string.h>

#define PEER __attribute__((visibility("default")))

PEER int peer_pass(struct ArrowArrayStream *in, struct ArrowArrayStream *out, char *message);
PEER int peer_write(struct ArrowArrayStream *in, const char *path, int format, char *message);

static int end(dtake_status st, const dtake_error *err, char *message)
{
    if (st != DTAKE_OK)
        memcpy(message, err->message, DTAKE_ERROR_BYTES);
    return st;
}

/* The batches of `in`, made ours, as a stream again. */
int peer_pass(struct ArrowArrayStream *in, struct ArrowArrayStream *out, char *message)
{
    dtake__batches batches;
    dtake_schema *schema;
    dtake_error err;
    dtake_status st = dtake__batches_from_arrow(in, &batches, &schema, &err);
    if (st != DTAKE_OK)
        return end(st, &err, message);
    st = dtake__batches_to_arrow(&batches, schema, out, &err);
    if (st != DTAKE_OK)
        batches.close(batches.ctx);
    dtake_schema_release(schema);
    return end(st, &err, message);
}

static dtake_status write_all(dtake__batches *batches, dtake__table_output *output, dtake_error *err)
{
    for (;;) {
        dtake_batch *batch;
        dtake_status st = batches->next(batches->ctx, &batch, err);
        if (st != DTAKE_OK || !batch)
            return st;
        st = dtake__table_output_put(output, batch, err);
        dtake_batch_release(batch);
        if (st != DTAKE_OK)
            return st;
    }
}

int peer_write(struct ArrowArrayStream *in, const char *path, int format, char *message)
{
    dtake__table_target target = { .format = (dtake__table_format)format, .path = path, .replace = true };
    dtake__batches batches;
    dtake__table_output *output;
    dtake_schema *schema;
    dtake_error err;
    dtake_status st = dtake__batches_from_arrow(in, &batches, &schema, &err);
    if (st != DTAKE_OK)
        return end(st, &err, message);
    st = dtake__table_output_open(&output, &target, schema, &err);
    if (st == DTAKE_OK) {
        st = write_all(&batches, output, &err);
        if (st == DTAKE_OK)
            st = dtake__table_output_close(output, NULL, NULL, &err);
        else
            dtake__table_output_abort(output);
    }
    batches.close(batches.ctx);
    dtake_schema_release(schema);
    return end(st, &err, message);
}
