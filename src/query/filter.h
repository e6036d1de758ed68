/* Filter trees: what a datapoint must fulfil. Read from and written as CQL2 text and JSON (OGC 21-065r2).
 *
 * Meaning: SQL's logic of three values. A comparison, `between`, `in`, `like`, spatial, temporal or array
 * operator with a null operand is null; so is arithmetic with one, and a division by zero. `not null` is
 * null; `false and null` is false, `true or null` is true, otherwise null wins. `is null` alone looks at
 * nulls and is never null. A datapoint passes when the whole is true: not when it is null.
 *
 * Whether operands fit each other is found out by whoever binds the tree to a schema; the parsers look at
 * syntax and at the kinds that operators need (`a and 3` is refused, `cloud < 'x'` is not). Text compared
 * with a time field is to be read as a time. */
#ifndef DTAKE_QUERY_FILTER_H
#define DTAKE_QUERY_FILTER_H

#include <datatake/id.h>
#include <datatake/time.h>

#include "geo/prepared.h"

enum {
    DTAKE__FILTER_MAX_BYTES = 1 << 20, /* of text */
    DTAKE__FILTER_MAX_NODES = 100000,
    DTAKE__FILTER_MAX_DEPTH =
        100, /* so that CQL2 JSON, two levels for each, stays within what readers take */
};

/* name, as CQL2 writes it, least and most operands (-1: any number) */
#define DTAKE__FILTER_MAP(X)                                                                                 \
    /* true, false or null */                                                                                \
    X(AND, "and", 2, -1)                                                                                     \
    X(OR, "or", 2, -1)                                                                                       \
    X(NOT, "not", 1, 1)                                                                                      \
    X(EQ, "=", 2, 2)                                                                                         \
    X(NE, "<>", 2, 2)                                                                                        \
    X(LT, "<", 2, 2)                                                                                         \
    X(LE, "<=", 2, 2)                                                                                        \
    X(GT, ">", 2, 2)                                                                                         \
    X(GE, ">=", 2, 2)                                                                                        \
    X(BETWEEN, "between", 3, 3) /* value, lower, upper; both included */                                     \
    X(IN, "in", 2, -1)          /* value, then what it may be */                                             \
    X(LIKE, "like", 2, 2)       /* value, pattern */                                                         \
    X(IS_NULL, "isNull", 1, 1)                                                                               \
    X(S_INTERSECTS, "s_intersects", 2, 2)                                                                    \
    X(S_DISJOINT, "s_disjoint", 2, 2)                                                                        \
    X(S_CONTAINS, "s_contains", 2, 2)                                                                        \
    X(S_WITHIN, "s_within", 2, 2)                                                                            \
    X(S_EQUALS, "s_equals", 2, 2)                                                                            \
    X(S_TOUCHES, "s_touches", 2, 2)                                                                          \
    X(S_CROSSES, "s_crosses", 2, 2)                                                                          \
    X(S_OVERLAPS, "s_overlaps", 2, 2)                                                                        \
    X(T_AFTER, "t_after", 2, 2)                                                                              \
    X(T_BEFORE, "t_before", 2, 2)                                                                            \
    X(T_CONTAINS, "t_contains", 2, 2)                                                                        \
    X(T_DISJOINT, "t_disjoint", 2, 2)                                                                        \
    X(T_DURING, "t_during", 2, 2)                                                                            \
    X(T_EQUALS, "t_equals", 2, 2)                                                                            \
    X(T_FINISHED_BY, "t_finishedBy", 2, 2)                                                                   \
    X(T_FINISHES, "t_finishes", 2, 2)                                                                        \
    X(T_INTERSECTS, "t_intersects", 2, 2)                                                                    \
    X(T_MEETS, "t_meets", 2, 2)                                                                              \
    X(T_MET_BY, "t_metBy", 2, 2)                                                                             \
    X(T_OVERLAPPED_BY, "t_overlappedBy", 2, 2)                                                               \
    X(T_OVERLAPS, "t_overlaps", 2, 2)                                                                        \
    X(T_STARTED_BY, "t_startedBy", 2, 2)                                                                     \
    X(T_STARTS, "t_starts", 2, 2)                                                                            \
    X(A_CONTAINS, "a_contains", 2, 2)                                                                        \
    X(A_CONTAINED_BY, "a_containedBy", 2, 2)                                                                 \
    X(A_EQUALS, "a_equals", 2, 2)                                                                            \
    X(A_OVERLAPS, "a_overlaps", 2, 2)                                                                        \
    /* numbers */                                                                                            \
    X(ADD, "+", 2, 2)                                                                                        \
    X(SUB, "-", 2, 2)                                                                                        \
    X(MUL, "*", 2, 2)                                                                                        \
    X(DIV, "/", 2, 2)    /* of doubles */                                                                    \
    X(IDIV, "div", 2, 2) /* the quotient cut towards zero */                                                 \
    X(MOD, "%", 2, 2)    /* what that leaves: the sign of the first operand */                               \
    X(POW, "^", 2, 2)                                                                                        \
    /* texts */                                                                                              \
    X(CASEI, "casei", 1, 1)     /* the text folded for comparing without case */                             \
    X(ACCENTI, "accenti", 1, 1) /* the same without accents */                                               \
    /* leaves and what is made of leaves */                                                                  \
    X(FIELD, "property", 0, 0)                                                                               \
    X(STRING, "string", 0, 0)                                                                                \
    X(INT, "int", 0, 0)                                                                                      \
    X(UINT, "uint", 0, 0) /* integers beyond INT64_MAX */                                                    \
    X(FLOAT, "float", 0, 0)                                                                                  \
    X(BOOL, "bool", 0, 0)                                                                                    \
    X(TIMESTAMP, "timestamp", 0, 0)                                                                          \
    X(DATE, "date", 0, 0)         /* all of that day, UTC */                                                 \
    X(OPEN, "..", 0, 0)           /* an end of an interval */                                                \
    X(INTERVAL, "interval", 2, 2) /* of TIMESTAMP, DATE, FIELD, OPEN; both ends belong to it */              \
    X(GEOMETRY, "geometry", 0, 0)                                                                            \
    X(BBOX, "bbox", 0, 0)                                                                                    \
    X(ARRAY, "array", 0, -1)

