/* Meaning of single operators, for those who evaluate filters. */
#ifndef DTAKE_QUERY_MATCH_H
#define DTAKE_QUERY_MATCH_H

#include "query/filter.h"

/* What CASEI and ACCENTI do to a text before it is compared. */
enum { DTAKE__FOLD_CASE = 1, DTAKE__FOLD_ACCENTS = 2 };

/* The operand inside of CASEI and ACCENTI; *fold gets their flags. */
const dtake__filter *dtake__filter_unfold(const dtake__filter *operand, unsigned *fold);

/* The folded text, appended. Letters of the Latin, Greek and Cyrillic alphabets are folded (U+0041 to U+017F,
 * U+0370 to U+045F, U+1E00 to U+1EFF); combining accents are left out; all else stays. */
dtake_status dtake__fold_text(const char *text, size_t len, unsigned fold, dtake_buf *out);

/* LIKE, compiled: % any characters, _ one character (of UTF-8), \ takes the next one as it is. The text is
 * folded as the first operand says, the pattern as the second. */
typedef struct dtake__like dtake__like;
dtake_status dtake__like_new(dtake__like **out, const dtake__filter *like, dtake_error *err);
bool dtake__like_match(const dtake__like *like, const char *text, size_t len);
void dtake__like_free(dtake__like *like);
/* What every text that matches begins with, '\0'-terminated, the like's; "" when nothing is known. */
const char *dtake__like_prefix(const dtake__like *like);

/* Makes a TIMESTAMP or a DATE of a STRING that is compared with a field of times. DTAKE_E_USAGE tells the
 * column. */
dtake_status dtake__filter_string_to_time(dtake__filter *string, dtake_error *err);

/* The instants that a TIMESTAMP, a DATE or an INTERVAL without fields stands for, both ends included. False
 * for other nodes. */
bool dtake__filter_instants(const dtake__filter *filter, dtake_interval *out);

/* Does T_... hold from a to b? Both ends included; an instant has equal ends. As table 8 of OGC 21-065r2. */
bool dtake__times_related(dtake__filter_op op, const dtake_interval *a, const dtake_interval *b);

/* S_... as the relation of its first operand to its second; and the same seen from the second. */
dtake__relation dtake__filter_relation(dtake__filter_op op);
dtake__relation dtake__relation_reversed(dtake__relation relation);

#endif
