/* Whether what the program needs is there: the machine's limits, the way to a source, the key to it. */
#ifndef DATATAKE_DOCTOR_H
#define DATATAKE_DOCTOR_H

#include <datatake/status.h>

typedef enum dtake_finding_level {
    DTAKE_FINDING_OK,
    DTAKE_FINDING_NOTE, /* may be meant so */
    DTAKE_FINDING_WRONG
} dtake_finding_level;

/* Names of variables, files and hosts, never what keys and proxies hold. */
typedef struct dtake_finding {
    dtake_finding_level level;
    const char *about;  /* "proxy", "certificates", "clock", "source", "key", ... */
    const char *text;   /* what was found */
    const char *advice; /* what to do about it; "" */
} dtake_finding;

typedef struct dtake_doctor_options {
    const char *source;    /* as of a client; NULL: the default one */
    const char *cache_dir; /* as of a runtime */
    int64_t timeout_ms;    /* of each step that goes through the network; 0: 10,000 */
} dtake_doctor_options;

/* Calls `each` from the calling thread, in order, as soon as something is found. The status is that of the
 * doctor, not of the patient: DTAKE_OK when all questions were asked. Blocks; `options` may be NULL. */
typedef void (*dtake_finding_fn)(const dtake_finding *finding, void *ctx);
DTAKE_API dtake_status dtake_doctor(const dtake_doctor_options *options, dtake_error *err,
                                    dtake_finding_fn each, void *ctx);

#endif
