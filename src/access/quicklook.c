/* The small picture beside a file. It is stored first: a file that is there has its picture. */
#include "access/take.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/workers.h"
#include "output/quicklook.h"
#include "output/store.h"

#include <unistd.h>

bool dtake__quicklook_missing(const dtake__take *take)
{
    char *path = take->options.quicklook_px > 0 ? dtake__quicklook_path(take->image->path) : NULL;
    bool missing = path != NULL && access(path, F_OK) != 0;
    dtake__free(path);
    return missing;
}

dtake_status dtake__quicklook_make(dtake__take *take, dtake_error *err)
{
    int32_t side = take->options.quicklook_px;
    return side > 0 ? dtake__quicklook_png(&take->pixels, side, &take->quicklook, err) : DTAKE_OK;
}

static void store_run(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    dtake_error err = { 0 };
    char *path = dtake__quicklook_path(take->image->path);
    dtake_status st =
        path != NULL ? dtake__store_bytes(path, take->quicklook.data, take->quicklook.len, true, NULL, &err)
                     : dtake__fail_nomem(&err, "a path");
    if (st != DTAKE_OK)
        dtake__take_note_item(take, st, &err);
    dtake__free(path);
    dtake__buf_dispose(&take->quicklook);
}

void dtake__quicklook_store(dtake__take *take, void (*then)(dtake__work *))
{
    take->work = (dtake__work){ .run = store_run, .done = then, .order = take->image->place };
    dtake__files_run(take->job->runtime, &take->work);
}
