/* From what the user named to a source of the right kind. */
#include "sources/source.h"

#include "core/alloc.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

static char *default_path(void)
{
    const char *named = getenv("DATATAKE_SOURCE"), *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    dtake_buf path = DTAKE_BUF_INIT(4096);
    dtake_status st = DTAKE_OK;
    if (named != NULL && named[0] != '\0')
        st = dtake__buf_puts(&path, named);
    else if (xdg != NULL && xdg[0] == '/')
        st = dtake__buf_printf(&path, "%s/datatake/catalog.db", xdg);
    else if (home != NULL && home[0] == '/')
        st = dtake__buf_printf(&path, "%s/.local/share/datatake/catalog.db", home);
    char *copy = st == DTAKE_OK ? dtake__strdup(dtake__buf_str(&path)) : NULL;
    dtake__buf_dispose(&path);
    return copy;
}

static dtake_status open_named(dtake__source **out, dtake_runtime *runtime,
                               const dtake_client_options *options, dtake_error *err)
{
    const char *source = options->source;
    if (source[0] == '\0')
        return dtake__fail(
            err, DTAKE_E_USAGE,
            "no catalogue: neither HOME nor XDG_DATA_HOME says where the user's data lies; name a "
            "file with --source or DATATAKE_SOURCE");
    if (dtake__starts_with(source, "tilebox+"))
        return dtake__tilebox_open(out, runtime, options, err);
    if (dtake__starts_with(source, "ee://") || dtake__starts_with(source, "ee+http"))
        return dtake__earthengine_open(out, runtime, options, err);
    if (strstr(source, "://") != NULL && !dtake__starts_with(source, "file://"))
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "source %.200s: a source is the path of a catalogue file, tilebox+https://HOST or "
                           "ee://PROJECT",
                           source);
    dtake_client_options local = *options;
    if (dtake__starts_with(source, "file://"))
        local.source = source + strlen("file://");
    return dtake__local_open(out, runtime, &local, err);
}

dtake_status dtake__source_open(dtake__source **out, dtake_runtime *runtime,
                                const dtake_client_options *options, dtake_error *err)
{
    dtake_client_options named = { 0 };
    if (options != NULL)
        named = *options;
    *out = NULL;
    if (named.source != NULL)
        return open_named(out, runtime, &named, err);
    char *path = default_path();
    if (path == NULL)
        return dtake__fail_nomem(err, "the path of the catalogue");
    named.source = path;
    dtake_status st = open_named(out, runtime, &named, err);
    dtake__free(path);
    return st;
}
