/* One examination: between its files. */
#ifndef DTAKE_ACCESS_DOCTOR_H
#define DTAKE_ACCESS_DOCTOR_H

#include <datatake/doctor.h>
#include <datatake/runtime.h>

typedef struct dtake__examination {
    dtake_finding_fn each;
    void *ctx;
    dtake_runtime *runtime; /* tries everything once */
    const char *source;     /* never NULL */
    int64_t timeout_ms;
} dtake__examination;

void dtake__found(const dtake__examination *e, dtake_finding_level level, const char *about,
                  const char *advice, const char *fmt, ...) DTAKE_PRINTF(5, 6);

/* What stands between the program and a service, or opens the catalogue file. */
void dtake__examine_source(const dtake__examination *e);
/* A variable that says by which proxy URLs of this scheme are asked for; NULL: none. */
const char *dtake__proxy_variable(bool secure);

#endif
