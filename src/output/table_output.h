/* Writers of tables: batches in, a file or a stream of bytes out. Blocking, by one thread at a time. */
#ifndef DTAKE_OUTPUT_TABLE_OUTPUT_H
#define DTAKE_OUTPUT_TABLE_OUTPUT_H

#include <datatake/table.h>

typedef enum dtake__table_format {
    DTAKE__TABLE_CSV,     /* a header; values as table/value.h writes them, nulls empty, empty texts "" */
    DTAKE__TABLE_NDJSON,  /* an object a line: every field, null where there is none */
    DTAKE__TABLE_GEOJSON, /* a FeatureCollection; every field but the geometry is a property */
    DTAKE__TABLE_NETCDF,  /* what xarray opens (docs/netcdf.md) */
} dtake__table_format;

typedef struct dtake__table_target {
    dtake__table_format format;
    const char *path; /* there when it is complete: part file, fsync, rename. NULL: all bytes go to `write` */
    bool replace;
    bool (*write)(void *ctx, const void *bytes,
                  size_t len); /* false ends it: DTAKE_E_CANCELLED. Not NetCDF */
    void *write_ctx;
    const char *title; /* NetCDF; NULL: none */
} dtake__table_target;

typedef struct dtake__table_output dtake__table_output;

/* All batches have this schema. DTAKE_E_USAGE: GeoJSON without a geometry, NetCDF without a path;
 * DTAKE_E_UNSUPPORTED: no NetCDF library here. */
dtake_status dtake__table_output_open(dtake__table_output **out, const dtake__table_target *target,
                                      const dtake_schema *schema, dtake_error *err);
/* After a failure only abort is left. Memory stays bounded: NetCDF keeps some 64 MiB back to learn the widths
 * of texts. */
dtake_status dtake__table_output_put(dtake__table_output *output, const dtake_batch *batch, dtake_error *err);
/* Frees it in any case; on failure nothing is left of the file. *rows and *bytes may be NULL. */
dtake_status dtake__table_output_close(dtake__table_output *output, int64_t *rows, int64_t *bytes,
                                       dtake_error *err);
void dtake__table_output_abort(dtake__table_output *output); /* NULL is fine */

#endif
