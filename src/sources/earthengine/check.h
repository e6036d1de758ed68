/* Whether an Earth Engine service can be asked: for datatake doctor. */
#ifndef DTAKE_SOURCES_EARTHENGINE_CHECK_H
#define DTAKE_SOURCES_EARTHENGINE_CHECK_H

#include <datatake/runtime.h>

#include "config/google.h"

typedef struct dtake__ee_check {
    char base[300];    /* "https://earthengine.googleapis.com" */
    char project[128]; /* "my-project" */
    dtake__google_kind kind;
    char origin[600];   /* where the credentials were found; "" for none */
    int64_t algorithms; /* that the service offers */
} dtake__ee_check;

/* What can be known without the network: DTAKE_E_USAGE, DTAKE_E_AUTH. */
dtake_status dtake__ee_check_look(dtake__ee_check *out, const char *source, dtake_error *err);

/* Fetches a token and asks the service for its algorithms. Blocks, never on the loop thread. */
dtake_status dtake__ee_check_ask(dtake__ee_check *out, dtake_runtime *runtime, const char *source,
                                 dtake_error *err);

#endif
