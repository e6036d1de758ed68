/* The inside of an ingest: three stages side by side, reading (decompress, cut into records), parsing
 * (records into batches) and storing, each one piece of work on a worker at a time. What is between them is
 * counted, so that memory is bounded. The stages are moved on by the loop thread; what other threads see is
 * atomic or under `lock`.
 */
#ifndef DTAKE_ACCESS_INGEST_H
#define DTAKE_ACCESS_INGEST_H

#include <datatake/ingest.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "access/client.h"
#include "access/ingest_files.h"
#include "access/ingest_options.h"
#include "access/ingest_remote.h"
#include "access/mapper.h"
#include "core/buf.h"
#include "format/records.h"
#include "io/loop.h"

/* Records of one input on their way from reading to parsing. */
typedef struct dtake__held {
    struct dtake__held *next;
    dtake__batch records;
    size_t input;
    bool first; /* the input begins with it */
} dtake__held;

typedef struct dtake__held_list {
    dtake__held *first, *last;
    size_t count;
} dtake__held_list;

void dtake__held_push(dtake__held_list *list, dtake__held *held);
dtake__held *dtake__held_pop(dtake__held_list *list); /* NULL: empty */

/* A batch on its way from parsing to the source. */
typedef struct dtake__parcel {
    struct dtake__parcel *next;
    dtake_batch *batch;
    int64_t bytes; /* about what it takes */
    char *collection;
} dtake__parcel;

typedef struct dtake__parcel_list {
    dtake__parcel *first, *last;
    size_t count;
    int64_t bytes;
} dtake__parcel_list;

void dtake__parcel_push(dtake__parcel_list *list, dtake__parcel *parcel);
dtake__parcel *dtake__parcel_pop(dtake__parcel_list *list);
void dtake__parcel_free(dtake__parcel *parcel); /* NULL is fine */

typedef struct dtake__ingest_reading {
    dtake__work work;
    bool busy, ended;
    size_t next_input;
    int fd;                      /* of the input that is open; -1: none, or ... */
    dtake__remote_input *remote; /* ... it lies behind a URL; else NULL */
    int64_t bytes_before;
    dtake__inflate *inflate;
    struct peeked *peeked;
    dtake__records *records;
    bool first; /* nothing of this input was handed out yet */
    dtake__held *filling;
    bool filled;
    dtake_status status; /* what stops everything; an input's own failure is one of the failures */
    dtake_error err;
} dtake__ingest_reading;

/* Two runs of records are parsed at once, each into batches of its own; batches go on in the order of the
 * runs. Rows of short runs (a folder with a file for each item) are gathered: until they have become a
 * batch, their parser takes the next run too. */
enum { DTAKE__PARSERS_MAX = 2 };

typedef struct dtake__parser {
    dtake__work work;
    dtake_ingest *ingest;
    bool busy;
    bool ready;        /* it is through, its batches wait for their turn */
    bool empties;      /* no rows stay in the builder at the end of this run */
    uint64_t turn;     /* of this run */
    dtake__held *held; /* NULL: what is left of the rows */
    dtake_buf header;  /* of the CSV that it goes on with, not looked at yet; empty: none */
    bool begun;        /* ... with some input */
    size_t input;
    dtake__mapper *mapper;
    dtake__builder *builder;
    int32_t *row_collection; /* of each row in the builder, an index of collections */
    size_t row_room;
    char **collections;
    size_t collection_count, collection_room, last_collection;
    int64_t records; /* that were met and not added to what the others see */
    dtake__parcel_list made;
    bool has_lost_input; /* nothing more can be read of it: its header is no header */
    size_t lost_input;
    dtake_status status;
    dtake_error err;
} dtake__parser;

typedef struct dtake__ingest_parsing {
    dtake_schema *schema;
    dtake__parser parser[DTAKE__PARSERS_MAX];
    size_t count;
    dtake__parser *gathers; /* has rows that no batch has yet; NULL: none */
    uint64_t turns, told;   /* runs begun, and those whose batches went on */
    dtake_buf header;       /* of the CSV that is being parsed */
} dtake__ingest_parsing;

