/* A filter bound to a schema, evaluated over columns. */
#ifndef DTAKE_CATALOG_PREDICATE_H
#define DTAKE_CATALOG_PREDICATE_H

#include <datatake/table.h>

#include "query/match.h"

typedef struct dtake__predicate dtake__predicate; /* of one thread at a time */

/* DTAKE_E_USAGE: a field that the schema lacks (near ones are named), operands that do not fit each other. */
dtake_status dtake__predicate_new(dtake__predicate **out, const dtake__filter *filter,
                                  const dtake_schema *schema, dtake_error *err);
void dtake__predicate_free(dtake__predicate *predicate);

/* The fields that it looks at, as places in the schema. */
size_t dtake__predicate_field_count(const dtake__predicate *predicate);
int dtake__predicate_field(const dtake__predicate *predicate, size_t index);
/* The filter it was made of, with texts that stand for times made times. */
const dtake__filter *dtake__predicate_filter(const dtake__predicate *predicate);

/* keep[i] stays true where the filter holds for row i; rows that are false already are not looked at.
 * `columns[i]` belongs to field `i`. */
dtake_status dtake__predicate_test(dtake__predicate *predicate, const dtake_column *const *columns,
                                   int64_t rows, bool *keep, dtake_error *err);

/* --- between the files of this noun --- */

typedef enum dtake__cell_kind {
    DTAKE__CELL_NULL,
    DTAKE__CELL_BOOL,
    DTAKE__CELL_INT,
    DTAKE__CELL_UINT,
    DTAKE__CELL_FLOAT,
    DTAKE__CELL_TEXT,
    DTAKE__CELL_TIME,     /* an interval, both ends included */
    DTAKE__CELL_GEOMETRY, /* WKB */
    DTAKE__CELL_LIST,
} dtake__cell_kind;

struct dtake__node;

/* One value of one row. */
typedef struct dtake__cell {
    dtake__cell_kind kind;
    union {
        bool truth;
        int64_t i64;
        uint64_t u64;
        double f64;
        dtake_interval time;
        struct {
            const char *at;
            size_t len;
        } bytes;
        struct {
            const struct dtake__node *node; /* a literal array, or a field: items from `first` to `end` */
            int32_t first, end;
        } list;
    };
} dtake__cell;

enum { DTAKE__FALSE, DTAKE__TRUE, DTAKE__UNKNOWN };

typedef struct dtake__node {
    dtake__filter_op op;
    const dtake__filter *source;
    struct dtake__node **args;
    size_t arg_count;
    int slot;                   /* FIELD: which of the predicate's columns; -1 */
    const dtake_field *field;   /* FIELD */
    const dtake_column *column; /* FIELD, while testing */
    dtake__cell literal;
    dtake__geometry geometry;     /* of literals made here */
    char text[DTAKE_ID_TEXT + 3]; /* of a UUID */
    dtake__like *like;
    dtake__prepared *prepared; /* of a spatial operator with a literal */
    dtake__relation relation;
    int prepared_arg;  /* which operand it was made of */
    dtake_buf scratch; /* folded text */
    unsigned fold;
} dtake__node;

dtake_status dtake__node_truth(dtake__node *node, int64_t row, uint8_t *out, dtake_error *err);
dtake_status dtake__node_cell(dtake__node *node, int64_t row, dtake__cell *out, dtake_error *err);
dtake_status dtake__node_two_cells(dtake__node *node, size_t second, int64_t row, dtake__cell *a,
                                   dtake__cell *b, dtake_error *err); /* its first and another operand */
dtake_status dtake__cell_item(const dtake__cell *list, int32_t index, dtake__cell *out, dtake_error *err);

/* False: they cannot be compared (or one is null, or not a number). */
bool dtake__cell_compare(const dtake__cell *a, const dtake__cell *b, int *order);
bool dtake__cell_is_number(const dtake__cell *cell);
/* A UINT that an INT could hold is one: the order of literals takes all UINTs for larger. */
dtake__cell dtake__cell_settled(const dtake__cell *cell);
/* An enum beside a text goes by its name. */
void dtake__cell_name_enum(const dtake__node *node, dtake__cell *cell, const dtake__cell *other);

#endif
