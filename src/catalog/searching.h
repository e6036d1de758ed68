/* A search under way: a view, the chunks that matter in the order of time, parts that are being merged. */
#ifndef DTAKE_CATALOG_SEARCHING_H
#define DTAKE_CATALOG_SEARCHING_H

#include "catalog/part.h"

enum {
    DTAKE__BATCH_ROWS = 65536,
    DTAKE__PARTS_MAX_BYTES = 96 << 20, /* of open parts, before chunks are opened in stretches */
    DTAKE__BATCH_BYTES = 16 << 20,     /* of rows that are gathered from several parts */
    DTAKE__RUN_ROWS = 16384,           /* a run of so many rows of one part is given without copying */
    DTAKE__SORT_MAX_BYTES = 1 << 30,   /* of rows that are sorted by fields without a limit */
};

typedef struct dtake__entry {
    const dtake__listed_chunk *chunk;
    const char *collection;
    int64_t from_ns, to_ns; /* of its rows, both included */
    bool cut;               /* these are not all rows of the chunk */
    bool overlaps;          /* another entry in the order of time and id: ids of rows tell whose is next */
} dtake__entry;

/* A run of rows of a part that are given one after another. */
typedef struct dtake__stretch {
    size_t part;
    int64_t first, count;
} dtake__stretch;

struct dtake__search {
    dtake__view view;
    dtake__demand demand;
    dtake__result_schema schema; /* of parts */
    dtake_schema *given;         /* of results: without what only serves for sorting */
    dtake__chunk_list **lists;   /* of the collections, retained */
    size_t list_count;
    dtake__entry *entries; /* in the order they are opened */
    size_t entry_count, next_entry;
    dtake__part *parts; /* open ones */
    size_t part_count, part_room;
    dtake__stretch *stretches; /* rows to be given next */
    size_t stretch_count, stretch_room;
    int64_t stretched_rows, stretched_bytes;
    bool descending;
    bool once;           /* what it reads will hardly be read again: nothing of it is kept */
    int64_t skip, left;  /* rows to be skipped; to be given, -1: all */
    bool sorted;         /* by fields: everything is read before anything is given */
    dtake_batch **ready; /* results of a sort */
    size_t ready_count, ready_next;
    atomic_bool cancelled;
    /* progress: written by whoever calls next, read by anyone */
    int64_t start_ns, end_ns, begun_us;
    _Atomic int64_t at_ns, datapoints, bytes;
    atomic_bool finished;
};

/* A search within a view that stays the caller's. On failure too, *out is to be ended. */
dtake_status dtake__search_begin(dtake__search **out, const dtake__view *view, const dtake__dataset *dataset,
                                 const dtake_query *query, dtake_error *err);
void dtake__search_end(dtake__search *search);

/* Leaves only these chunks, and the fields of the dataset. */
dtake_status dtake__search_only(dtake__search *search, const dtake__listed_chunk *const *chunks, size_t count,
                                dtake_error *err);

dtake_status dtake__query_dataset_of(const dtake__directory *directory, const dtake_query *query,
                                     const dtake__dataset **out, dtake_error *err);
dtake_status dtake__find_in(const dtake__view *view, const dtake__dataset *dataset, const char *collection,
                            const char *text, dtake_batch **out, dtake_error *err);

dtake_status dtake__search_cancelled(const dtake__search *search, dtake_error *err);

/* Fields, order and entries; its demand is open already. */
dtake_status dtake__search_plan(dtake__search *search, const dtake__dataset *dataset, dtake_error *err);

/* Entries in the order they are opened; which of them share times. */
void dtake__entries_order(dtake__search *search);

/* The next one. While parts take much memory, of chunks that lie over one another in time only the first
 * stretch is taken and the rest opened again later: a search may take longer, but not all chunks at once. */
void dtake__entries_take(dtake__search *search, dtake__entry *out);

/* Tests may pretend that parts have little room; 0: no more. */
void dtake__pretend_room_for_parts(int64_t bytes);

/* The entry's rows out of the chunk's batch that is kept, or is made and kept now. !*done: the search asks
 * for more than times, or for too little of the chunk. */
dtake_status dtake__part_of_decoded(dtake__search *search, const dtake__entry *entry,
                                    const dtake__chunk *chunk, dtake__pieces *pieces, const dtake__wish *wish,
                                    dtake__part *out, bool *done, dtake_error *err);

/* Opens the next chunk as a part, if it has rows. */
dtake_status dtake__search_open_entry(dtake__search *search, dtake_error *err);

/* The next batch in the order of time; NULL after the last. */
dtake_status dtake__search_merge(dtake__search *search, dtake_batch **out, dtake_error *err);

/* Reads all and sorts by the query's fields. */
dtake_status dtake__search_sort(dtake__search *search, dtake_error *err);

#endif
