/* The inside of the mapper for CSV: what its files share. */
#ifndef DTAKE_ACCESS_CSV_MAPPER_H
#define DTAKE_ACCESS_CSV_MAPPER_H

#include "access/csv_columns.h"
#include "access/csv_geometry.h"
#include "access/mapper.h"
#include "format/csv.h"
#include "format/row_expression.h"

enum { DTAKE__CSV_EXPRESSION_BYTES = 1024, DTAKE__CSV_MEMO_BYTES = 64 };

/* The time of the last row, and the texts it was made of: the rows of one overpass say the same. */
typedef struct dtake__csv_memo {
    size_t column[2], columns; /* that the expression looks at; 0: too many to remember */
    bool known;
    size_t len[2];
    char text[2][DTAKE__CSV_MEMO_BYTES];
    int64_t time_ns;
} dtake__csv_memo;

typedef struct dtake__csv_mapper {
    dtake__mapper mapper;
    const dtake_ingest_options *options;
    char delimiter;
    dtake__csv_columns columns;
    char time_text[DTAKE__CSV_EXPRESSION_BYTES], place_text[DTAKE__CSV_EXPRESSION_BYTES]; /* "": none */
    char *time_column; /* which is the time as it is, and so no field of its own; NULL: none */
    dtake__row_expression *time, *place, *collection; /* of the present input */
    dtake__csv_memo last_time;
    dtake__row_kind place_kind; /* POINT, BOX: the place is nothing but numbers of ... */
    size_t place_column[4];     /* ... these columns */
    dtake__csv_geometry *geometry;
    int time_at, geometry_at;
    size_t header_count;
    dtake__row_scratch *scratch;
    dtake_buf copy; /* of a record that must stay as it is */
    char collection_name[256];
    dtake__span fields[DTAKE__CSV_MAX_FIELDS];
} dtake__csv_mapper;

/* Which columns are the time and the place, by what the options say or by their names. */
dtake_status dtake__csv_find_time(dtake__csv_mapper *mapper, dtake_error *err);
dtake_status dtake__csv_find_place(dtake__csv_mapper *mapper, dtake_error *err);

dtake_status dtake__csv_schema(dtake__mapper *mapper, const dtake_schema *base, dtake_schema **out,
                               dtake_error *err);
bool dtake__csv_is_field(const dtake__csv_mapper *mapper, const dtake__csv_column *column);
bool dtake__csv_is_name(const dtake__csv_mapper *mapper, const dtake__csv_column *column);

/* An expression for rows of the present input; `text` NULL or "": none. */
dtake_status dtake__csv_expression_new(dtake__row_expression **out, const dtake__csv_mapper *mapper,
                                       const char *text, const char *option, dtake_error *err);

/* One record as a row; a row that was begun is the caller's to drop. */
dtake_status dtake__csv_put_row(dtake__csv_mapper *mapper, dtake__builder *builder,
                                const dtake__record *record, dtake__mapper_result *result, dtake_error *err);

#endif
