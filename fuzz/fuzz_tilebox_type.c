/* Types of datasets from strangers. Whatever the bytes: what reads is a schema, and what we write for that
 * schema reads as one that our readers and writers of datapoints can bind to it. */
#include "protocol/tilebox/datapoints.h"

#include <stdlib.h>

static void bind(const dtake__tilebox_type *type, const dtake_schema *schema)
{
    dtake__datapoints_decoder *decoder = NULL;
    dtake__datapoints_encoder *encoder = NULL;
    dtake_error err;
    if (dtake__datapoints_decoder_new(&decoder, type, schema, &err) != DTAKE_OK)
        abort();
    dtake_status st = dtake__datapoints_encoder_new(&encoder, type, schema, DTAKE__DATAPOINTS_FULL, &err);
    if (st != DTAKE_OK && st != DTAKE_E_UNSUPPORTED) /* some messages are read only */
        abort();
    dtake__datapoints_decoder_free(decoder);
    dtake__datapoints_encoder_free(encoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const dtake__tilebox_naming namings[] = { { { 1 }, "data", false }, { { 2 }, "old_data", true } };
    dtake__tilebox_type *type, *again;
    dtake_schema *asked;
    dtake_dataset_kind kind;
    dtake_error err;
    if (dtake__tilebox_dataset_type_read(&asked, &kind, data, size, &err) == DTAKE_OK)
        dtake_schema_release(asked);
    if (dtake__tilebox_type_read(&type, data, size, &err) != DTAKE_OK)
        return 0;
    const dtake_schema *schema = dtake__tilebox_type_schema(type);
    bind(type, schema);
    for (int i = 0; i < 2; i++) {
        dtake_status st =
            dtake__tilebox_type_new(&again, schema, dtake__tilebox_type_kind(type), &namings[i], &err);
        if (st == DTAKE_E_USAGE || st == DTAKE_E_LIMIT)
            continue; /* names too long for what must be added to them */
        if (st != DTAKE_OK)
            abort();
        bind(again, schema);
        dtake__tilebox_type_release(again);
    }
    dtake__tilebox_type_release(type);
    return 0;
}