typedef struct dtake__ingest_storing {
    dtake__write write;
    bool busy;
    bool created; /* the dataset is there, with the fields of the schema */
    dtake__writer *writer;
    char *collection; /* that the writer stands at */
    dtake__parcel *parcel;
    dtake__parcel_list waiting;
    int64_t rows, since_ms; /* put since the last commit, and when that was */
    bool part, waits;       /* the commit is of whole chunks only; some rows wait for the next one */
    dtake_status status;
    dtake_error err;
} dtake__ingest_storing;

typedef enum dtake__ingest_phase {
    DTAKE__INGEST_LISTING,
    DTAKE__INGEST_SAMPLING,
    DTAKE__INGEST_LOOKING,  /* for the dataset, if there is one */
    DTAKE__INGEST_PLANNING, /* the schema */
    DTAKE__INGEST_RUNNING,
    DTAKE__INGEST_CLOSING,
} dtake__ingest_phase;

struct dtake_ingest {
    dtake_client *client;
    dtake__ingest_options options;
    atomic_bool cancelled;
    int64_t start_us;
    atomic_int_least64_t inputs, inputs_done, bytes, bytes_total, records, added, replaced, same, failed;

    pthread_mutex_t lock;
    /* under the lock */
    bool finished, notified;
    int64_t end_us;
    dtake_status status;
    dtake_error err;
    dtake_ingest_fn notify;
    void *notify_ctx;
    struct {
        size_t input;
        int64_t line;
        char *message;
    } failure[DTAKE_INGEST_FAILURES];
    size_t failure_count;
    dtake_status first_failure;
    FILE *failed_file;
    bool failed_file_broken;

    /* loop thread */
    dtake__post post;
    dtake__latch *over, *told; /* told: of a notification asked for after the end */
    dtake__ingest_phase phase;
    dtake__work work; /* of the phases before RUNNING */
    dtake__act act;
    dtake_dataset_info info;
    dtake_schema *base;
    dtake__ingest_files files;
    dtake__held_list filled, spare;
    size_t held_count;
    int64_t sampled_bytes;
    dtake_status stop; /* what ended it before its time */
    dtake_error stop_err;
    dtake__ingest_reading reading;
    dtake__ingest_parsing parsing;
    dtake__ingest_storing storing;
};

/* A record (or, with line 0, an input) that could not be taken. Any thread. */
void dtake__ingest_fail_record(dtake_ingest *ingest, size_t input, int64_t line, const dtake_error *why,
                               dtake__span record);
/* How it went, once it is over; under the lock. */
dtake_status dtake__ingest_verdict(dtake_ingest *ingest, dtake_error *err);
const char *dtake__ingest_input(const dtake_ingest *ingest, size_t input); /* its path */

/* The stages. `_start` hands work over, on the loop thread; dtake__ingest_pump is called when it is through.
 */
void dtake__ingest_read_start(dtake_ingest *ingest);
void dtake__ingest_read_dispose(dtake_ingest *ingest);
dtake_status dtake__ingest_plan(dtake_ingest *ingest, dtake_error *err);  /* worker: mapper and schema */
dtake_status dtake__ingest_begin(dtake_ingest *ingest, dtake_error *err); /* the builder for that schema */
bool dtake__ingest_may_parse(const dtake_ingest *ingest); /* a parser is free for the next run */
size_t dtake__ingest_parsers_busy(const dtake_ingest *ingest);
void dtake__ingest_parse_start(dtake_ingest *ingest); /* the next run, or the rows that are left */
void dtake__ingest_parse_dispose(dtake_ingest *ingest);
void dtake__ingest_store_start(dtake_ingest *ingest, bool last); /* `last`: nothing more comes, commit */
void dtake__ingest_store_dispose(dtake_ingest *ingest);

void dtake__ingest_pump(dtake_ingest *ingest);

#endif
