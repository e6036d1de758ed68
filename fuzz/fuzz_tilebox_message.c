/* Messages of the datasets services from strangers, by the table that the first byte names. What is read is
 * written again, and that reads as the same bytes. */
#include "protocol/tilebox/messages.h"

#include <stdlib.h>

typedef union any_value {
    dtake__tb_query query;
    dtake__tb_find find;
    dtake__tb_datasets datasets;
    dtake__tb_collections collections;
    dtake__tb_update_dataset update;
    dtake__tb_result result;
    dtake__tb_ingested ingested;
    dtake__tb_delete gone;
    dtake__tb_load_2024 load;
    dtake__tb_ingest_2024 ingest;
} any_value;

static const dtake__tb_message *const messages[] = {
    &dtake__tb_query_message,           &dtake__tb_find_message,           &dtake__tb_datasets_message,
    &dtake__tb_collections_message,     &dtake__tb_update_dataset_message, &dtake__tb_result_message,
    &dtake__tb_ingested_message,        &dtake__tb_delete_message,         &dtake__tb_load_2024_message,
    &dtake__tb_load_2024_split_message, &dtake__tb_ingest_2024_message,
};

static bool copy(const dtake__tb_message *message, const void *bytes, size_t len, dtake_buf *to)
{
    any_value value;
    dtake_error err;
    if (message->bytes > sizeof value)
        abort();
    if (dtake__tb_read(message, bytes, len, &value, &err) != DTAKE_OK)
        return false;
    if (dtake__tb_write(message, &value, to, &err) != DTAKE_OK)
        abort();
    dtake__tb_dispose(message, &value);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dtake_buf once = DTAKE_BUF_INIT(256 << 20), twice = DTAKE_BUF_INIT(256 << 20);
    if (size > 0) {
        const dtake__tb_message *message = messages[data[0] % (sizeof messages / sizeof messages[0])];
        if (copy(message, data + 1, size - 1, &once))
            if (!copy(message, once.data, once.len, &twice) || once.len != twice.len ||
                (once.len > 0 && memcmp(once.data, twice.data, once.len) != 0))
                abort();
    }
    dtake__buf_dispose(&once);
    dtake__buf_dispose(&twice);
    return 0;
}
