/* Images of a catalogue by id, and those of a collection. They block: the client is asked. */
#ifndef DTAKE_ACCESS_EE_FIND_H
#define DTAKE_ACCESS_EE_FIND_H

#include "access/ee_item.h"

/* By its whole id. DTAKE_E_NOT_FOUND as the service says it. *out is the caller's. */
dtake_status dtake__ee_find(dtake_client *client, const dtake__ee_map *map, const char *id,
                            dtake__ee_image **out, dtake_error *err);
dtake_status dtake__ee_find_collection(const dtake__ee_map *map, const char *id,
                                       const dtake__ee_collection **out, dtake_error *err);

typedef struct dtake__ee_query {
    double start_ms, end_ms; /* of system:time_start, the end does not belong to it; +-HUGE_VAL: open */
    bool has_box;
    dtake_box box;    /* each image that is wanted meets it */
    const char *area; /* likewise: GeoJSON or WKT; NULL: none */
    int64_t offset;
} dtake__ee_query;

/* `each` takes the image in any case. *enough: no more are wanted. In the order of time. */
typedef dtake_status dtake__ee_each(void *ctx, dtake__ee_image *image, bool *enough, dtake_error *err);
dtake_status dtake__ee_list(dtake_client *client, const dtake__ee_collection *collection,
                            const dtake__ee_query *query, dtake__ee_each *each, void *ctx, dtake_error *err);

#endif
