/* Datapoint messages of a dataset's type to columns of a table and back, without a row in between. */
#ifndef DTAKE_PROTOCOL_TILEBOX_DATAPOINTS_H
#define DTAKE_PROTOCOL_TILEBOX_DATAPOINTS_H

#include <datatake/table.h>

#include "protocol/tilebox/type.h"

/* --- columns to messages --- */

typedef enum dtake__datapoints_part {
    DTAKE__DATAPOINTS_FULL,
    DTAKE__DATAPOINTS_KEYS,   /* skip_data: time, id, ingestion_time to the millisecond */
    DTAKE__DATAPOINTS_INGEST, /* neither id nor ingestion_time: the server gives them */
} dtake__datapoints_part;

typedef struct dtake__datapoints_encoder dtake__datapoints_encoder;

/* `schema` is that of the batches to come: fields are found by role, else by name; what it lacks is absent
 * and what it has more is left out. DTAKE_E_STATE names a field that cannot travel as the type says. One
 * thread at a time. */
dtake_status dtake__datapoints_encoder_new(dtake__datapoints_encoder **out, const dtake__tilebox_type *type,
                                           const dtake_schema *schema, dtake__datapoints_part part,
                                           dtake_error *err);
void dtake__datapoints_encoder_free(dtake__datapoints_encoder *encoder); /* NULL is fine */

/* Rows `start` to `start + count`, each as a field `number` that holds its message: 2 for RepeatedAny.value,
 * IngestRequest.values and Any.value. */
dtake_status dtake__datapoints_write(dtake__datapoints_encoder *encoder, const dtake_batch *batch,
                                     int64_t start, int64_t count, uint32_t number, dtake_buf *out,
                                     dtake_error *err);

/* 2024: what travels beside the message, each a field `number` with a DatapointMetadata. */
dtake_status dtake__datapoints_write_meta(dtake__datapoints_encoder *encoder, const dtake_batch *batch,
                                          int64_t start, int64_t count, bool only_ids, uint32_t number,
                                          dtake_buf *out, dtake_error *err);

/* --- messages to columns --- */

typedef struct dtake__datapoints_decoder dtake__datapoints_decoder;

/* `schema` is that of the batches to make (NULL: the type's own): fields are found as above; what the type
 * lacks is null, what it has more is skipped. One thread at a time. */
dtake_status dtake__datapoints_decoder_new(dtake__datapoints_decoder **out, const dtake__tilebox_type *type,
                                           const dtake_schema *schema, dtake_error *err);
void dtake__datapoints_decoder_free(dtake__datapoints_decoder *decoder); /* NULL is fine */

/* So many are likely to come before the first take: memory for them is asked for at once. */
void dtake__datapoints_expect(dtake__datapoints_decoder *decoder, int64_t rows);
/* One datapoint. A failure leaves the rows before it as they are: DTAKE_E_FORMAT (not a message of the type),
 * DTAKE_E_RANGE (a time beyond the years 1677 to 2262, a number that the enum does not have), DTAKE_E_LIMIT.
 */
dtake_status dtake__datapoints_read(dtake__datapoints_decoder *decoder, const void *message, size_t len,
                                    dtake_error *err);
/* 2024: with what travels beside it. */
dtake_status dtake__datapoints_read_meta(dtake__datapoints_decoder *decoder, const void *message, size_t len,
                                         const void *meta, size_t meta_len, dtake_error *err);
/* Every field `number` of a message that holds many: 2 for RepeatedAny and IngestRequest. */
dtake_status dtake__datapoints_read_all(dtake__datapoints_decoder *decoder, const void *bytes, size_t len,
                                        uint32_t number, dtake_error *err);

int64_t dtake__datapoints_rows(const dtake__datapoints_decoder *decoder); /* since the last batch */
/* What was read so far; the decoder is empty again. */
dtake_status dtake__datapoints_take(dtake__datapoints_decoder *decoder, dtake_batch **out, dtake_error *err);

#endif
