/* A Tilebox service as a source: `tilebox+https://api.tilebox.com`. */
#include "core/alloc.h"
#include "core/error.h"
#include "core/spare.h"
#include "sources/tilebox/remote.h"

enum { SPARE_BYTES = 32 << 20 }; /* of pages and columns */

void dtake__remote_release(dtake__remote *remote)
{
    if (atomic_fetch_sub(&remote->refs, 1) > 1)
        return;
    dtake__spare_keep(-SPARE_BYTES);
    dtake__told_forget(&remote->told);
    dtake__service_dispose(&remote->service);
    dtake__free(remote);
}

static void remote_close(dtake__source *source)
{
    dtake__remote_release(dtake__remote_of(source));
}

static const dtake__source_kind remote_kind = {
    .name = "tilebox",
    .no_transactions = true,
    .close = remote_close,
    .act = dtake__remote_act,
    .write = dtake__remote_write,
    .stream_open = dtake__remote_stream_open,
    .stream_pull = dtake__remote_stream_pull,
    .stream_schema = dtake__remote_stream_schema,
    .stream_progress = dtake__remote_stream_progress,
    .stream_cancel = dtake__remote_stream_cancel,
    .stream_close = dtake__remote_stream_close,
};

dtake_status dtake__tilebox_open(dtake__source **out, dtake_runtime *runtime,
                                 const dtake_client_options *options, dtake_error *err)
{
    dtake__remote *remote = dtake__calloc(1, sizeof *remote);
    if (remote == NULL)
        return dtake__fail_nomem(err, "a source");
    remote->source = (dtake__source){ &remote_kind, runtime };
    remote->refs = 1;
    dtake__spare_keep(SPARE_BYTES);
    remote->read_only = options->read_only;
    dtake_status st = dtake__service_init(&remote->service, runtime, options->source, options->token, err);
    if (st != DTAKE_OK)
        dtake__remote_release(remote);
    else
        *out = &remote->source;
    return st;
}
