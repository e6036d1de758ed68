/* A query made ready for the chunks of one dataset. */
#ifndef DTAKE_CATALOG_DEMAND_H
#define DTAKE_CATALOG_DEMAND_H

#include "catalog/predicate.h"
#include "catalog/store.h"
#include "query/bounds.h"
#include "query/query.h"

/* Every datapoint that passes has a number of this field between these. */
typedef struct dtake__demand_range {
    int field; /* of the schema */
    double least, most;
} dtake__demand_range;

/* A box that every datapoint that passes meets, of the field for geometries. */
typedef struct dtake__demand_box {
    dtake_box box;
    bool plain; /* it crosses nothing and does not touch the antimeridian: comparing numbers will do */
} dtake__demand_box;

typedef struct dtake__demand {
    dtake_query *query; /* its own copy */
    dtake_schema *schema;
    bool never;                  /* nothing passes */
    int64_t start_ns, end_ns;    /* both included */
    dtake__predicate *predicate; /* NULL: none */
    dtake__demand_range *ranges;
    size_t range_count;
    dtake__demand_box boxes[2];
    size_t box_count;
    dtake__prepared *area; /* NULL: none */
    dtake__relation relation;
    bool has_after;
    int64_t after_ns; /* INT64_MIN: not known, the id alone tells */
    uint8_t after_id[16];
    dtake_id *ids; /* sorted */
    size_t id_count;
    const char **names; /* sorted */
    size_t name_count;
} dtake__demand;

/* For one thread at a time. */
dtake_status dtake__demand_open(dtake__demand *demand, const dtake_query *query, const dtake_schema *schema,
                                dtake_error *err);
void dtake__demand_dispose(dtake__demand *demand);

bool dtake__demand_wants(const dtake__demand *demand, const dtake__listed_chunk *chunk);
/* Every datapoint of the chunk passes. */
bool dtake__demand_takes_all(const dtake__demand *demand, const dtake__listed_chunk *chunk);
bool dtake__demand_has_id(const dtake__demand *demand, const uint8_t id[16]);
bool dtake__demand_has_name(const dtake__demand *demand, const char *name, size_t len);

static inline bool dtake__demand_meets(const dtake__demand_box *wanted, const dtake_box *box)
{
    if (wanted->plain && box->west <= box->east && box->west > -180 && box->east < 180)
        return box->west <= wanted->box.east && box->east >= wanted->box.west &&
               box->south <= wanted->box.north && box->north >= wanted->box.south;
    return box->south <= box->north && dtake__box_meets(wanted->box, *box);
}

#endif
