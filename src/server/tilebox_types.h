/* Types of datasets, which take long to make, kept for as long as the schemas they were made of are in use.
 */
#ifndef DTAKE_SERVER_TILEBOX_TYPES_H
#define DTAKE_SERVER_TILEBOX_TYPES_H

#include <datatake/datasets.h>

#include <pthread.h>

#include "protocol/tilebox/type.h"

enum { DTAKE__TB_TYPES = 32 };

typedef struct dtake__tb_kept_type {
    dtake_schema *schema; /* that the type was made of; NULL: none */
    char *slug;           /* of the dataset that it is named after */
    dtake_dataset_kind kind;
    bool as_of_2024;
    dtake__tilebox_type *type;
} dtake__tb_kept_type;

typedef struct dtake__tb_types {
    pthread_mutex_t lock; /* of all below */
    dtake__tb_kept_type kept[DTAKE__TB_TYPES];
    size_t next; /* to make room */
} dtake__tb_types;

void dtake__tb_types_init(dtake__tb_types *types);
void dtake__tb_types_dispose(dtake__tb_types *types);

/* The caller's; NULL: it is not there. */
dtake__tilebox_type *dtake__tb_types_find(dtake__tb_types *types, const dtake_dataset_info *info,
                                          bool as_of_2024);
/* For who asks next; the type stays the caller's. */
void dtake__tb_types_keep(dtake__tb_types *types, const dtake_dataset_info *info, bool as_of_2024,
                          dtake__tilebox_type *type);

#endif
