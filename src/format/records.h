/* A stream cut into records that are not copied: lines, CSV rows, the items of JSON collections. Batches of
 * whole records go from the thread that reads to those that parse. */
#ifndef DTAKE_FORMAT_RECORDS_H
#define DTAKE_FORMAT_RECORDS_H

#include "format/inflate_stream.h"

typedef enum dtake__records_kind {
    /* One a line; empty lines are passed over, \r before \n is cut off. */
    DTAKE__RECORDS_LINES,
    /* As lines, but a field in quotes may hold line ends: a quote opens where a field begins and is doubled
     * within. The first record is the header, if there is one. */
    DTAKE__RECORDS_CSV,
    /* JSON values one after another, however they are laid out. Of a top-level array the elements, of an
     * object with an array named "features" (FeatureCollection, ItemCollection) its elements are the records;
     * what stands around that array is not looked at. Brackets are counted only: whether a record is JSON is
     * for its reader. */
    DTAKE__RECORDS_JSON,
} dtake__records_kind;

typedef struct dtake__records_options {
    dtake__records_kind kind;
    char delimiter;          /* CSV; 0: a comma */
    size_t batch_bytes;      /* aimed at; 0: 1 MiB */
    size_t max_record_bytes; /* 0: 64 MiB */
} dtake__records_options;

typedef struct dtake__record {
    char *text; /* in the batch; may be changed in place; no '\0' behind it */
    size_t len;
    uint64_t line; /* where it begins, from 1 */
} dtake__record;

/* Yours, reused for one dtake__records_next after another: what it held before is gone then. */
typedef struct dtake__batch {
    dtake__record *record;
    size_t count;
    size_t record_room;
    char *bytes;
    size_t len, room;
} dtake__batch;

void dtake__batch_dispose(dtake__batch *batch);

typedef struct dtake__records dtake__records;

/* `read` is called from dtake__records_next only. A byte order mark at the start is passed over. */
dtake_status dtake__records_open(dtake__records **out, const dtake__records_options *options,
                                 dtake__read_fn *read, void *ctx, dtake_error *err);
void dtake__records_close(dtake__records *records);

/* The next records; count 0 at the end. The last one needs no line end. DTAKE_E_LIMIT for a record over the
 * limit, DTAKE_E_FORMAT when a collection's array is not closed, with the line where it began; what came
 * before has been handed out then. After an error there is nothing more. */
dtake_status dtake__records_next(dtake__records *records, dtake__batch *batch, dtake_error *err);

uint64_t dtake__records_bytes(const dtake__records *records); /* handed out or passed over so far */

/* Whether the first bytes of a file are those of a JSON object or array. */
bool dtake__begins_like_json(const char *text, size_t len);

/* Lines or JSON, judged by the first bytes of a file (a few KiB are enough): NDJSON is split by lines, so
 * that a broken line spoils no other. */
dtake__records_kind dtake__records_guess(const char *text, size_t len);

#endif
