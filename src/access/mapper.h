/* From records of text to rows of a table: one for items, one for CSV. */
#ifndef DTAKE_ACCESS_MAPPER_H
#define DTAKE_ACCESS_MAPPER_H

#include "access/ingest_options.h"
#include "core/span.h"
#include "format/records.h"
#include "table/builder.h"

typedef struct dtake__mapper dtake__mapper;

typedef struct dtake__mapper_result {
    bool made;  /* a row; false for a header, and for what lies beside items in folders */
    bool fatal; /* a failure that is the whole input's */
    dtake__span
        collection;   /* that the record names; "" if none. The mapper's until its next put, as is text */
    dtake__span text; /* of the record as it was, if taking it apart has changed it */
} dtake__mapper_result;

typedef struct dtake__mapper_kind {
    void (*free)(dtake__mapper *mapper);
    /* Looks at a record before there is a schema; leaves it as it is. `first`: of its input. */
    dtake_status (*sample)(dtake__mapper *mapper, const dtake__record *record, bool first, dtake_error *err);
    /* What was found, behind the fields of `base` (NULL: a new dataset). */
    dtake_status (*schema)(dtake__mapper *mapper, const dtake_schema *base, dtake_schema **out,
                           dtake_error *err);
    dtake_status (*begin)(dtake__mapper *mapper, const dtake_schema *schema, dtake_error *err);
    /* Another one that knows as much, before `begin`. */
    dtake_status (*copy)(const dtake__mapper *mapper, dtake__mapper **out, dtake_error *err);
    /* The records to come are of this input: its path; NULL: standard input. May be NULL itself. */
    dtake_status (*set_input)(dtake__mapper *mapper, const char *path, dtake_error *err);
    /* A failure is the record's own, DTAKE_E_NOMEM excepted. */
    dtake_status (*put)(dtake__mapper *mapper, dtake__builder *builder, const dtake__record *record,
                        bool first, dtake__mapper_result *result, dtake_error *err);
} dtake__mapper_kind;

struct dtake__mapper {
    const dtake__mapper_kind *kind;
};

dtake_status dtake__mapper_items_new(dtake__mapper **out, const dtake_ingest_options *options,
                                     dtake_error *err);
dtake_status dtake__mapper_csv_new(dtake__mapper **out, const dtake_ingest_options *options,
                                   dtake_error *err);

#endif