typedef enum dtake__filter_op {
#define DTAKE__FILTER_ENUM(name, text, least, most) DTAKE__FILTER_##name,
    DTAKE__FILTER_MAP(DTAKE__FILTER_ENUM)
#undef DTAKE__FILTER_ENUM
        DTAKE__FILTER_OPS
} dtake__filter_op;

/* One node; it owns its operands and its text. */
typedef struct dtake__filter {
    dtake__filter_op op;
    uint32_t column; /* in the text it came from, from 1; 0: not from text */
    uint32_t depth;  /* of the nodes below; kept by dtake__filter_add_arg */
    struct dtake__filter **args;
    size_t arg_count;
    char *text; /* FIELD: its name; STRING */
    union {
        int64_t i64;     /* INT */
        uint64_t u64;    /* UINT */
        double f64;      /* FLOAT, finite */
        bool truth;      /* BOOL */
        int64_t time_ns; /* TIMESTAMP; DATE: its 00:00 */
        dtake_box box;   /* BBOX */
    };
    dtake__geometry geometry; /* GEOMETRY */
} dtake__filter;

const char *dtake__filter_op_name(dtake__filter_op op); /* as CQL2 JSON writes it */
bool dtake__filter_op_is_test(dtake__filter_op op);     /* true, false or null comes out */

/* Making trees. `_of` takes `args` (the nodes, not the array), on failure too. */
dtake__filter *dtake__filter_new(dtake__filter_op op);
dtake__filter *dtake__filter_of(dtake__filter_op op, dtake__filter *const *args, size_t count);
dtake__filter *dtake__filter_field(const char *name);
dtake__filter *dtake__filter_string(const char *text);
dtake__filter *dtake__filter_int(int64_t value);
dtake__filter *dtake__filter_float(double value);
dtake__filter *dtake__filter_time(int64_t time_ns);
/* Takes arg, on failure too. DTAKE_E_LIMIT: too deep. */
dtake_status dtake__filter_add_arg(dtake__filter *filter, dtake__filter *arg);
/* *filter (NULL: none yet) and `more` must both hold. Takes more, on failure too; *filter is then as it was.
 */
dtake_status dtake__filter_and(dtake__filter **filter, dtake__filter *more);
void dtake__filter_free(dtake__filter *filter);
dtake__filter *dtake__filter_copy(const dtake__filter *filter);           /* NULL: no memory */
bool dtake__filter_equal(const dtake__filter *a, const dtake__filter *b); /* columns do not count */

/* Reading: DTAKE_E_USAGE with the column ("column 17: expected a value after '<='"), or the path for JSON. */
dtake_status dtake__filter_parse_text(const char *cql2, dtake__filter **out, dtake_error *err);
dtake_status dtake__filter_parse_json(const char *cql2, size_t len, dtake__filter **out, dtake_error *err);
dtake_status dtake__filter_parse_short(const char *text, dtake__filter **out, dtake_error *err);

/* Writing: what is read back is equal. */
dtake_status dtake__filter_write_text(const dtake__filter *filter, dtake_buf *out, dtake_error *err);
dtake_status dtake__filter_write_json(const dtake__filter *filter, dtake_buf *out, dtake_error *err);

#endif
