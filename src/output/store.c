#include "output/store.h"

#include "core/error.h"
#include "io/part.h"
#include "output/stamp.h"

static void give_up(dtake__store *store)
{
    char hex[DTAKE__SHA256_HEX];
    if (store->digest)
        dtake__digest_finish(store->digest, hex, sizeof hex);
    dtake__part_abort(store->part);
    *store = (dtake__store){ 0 };
}

dtake_status dtake__store_open(dtake__store *store, const char *path, int64_t file_bytes, bool replace,
                               dtake_error *err)
{
    *store = (dtake__store){ .path = path, .replace = replace };
    store->digest = dtake__digest_new("sha256");
    if (!store->digest)
        return dtake__fail_nomem(err, "a digest");
    dtake_status st = dtake__part_open(&store->part, path, file_bytes, replace, err);
    if (st != DTAKE_OK)
        give_up(store);
    return st;
}

dtake_status dtake__store_add(dtake__store *store, const void *bytes, size_t len, dtake_error *err)
{
    dtake_status st = dtake__part_write(store->part, store->at, bytes, len, err);
    if (st != DTAKE_OK) {
        give_up(store);
        return st;
    }
    dtake__digest_add(store->digest, bytes, len);
    store->at += (int64_t)len;
    return DTAKE_OK;
}

dtake_status dtake__store_finish_with(dtake__store *store, const char *receipt, dtake__written *written,
                                      dtake_error *err)
{
    dtake__written done = { .bytes = store->at };
    dtake__digest_finish(store->digest, done.sha256, sizeof done.sha256);
    store->digest = NULL;
    dtake_status st = receipt != NULL ? dtake__stamp_commit(store->part, store->path, receipt, done.sha256,
                                                            store->replace, err)
                                      : dtake__part_commit(store->part, err);
    *store = (dtake__store){ 0 };
    if (st == DTAKE_OK && written)
        *written = done;
    return st;
}

dtake_status dtake__store_finish(dtake__store *store, dtake__written *written, dtake_error *err)
{
    return dtake__store_finish_with(store, NULL, written, err);
}

dtake_status dtake__store_bytes(const char *path, const void *bytes, size_t len, bool replace,
                                dtake__written *written, dtake_error *err)
{
    dtake__store store;
    dtake_status st = dtake__store_open(&store, path, (int64_t)len, replace, err);
    if (st == DTAKE_OK)
        st = dtake__store_add(&store, bytes, len, err);
    return st == DTAKE_OK ? dtake__store_finish(&store, written, err) : st;
}
