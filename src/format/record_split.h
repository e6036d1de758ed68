/* Between the files that cut streams into records: where the cutting stands in the bytes of a batch. */
#ifndef DTAKE_FORMAT_RECORD_SPLIT_H
#define DTAKE_FORMAT_RECORD_SPLIT_H

#include "format/records.h"

typedef enum dtake__json_place {
    DTAKE__JSON_OUTSIDE, /* between values */
    DTAKE__JSON_VALUE,   /* in one that is a record, if it does not turn out to be a collection */
    DTAKE__JSON_LIST,    /* between the elements of the array */
    DTAKE__JSON_ELEMENT,
    DTAKE__JSON_SCALAR, /* in what is neither object nor array, nor a sensible record */
    DTAKE__JSON_REST,   /* in the collection's object, behind its array */
} dtake__json_place;

/* Offsets count from the batch's first byte. */
typedef struct dtake__splitter {
    dtake__records_kind kind;
    char delimiter;
    size_t start;   /* of the record in work; what is before is done with */
    size_t scanned; /* never looked at again */
    uint64_t line;  /* of `start` (JSON: of `counted`) */
    uint64_t lines_within;
    bool in_quotes;
    size_t closed; /* behind the last closing quote */

    dtake__json_place place;
    bool list_in_object, in_text, escaped, is_features;
    int64_t depth;      /* of brackets open within the value */
    size_t text_start;  /* of the last text at the first level of a value */
    size_t counted;     /* line ends before it are in `line` */
    uint64_t list_line; /* where the array in work began */
} dtake__splitter;

dtake_status dtake__batch_add(dtake__batch *batch, size_t start, size_t end, uint64_t line);

/* Adds the records that end within the batch's bytes. The only failure is DTAKE_E_NOMEM. */
dtake_status dtake__split_lines(dtake__splitter *s, dtake__batch *batch);
dtake_status dtake__split_csv(dtake__splitter *s, dtake__batch *batch);
dtake_status dtake__split_json(dtake__splitter *s, dtake__batch *batch);
uint64_t dtake__split_json_line(dtake__splitter *s, const dtake__batch *batch, size_t at);

#endif
