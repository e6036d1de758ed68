/* Columns of CSV as fields: which, of which type, under which name. */
#ifndef DTAKE_ACCESS_CSV_COLUMNS_H
#define DTAKE_ACCESS_CSV_COLUMNS_H

#include <datatake/ingest.h>

#include "core/span.h"

typedef struct dtake__csv_column {
    char *column, *field;  /* its name in the header and in the dataset */
    dtake_field_type type; /* given; DTAKE_FIELD_NONE: by what is seen */
    unsigned seen;
    bool dropped, repeated;
    int at;        /* in the rows of the present input; -1: not there */
    int field_at;  /* in the schema; -1: not there */
    char last[40]; /* the text of the last time that was read, and what it was: they repeat */
    size_t last_len;
    int64_t last_ns;
} dtake__csv_column;

typedef struct dtake__csv_columns {
    dtake__csv_column *at;
    size_t count, room;
} dtake__csv_columns;

/* Notes which columns an input has, in its order; new ones are added with what the options say of them. */
dtake_status dtake__csv_columns_bind(dtake__csv_columns *columns, const dtake__span *header, size_t count,
                                     const dtake_ingest_options *options, dtake_error *err);
/* DTAKE_E_USAGE: an option names a column that no input has had. */
dtake_status dtake__csv_columns_check(const dtake__csv_columns *columns, const dtake_ingest_options *options,
                                      dtake_error *err);
dtake__csv_column *dtake__csv_columns_find(const dtake__csv_columns *columns, const char *name);
dtake_status dtake__csv_columns_copy(const dtake__csv_columns *from, dtake__csv_columns *out,
                                     dtake_error *err);
void dtake__csv_columns_dispose(dtake__csv_columns *columns);

void dtake__csv_column_remember(dtake__csv_column *column, dtake__span text, int64_t time_ns);
void dtake__csv_column_look(dtake__csv_column *column, dtake__span value); /* for its type */
dtake_field_type dtake__csv_column_type(const dtake__csv_column *column);

#endif
