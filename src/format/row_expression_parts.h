/* Between the files of row expressions: the parsed form. */
#ifndef DTAKE_FORMAT_ROW_EXPRESSION_PARTS_H
#define DTAKE_FORMAT_ROW_EXPRESSION_PARTS_H

#include "format/row_expression.h"

enum {
    DTAKE__ROW_MAX_TEXT = 4096,
    DTAKE__ROW_MAX_NODES = 256,
    DTAKE__ROW_MAX_DEPTH = 32,
    DTAKE__ROW_MAX_ARGUMENTS = 16
};

struct dtake__row_function;

typedef struct dtake__row_node {
    enum {
        DTAKE__ROW_COLUMN,
        DTAKE__ROW_LITERAL,
        DTAKE__ROW_NEGATE,
        DTAKE__ROW_ARITHMETIC,
        DTAKE__ROW_CALL,
    } op;
    dtake__row_kind kind; /* of what comes out, when it is not null */
    dtake__span text;     /* a column's name, a literal's text */
    double number;
    size_t column;
    char sign; /* of arithmetic */
    const struct dtake__row_function *function;
    int argument[DTAKE__ROW_MAX_ARGUMENTS], argument_count; /* numbers of nodes */
} dtake__row_node;

struct dtake__row_expression {
    int root, node_count;
    dtake__row_node *node;
    char text[]; /* names and literals point here */
};

typedef struct dtake__row_run {
    const dtake__row_expression *expression;
    const dtake__span *field;
    size_t field_count;
    dtake__row_scratch *scratch;
    dtake_error *err;
} dtake__row_run;

/* What a function does with arguments that were evaluated: none of them is null, but for `takes_nulls`; out
 * is null when it is called. */
typedef dtake_status dtake__row_fn(const dtake__row_run *run, const dtake__row_value *argument, int count,
                                   dtake__row_value *out);

typedef struct dtake__row_function {
    const char *name;
    const char
        *wants; /* a letter for each argument: t(ext), n(umber), p(attern: a literal), a(ny, all alike) */
    int least, most; /* arguments; the last letter stands for all that follow */
    dtake__row_kind kind;
    bool takes_nulls;
    dtake__row_fn *call;
} dtake__row_function;

const dtake__row_function *dtake__row_function_find(dtake__span name);
const char *dtake__row_function_names(void);

/* Functions of texts. */
dtake__row_fn dtake__row_concat, dtake__row_substr, dtake__row_split, dtake__row_between, dtake__row_replace,
    dtake__row_upper, dtake__row_lower, dtake__row_trim;

/* The argument as a number or null: a text is read. */
dtake_status dtake__row_number(const dtake__row_run *run, const dtake__row_node *node,
                               dtake__row_value *value);

#endif
