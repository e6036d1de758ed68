/* Lists of datasets and collections, for whoever answers with them. */
#ifndef DTAKE_CATALOG_LISTS_H
#define DTAKE_CATALOG_LISTS_H

#include <datatake/datasets.h>

dtake_dataset_list *dtake__dataset_list_new(void); /* NULL: no memory */
/* Copies what it is given; retains the schema. */
dtake_status dtake__dataset_list_add(dtake_dataset_list *list, const dtake_dataset_info *info);

dtake_collection_list *dtake__collection_list_new(void);
dtake_status dtake__collection_list_add(dtake_collection_list *list, const dtake_collection_info *info);

#endif
