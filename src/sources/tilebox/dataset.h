/* What a service tells of one dataset: asked before anything is asked of the dataset itself. */
#ifndef DTAKE_SOURCES_TILEBOX_DATASET_H
#define DTAKE_SOURCES_TILEBOX_DATASET_H

#include "protocol/tilebox/type.h"
#include "sources/tilebox/service.h"

typedef struct dtake__remote_collection {
    char *name;
    uint8_t id[16];
    int64_t count;            /* -1: not told */
    bool has_times;           /* false: empty, or not told */
    int64_t start_ns, end_ns; /* both included */
} dtake__remote_collection;

typedef struct dtake__remote_dataset {
    char *slug, *name, *description;
    uint8_t id[16];
    dtake__tilebox_type *type;
    dtake__remote_collection *collections;
    size_t count;
} dtake__remote_dataset;

/* From a Dataset and a ListCollectionsResponse. `shown`: the slug when the service does not tell it. */
dtake_status dtake__remote_dataset_read(dtake__remote_dataset *out, const dtake__tb_dataset *dataset,
                                        const char *shown, dtake_error *err);
/* From a list of CollectionInfo. */
dtake_status dtake__remote_collections_copy(dtake__remote_dataset *out, const dtake__tb_list *list,
                                            dtake_error *err);
dtake_status dtake__remote_collections_read(dtake__remote_dataset *out, const dtake_buf *body,
                                            dtake_error *err);
void dtake__remote_dataset_dispose(dtake__remote_dataset *dataset);
/* DTAKE_E_NOT_FOUND names a near one. */
dtake_status dtake__remote_collection_find(const dtake__remote_dataset *dataset, const char *name,
                                           size_t *index, dtake_error *err);
/* Puts what is known of it into the list. */
dtake_status dtake__remote_dataset_list(const dtake__remote_dataset *dataset, dtake_dataset_list *list);
dtake_status dtake__remote_collections_list(const dtake__remote_dataset *dataset,
                                            dtake_collection_list *list);

/* Asks for both, one after the other; the struct is the caller's until `done`, on the loop thread. */
typedef struct dtake__asking {
    void (*done)(struct dtake__asking *asking);
    dtake_status status;
    dtake_error err;
    dtake__remote_dataset dataset; /* the caller's to dispose of, whatever came */

    dtake__service *service; /* its own */
    const char *slug;        /* borrowed */
    dtake__call call;
    int64_t asked_us;
    int64_t round_trip_us; /* about: what the second answer took */
} dtake__asking;

void dtake__asking_start(dtake__asking *asking, dtake__service *service, const char *slug); /* loop thread */
void dtake__asking_cancel(dtake__asking *asking);

#endif
