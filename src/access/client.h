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

#endif
