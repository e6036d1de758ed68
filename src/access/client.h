/* The inside of a client: one source, shared by all its loads. */
#ifndef DTAKE_ACCESS_CLIENT_H
#define DTAKE_ACCESS_CLIENT_H

#include <datatake/datasets.h>

#include <stdatomic.h>

#include "sources/source.h"

struct dtake_client {
    dtake_runtime *runtime;
    dtake__source *source;
    atomic_int_least64_t ahead_bytes; /* in batches that loads hold ready and nobody has taken yet */
};

/* What was given to dtake_asset_set: id, rules, id, rules ... *out is to be disposed of in any case. */
dtake_status dtake__assets_configured(dtake_client *client, dtake__strings *out, dtake_error *err);

#endif
