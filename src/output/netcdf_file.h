/* Between the files that write NetCDF: the file, and one variable for each field. */
#ifndef DTAKE_OUTPUT_NETCDF_FILE_H
#define DTAKE_OUTPUT_NETCDF_FILE_H

#include "output/netcdf_api.h"
#include "output/table_writer.h"
#include "table/batch.h"

enum { DTAKE__NETCDF_UUID_CHARS = 36 };

/* A field as a variable: rows, then the longest list, then the longest text. */
typedef struct dtake__netcdf_var {
    const dtake_field *field;
    nc_type type;
    int id, axes; /* axes: how many dimensions */
    bool list, text;
    bool as_text;                   /* written as text that is made from the values: geometries, bytes */
    size_t item_bytes;              /* of one value, one character for texts */
    size_t longest, widest;         /* list, text: of all batches so far */
    size_t has_longest, has_widest; /* as the file has it */
} dtake__netcdf_var;

/* A batch that waits, with columns in place of those that are written as text; its own where it has values.
 */
typedef struct dtake__netcdf_waiting {
    dtake_batch *batch;
    dtake_column *texts; /* a field and its items: 2 * fields; rows 0 where the batch's column is meant */
    dtake__arena arena;
} dtake__netcdf_waiting;

typedef struct dtake__netcdf_file {
    const dtake__netcdf_api *nc;
    const dtake_schema *schema;
    const char *path; /* of the file that is written, for messages */
    const char *title;
    int id; /* -1: not made yet */
    int time_dim;
    bool streaming;          /* rows and widths may still grow */
    dtake__netcdf_var *vars; /* one a field */
    size_t count;
    int64_t rows; /* written */
} dtake__netcdf_file;

/* "write PATH: what: NetCDF: ..." */
dtake_status dtake__netcdf_fail(const dtake__netcdf_file *file, int status, const char *what,
                                dtake_error *err);

/* Types of variables, before anything is known of their widths. */
void dtake__netcdf_plan(dtake__netcdf_file *file);

/* Dimensions, variables and their attributes (netcdf_define.c). `rows`: all of them, unless streaming. */
dtake_status dtake__netcdf_define(dtake__netcdf_file *file, size_t rows, dtake_error *err);

/* Widths of a batch's columns raise those of the variables; texts are made (netcdf_values.c). */
dtake_status dtake__netcdf_measure(dtake__netcdf_file *file, const dtake_batch *batch,
                                   dtake__netcdf_waiting *out, dtake_error *err);
dtake_status dtake__netcdf_write(dtake__netcdf_file *file, const dtake__netcdf_waiting *batch,
                                 dtake_error *err);
void dtake__netcdf_forget(dtake__netcdf_waiting *batch);

#endif
