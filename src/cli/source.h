/* The catalogue that a command works on. */
#ifndef DTAKE_CLI_SOURCE_H
#define DTAKE_CLI_SOURCE_H

#include "cli/args.h"

#include <datatake/datasets.h>

typedef struct dtake__source_in_use {
    dtake_runtime *runtime;
    dtake_client *client;
} dtake__source_in_use;

/* By --source and the options of the engine, if the command has them. `writes`: it may be made. */
dtake_status dtake__source_use(dtake__source_in_use *out, const dtake__args *args, bool writes,
                               dtake_error *err);
void dtake__source_leave(dtake__source_in_use *source);

/* "DATASET/COLLECTION" in two; the second part is NULL without '/', and where names are paths (Earth Engine).
 * DTAKE_E_USAGE: an empty part, too long. */
typedef struct dtake__place_name {
    char dataset[256];
    char collection_text[256];
    const char *collection;
} dtake__place_name;
dtake_status dtake__place_name_read(dtake__place_name *out, const dtake_client *client, const char *text,
                                    dtake_error *err);

#endif
