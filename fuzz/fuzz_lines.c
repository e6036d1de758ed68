/* Files of strangers, compressed or not: however they arrive, the records are the same, and lie in bounds.
 * First byte: the kind; second: the size of the pieces. */
#include "core/error.h"
#include "format/json.h"
#include "format/records.h"

#include <stdlib.h>
#include <string.h>

typedef struct memory {
    const uint8_t *bytes;
    size_t len, piece;
} memory;

static dtake_status read_memory(void *ctx, void *out, size_t room, size_t *got, dtake_error *err)
{
    memory *m = ctx;
    (void)err;
    size_t n = m->len < m->piece ? m->len : m->piece;
    *got = n < room ? n : room;
    if (*got > 0)
        memcpy(out, m->bytes, *got);
    m->bytes += *got;
    m->len -= *got;
    return DTAKE_OK;
}

typedef struct outcome {
    uint64_t sum; /* over all records and their lines */
    dtake_status status;
} outcome;

static outcome run(const uint8_t *data, size_t size, dtake__records_options options, size_t piece)
{
    memory m = { data, size, piece };
    dtake__inflate *stream;
    dtake__records *records;
    dtake__batch batch = { 0 };
    dtake_error err;
    uint64_t sum = 14695981039346656037u, total = 0;
    dtake_status st = dtake__inflate_open(&stream, read_memory, &m, &err);
    if (st != DTAKE_OK)
        return (outcome){ 0, st };
    st = dtake__records_open(&records, &options, dtake__inflate_read, stream, &err);
    while (st == DTAKE_OK && (st = dtake__records_next(records, &batch, &err)) == DTAKE_OK && batch.count > 0)
        for (size_t i = 0; i < batch.count; i++) {
            const dtake__record *r = &batch.record[i];
            total += r->len;
            for (size_t k = 0; k < r->len; k++)
                sum = (sum ^ (uint8_t)r->text[k]) * 1099511628211u;
            sum = (sum ^ r->line) * 1099511628211u;
        }
    if (total > dtake__records_bytes(records))
        abort();
    dtake__batch_dispose(&batch);
    dtake__records_close(records);
    dtake__inflate_close(stream);
    return (outcome){ sum, st };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3 || size > 1 << 13)
        return 0;
    dtake__records_guess((const char *)data + 2, size - 2);
    dtake__records_options options = { .kind = data[0] % 3, .max_record_bytes = 1 << 20 };
    outcome at_once = run(data + 2, size - 2, options, SIZE_MAX);
    options.batch_bytes = 1 + data[1];
    outcome bit_by_bit = run(data + 2, size - 2, options, 1 + data[1] % 64);
    if (bit_by_bit.status != at_once.status)
        abort();
    bool plain =
        data[2] != 0x1F && data[2] != 0x28; /* how much comes out before a damage is up to the inflater */
    if (bit_by_bit.sum != at_once.sum && (plain || at_once.status == DTAKE_OK))
        abort();
    return 0;
}
