/* Meaning of single operators, for those who evaluate filters. */
#ifndef DTAKE_QUERY_MATCH_H
#define DTAKE_QUERY_MATCH_H

#include "query/filter.h"

/* A pattern of LIKE: % any characters, _ one character (of UTF-8), \ takes the next one as it is. */
typedef struct dtake__like dtake__like;
/* `fold`: without case (the pattern stood in casei). */
dtake_status dtake__like_new(dtake__like **out, const char *pattern, bool fold, dtake_error *err);
bool dtake__like_match(const dtake__like *like, const char *text, size_t len);
void dtake__like_free(dtake__like *like);

/* What CASEI and ACCENTI make of a text, appended. ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic
 * letters are folded; other characters stay. */
dtake_status dtake__fold_text(const char *text, size_t len, bool accents_too, dtake_buf *out);

/* The instants that a TIMESTAMP, a DATE or an INTERVAL without fields stands for, both ends included. */
bool dtake__filter_instants(const dtake__filter *filter, dtake_interval *out);

/* Does T_... hold from a to b? Both closed; an instant has equal ends. Allen's relations as CQL2 has them. */
bool dtake__times_related(dtake__filter_op op, const dtake_interval *a, const dtake_interval *b);

/* The relation of S_..., and the one with the operands exchanged. */
dtake__relation dtake__filter_relation(dtake__filter_op op);
dtake__relation dtake__relation_reversed(dtake__relation relation);

#endif
