/* The services of a runtime, each once: its metadata and its pixels share tokens, and the quota of calls. */
#ifndef DTAKE_SOURCES_EARTHENGINE_SHARED_H
#define DTAKE_SOURCES_EARTHENGINE_SHARED_H

#include "sources/earthengine/service.h"

/* Made when it is first asked for; lives as long as the runtime. As dtake__ee_service_init; with `token` a
 * new one is made, unless the last of that source was made with the same. Any thread. */
dtake_status dtake__ee_shared(dtake__ee_service **out, dtake_runtime *runtime, const char *source,
                              const char *token, dtake_error *err);

#endif
