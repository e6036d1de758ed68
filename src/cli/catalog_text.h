/* Datasets and collections as JSON and as text for people. */
#ifndef DTAKE_CLI_CATALOG_TEXT_H
#define DTAKE_CLI_CATALOG_TEXT_H

#include "cli/columns.h"
#include "format/json_write.h"

#include <datatake/datasets.h>

void dtake__dataset_json(dtake__json *json, const dtake_dataset_info *info, bool fields);
void dtake__collection_json(dtake__json *json, const dtake_collection_info *info);
dtake_status dtake__dataset_text(dtake_buf *out, const dtake_dataset_info *info,
                                 const dtake_collection_list *collections, int width); /* 0: any */
dtake_status dtake__collections_table(dtake_buf *out, const dtake_collection_list *list, int width);

/* "1,014,701". At least 32 bytes. */
void dtake__format_count(int64_t count, char *out, size_t size);

/* The text of one value, for people: times short, geometries by their type and box. */
dtake_status dtake__cell_text(const dtake_batch *batch, size_t field, int64_t row, dtake_buf *out);

#endif
