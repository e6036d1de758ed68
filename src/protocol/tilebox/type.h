/* The protobuf type of a dataset, bound to the schema of its table. Made from the bytes that a server sends,
 * or from a dataset of ours. Never changes once made; retain and release are safe from any thread. */
#ifndef DTAKE_PROTOCOL_TILEBOX_TYPE_H
#define DTAKE_PROTOCOL_TILEBOX_TYPE_H

#include <datatake/datasets.h>

#include "format/protobuf.h"
#include "protocol/tilebox/well_known.h"

typedef struct dtake__tilebox_type dtake__tilebox_type;

/* From datasets.v1.AnnotatedType. Fields of message types that are not known here are BYTES, the message as
 * it is; enums of more than DTAKE_MAX_ENUM_VALUES values are INT64. Types of 2024 have no time, id and
 * ingestion_time inside: their schema has them all the same, in front. DTAKE_E_FORMAT, DTAKE_E_LIMIT. */
dtake_status dtake__tilebox_type_read(dtake__tilebox_type **out, const void *bytes, size_t len,
                                      dtake_error *err);

typedef struct dtake__tilebox_naming {
    uint8_t group_id[16];
    const char *code_name; /* "sentinel2_msi" */
    bool as_of_2024;       /* proto3 without time, id and ingestion_time; geometries are GeobufData */
} dtake__tilebox_naming;

/* For a dataset of ours. Numbers: time 1, id 2, ingestion_time 3, of spatiotemporal ones geometry 4, then the
 * other fields in the order of the schema, which therefore may only grow. Names that protobuf does not take
 * are written with underscores. ROLE_COLLECTION is left out. */
dtake_status dtake__tilebox_type_new(dtake__tilebox_type **out, const dtake_schema *schema,
                                     dtake_dataset_kind kind, const dtake__tilebox_naming *naming,
                                     dtake_error *err);

/* datasets.v1.DatasetType, what a client asks for that makes a dataset. `schema` is the caller's. */
dtake_status dtake__tilebox_dataset_type_read(dtake_schema **schema, dtake_dataset_kind *kind,
                                              const void *bytes, size_t len, dtake_error *err);
/* The same asked for by us: the content of a DatasetType message. */
dtake_status dtake__tilebox_dataset_type_write(const dtake_schema *schema, dtake_dataset_kind kind,
                                               dtake__pb_out *out, dtake_error *err);

/* A type of a service for batches of `schema`, whose names on the wire may differ (dtake__tilebox_type_new).
 * DTAKE_E_STATE names a field of the schema that the type has not. */
dtake_status dtake__tilebox_type_bind(dtake__tilebox_type **out, const dtake__tilebox_type *type,
                                      const dtake_schema *schema, dtake_error *err);
/* What the type has, and behind it what the schema has more; *more: there is something. */
dtake_status dtake__tilebox_type_merge(dtake_schema **out, bool *more, const dtake__tilebox_type *type,
                                       const dtake_schema *schema, dtake_error *err);

dtake__tilebox_type *dtake__tilebox_type_retain(const dtake__tilebox_type *type);
void dtake__tilebox_type_release(dtake__tilebox_type *type); /* NULL is fine */

void dtake__tilebox_type_write(const dtake__tilebox_type *type,
                               dtake__pb_out *out); /* what AnnotatedType holds */
const char *
dtake__tilebox_type_url(const dtake__tilebox_type *type); /* "datasets.v1.group_0190….Sentinel2Msi" */
const dtake_schema *dtake__tilebox_type_schema(const dtake__tilebox_type *type); /* the type's */
dtake_dataset_kind dtake__tilebox_type_kind(const dtake__tilebox_type *type);
bool dtake__tilebox_type_is_of_2024(const dtake__tilebox_type *type);

/* The field of `schema` that a field of the type stands for, by its role, else by the name it had in
 * dtake__tilebox_type_new; -1: none. */
int dtake__tilebox_type_column(const dtake__tilebox_type *type, size_t field, const dtake_schema *schema);

#endif
