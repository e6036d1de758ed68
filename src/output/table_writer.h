/* Between the files that write tables: what each format does, and where its bytes go. */
#ifndef DTAKE_OUTPUT_TABLE_WRITER_H
#define DTAKE_OUTPUT_TABLE_WRITER_H

#include "core/buf.h"
#include "output/table_output.h"

struct dtake__part;

struct dtake__table_output {
    const struct dtake__table_kind *kind;
    dtake__table_target target; /* its texts are not kept */
    dtake_schema *schema;
    struct dtake__part *part; /* NULL: bytes go to target.write */
    dtake_buf text;           /* not yet written */
    int64_t bytes, rows;
    void *inside; /* the kind's own */
};

typedef struct dtake__table_kind {
    dtake_status (*begin)(dtake__table_output *output, dtake_error *err);
    dtake_status (*put)(dtake__table_output *output, const dtake_batch *batch, dtake_error *err);
    dtake_status (*end)(dtake__table_output *output, dtake_error *err);
    void (*dispose)(dtake__table_output *output); /* in any case, last */
} dtake__table_kind;

extern const dtake__table_kind dtake__table_csv, dtake__table_ndjson, dtake__table_geojson,
    dtake__table_netcdf;

enum { DTAKE__TABLE_FLUSH_BYTES = 256 * 1024 };

/* Writes what stands in output->text. */
dtake_status dtake__table_flush(dtake__table_output *output, dtake_error *err);

#endif
