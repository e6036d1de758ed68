#include "cli/source.h"

#include "cli/job_options.h"
#include "cli/print.h"
#include "core/error.h"

#include <datatake/credentials.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The key is read on the way by whoever can look: said once, and done all the same, since it may be meant so.
 */
static void warn_of_key_in_clear(const char *source)
{
    dtake_credential_origin origin;
    bool in_clear;
    if (source != NULL && strncmp(source, "tilebox+", strlen("tilebox+")) == 0 &&
        dtake_credential_look(NULL, source, &origin, &in_clear, NULL) == DTAKE_OK && in_clear)
        dtake__say("warning: the key to %s goes through the network in the clear; use tilebox+https://",
                   source + strlen("tilebox+"));
}

dtake_status dtake__source_use(dtake__source_in_use *out, const dtake__args *args, bool writes,
                               dtake_error *err)
{
    dtake_runtime_options runtime;
    const dtake_client_options client = { .source = dtake__args_text(args, "source"), .read_only = !writes };
    *out = (dtake__source_in_use){ 0 };
    dtake__runtime_options_read(&runtime, args);
    warn_of_key_in_clear(client.source != NULL ? client.source : getenv("DATATAKE_SOURCE"));
    dtake_status st = dtake_runtime_open(&out->runtime, &runtime, err);
    if (st == DTAKE_OK)
        st = dtake_client_open(&out->client, out->runtime, &client, err);
    if (st != DTAKE_OK)
        dtake__source_leave(out);
    return st;
}

void dtake__source_leave(dtake__source_in_use *source)
{
    dtake_client_close(source->client);
    dtake_runtime_close(source->runtime);
    *source = (dtake__source_in_use){ 0 };
}

dtake_status dtake__place_name_read(dtake__place_name *out, const dtake_client *client, const char *text,
                                    dtake_error *err)
{
    const char *slash = dtake_client_has_paths(client) ? NULL : strchr(text, '/');
    size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    if (len == 0 || len >= sizeof out->dataset ||
        (slash != NULL && (slash[1] == '\0' || strlen(slash + 1) >= sizeof out->collection_text)))
        return dtake__fail(err, DTAKE_E_USAGE, "'%.200s': expected DATASET or DATASET/COLLECTION", text);
    snprintf(out->dataset, sizeof out->dataset, "%.*s", (int)len, text);
    snprintf(out->collection_text, sizeof out->collection_text, "%s", slash != NULL ? slash + 1 : "");
    out->collection = slash != NULL ? out->collection_text : NULL;
    return DTAKE_OK;
}
