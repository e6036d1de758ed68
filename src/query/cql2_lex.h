/* Words of CQL2 text, taken one after another, and errors that point at them. */
#ifndef DTAKE_QUERY_CQL2_LEX_H
#define DTAKE_QUERY_CQL2_LEX_H

#include "core/span.h"
#include "query/filter.h"

typedef struct dtake__cql2 {
    const char *text, *at, *end;
    const char *counted; /* so far, as `column` */
    uint32_t column;
    dtake__span before; /* the last word that was taken */
    int depth;
    size_t nodes;
    dtake_status status; /* of the first failure, which is told in err */
    dtake_error *err;
} dtake__cql2;

void dtake__cql2_start(dtake__cql2 *in, const char *text, dtake_error *err);

/* Moves to the next word and returns its column, in characters from 1. */
uint32_t dtake__cql2_column(dtake__cql2 *in);
bool dtake__cql2_at_end(dtake__cql2 *in);

/* Takes the word or sign if it is the next; words in any case and not as the beginning of a longer one. */
bool dtake__cql2_take_word(dtake__cql2 *in, const char *word);
bool dtake__cql2_take_sign(dtake__cql2 *in, const char *sign);
/* The next word, which stays ahead: letters, digits, '_', ':', '.'. Empty when none begins here. */
dtake__span dtake__cql2_word(dtake__cql2 *in);
void dtake__cql2_skip(dtake__cql2 *in, size_t bytes); /* takes what the caller has read by itself */
bool dtake__cql2_word_then_bracket(dtake__cql2 *in);  /* the next word is followed by '(' */

/* 'It''s' and "a b": the text, to be freed. NULL: told. */
char *dtake__cql2_take_quoted(dtake__cql2 *in, char quote);

/* These tell the first failure only, and return NULL so that a reader can return it on. */
dtake__filter *dtake__cql2_fail(dtake__cql2 *in, uint32_t column, const char *fmt, ...) DTAKE_PRINTF(3, 4);
dtake__filter *dtake__cql2_expected(dtake__cql2 *in, const char *what); /* at the next word */
dtake__filter *dtake__cql2_too_deep(dtake__cql2 *in, uint32_t column);
dtake__filter *dtake__cql2_no_memory(dtake__cql2 *in);

#endif
