#include "access/ee_files.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "io/loop.h"
#include "raster/reader.h"
#include "sources/rasters.h"

#include <pthread.h>
#include <string.h>

enum {
    SLOTS = 1024,
    KEPT = 512,             /* files that nobody holds */
    FAILURE_MS = 30 * 1000, /* so long one that could not be opened is not tried again, */
    SUCCESS_MS = 10 * 1000, /* and one that could be is not asked whether it changed */
    LOOK_MS = 100,
    WINDOWS_WAITING = 8
};

struct dtake__ee_files {
    dtake_runtime *runtime;
    pthread_mutex_t lock;
    dtake__ee_file *slot[SLOTS];
    dtake__ee_file *oldest, *newest; /* of those that nobody holds */
    int idle;
};

/* --- many at once, and waiting for them --- */

typedef struct waiting {
    dtake__latch *latch;
    pthread_mutex_t lock;
    size_t left;
} waiting;

typedef struct one {
    waiting *wait;
    dtake_raster *raster;
    dtake_pixels *pixels;
    dtake__raster_op *op; /* under the lock of `wait`; NULL once it is over */
    bool over;
    dtake_status status;
    dtake_error err;
} one;

static dtake_status waiting_init(waiting *w, dtake_error *err)
{
    *w = (waiting){ .latch = dtake__latch_new(), .left = 1 };
    if (w->latch == NULL)
        return dtake__fail_nomem(err, "wait for pixels");
    pthread_mutex_init(&w->lock, NULL);
    return DTAKE_OK;
}

static void one_less(waiting *w)
{
    pthread_mutex_lock(&w->lock);
    bool last = --w->left == 0;
    pthread_mutex_unlock(&w->lock);
    if (last)
        dtake__latch_open(w->latch);
}

static void end_one(one *o, dtake_status status, const dtake_error *err)
{
    waiting *w = o->wait;
    pthread_mutex_lock(&w->lock);
    o->over = true;
    o->op = NULL;
    o->status = status;
    if (status != DTAKE_OK)
        dtake__error_copy(&o->err, err);
    pthread_mutex_unlock(&w->lock);
    one_less(w);
}

static void on_open(dtake_status status, dtake_raster *raster, const dtake_error *err, void *ctx)
{
    one *o = ctx;
    o->raster = raster;
    end_one(o, status, err);
}

static void on_pixels(dtake_status status, dtake_pixels *pixels, const dtake_error *err, void *ctx)
{
    one *o = ctx;
    if (status == DTAKE_OK)
        *o->pixels = dtake_pixels_take(pixels);
    end_one(o, status, err);
}

/* What could not even be started, or has been. */
static void started(one *o, dtake_status status, const dtake_error *err, dtake__raster_op *op)
{
    pthread_mutex_lock(&o->wait->lock);
    if (status == DTAKE_OK && !o->over)
        o->op = op;
    pthread_mutex_unlock(&o->wait->lock);
    if (status != DTAKE_OK)
        end_one(o, status, err);
}

static void begin_one(one *o, waiting *w)
{
    *o = (one){ .wait = w };
    pthread_mutex_lock(&w->lock);
    w->left++;
    pthread_mutex_unlock(&w->lock);
}

static void cancel_all(waiting *w, one *list, size_t count)
{
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < count; i++)
        if (!list[i].over && list[i].op != NULL)
            dtake__raster_op_cancel(list[i].op);
    pthread_mutex_unlock(&w->lock);
}

/* All that was begun is over afterwards. */
static dtake_status wait_for_all(waiting *w, one *list, size_t count, const dtake__ee_patience *patience,
                                 dtake_error *err)
{
    bool over = false;
    one_less(w);
    while (!dtake__latch_wait(w->latch, LOOK_MS))
        if (!over && patience != NULL && patience->over(patience->ctx)) {
            over = true;
            cancel_all(w, list, count);
        }
    dtake__latch_free(w->latch);
    pthread_mutex_destroy(&w->lock);
    return over ? dtake__fail(err, DTAKE_E_CANCELLED, "nobody waits for the pixels any more") : DTAKE_OK;
}

dtake_status dtake__ee_read_all(dtake__ee_read *read, size_t count, const dtake__ee_patience *patience,
                                dtake_error *err)
{
    waiting w;
    one *list = dtake__calloc(count + 1, sizeof *list);
    dtake_status st = list != NULL ? waiting_init(&w, err) : dtake__fail_nomem(err, "pixels");
    if (st != DTAKE_OK) {
        dtake__free(list);
        return st;
    }
    for (size_t i = 0; i < count; i++) {
        dtake__raster_op *op = NULL;
        dtake_error why = { .message = "" };
        const dtake__raster_job job = { .windows_waiting = WINDOWS_WAITING };
        begin_one(&list[i], &w);
        list[i].pixels = &read[i].pixels;
        dtake_status begun =
            dtake__raster_read_start(read[i].raster, &read[i].read, &job, &op, &why, on_pixels, &list[i]);
        started(&list[i], begun, &why, op);
    }
    st = wait_for_all(&w, list, count, patience, err);
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        if (list[i].status != DTAKE_OK) {
            st = list[i].status;
            dtake__error_copy(err, &list[i].err);
        }
    dtake__free(list);
    return st;
}

/* --- the files --- */

static size_t slot_of(const char *href)
{
    uint64_t hash = 14695981039346656037U;
    for (; *href != '\0'; href++)
        hash = (hash ^ (unsigned char)*href) * 1099511628211U;
    return hash % SLOTS;
}

static void file_free(dtake__ee_file *file)
{
    dtake_raster_close(file->raster);
    dtake__free(file->href);
    dtake__free(file);
}

static void unlink_idle(dtake__ee_files *files, dtake__ee_file *file)
{
    *(file->older != NULL ? &file->older->newer : &files->oldest) = file->newer;
    *(file->newer != NULL ? &file->newer->older : &files->newest) = file->older;
    file->older = file->newer = NULL;
    files->idle--;
}

static void unlink_slot(dtake__ee_files *files, dtake__ee_file *file)
{
    dtake__ee_file **at = &files->slot[slot_of(file->href)];
    while (*at != file)
        at = &(*at)->next;
    *at = file->next;
    file->dropped = true;
}

/* With the lock held. */
static dtake__ee_file *find(dtake__ee_files *files, const char *href)
{
    dtake__ee_file *file = files->slot[slot_of(href)];
    while (file != NULL && strcmp(file->href, href) != 0)
        file = file->next;
    if (file == NULL)
        return NULL;
    int64_t age_ms = dtake__now_ms() - file->opened_ms;
    if (file->refs == 0 && age_ms > (file->raster != NULL ? SUCCESS_MS : FAILURE_MS)) {
        unlink_idle(files, file);
        unlink_slot(files, file);
        file_free(file);
        return NULL;
    }
    if (file->refs++ == 0)
        unlink_idle(files, file);
    return file;
}

dtake__ee_file *dtake__ee_files_known(dtake__ee_files *files, const char *href)
{
    pthread_mutex_lock(&files->lock);
    dtake__ee_file *file = find(files, href);
    pthread_mutex_unlock(&files->lock);
    return file;
}

/* Takes the raster. NULL: no memory. */
static dtake__ee_file *keep(dtake__ee_files *files, const char *href, dtake_raster *raster,
                            const dtake_error *err)
{
    pthread_mutex_lock(&files->lock);
    dtake__ee_file *file = find(files, href);
    if (file == NULL && (file = dtake__calloc(1, sizeof *file)) != NULL) {
        file->href = dtake__strdup(href);
        if (file->href == NULL) {
            dtake__free(file);
            file = NULL;
        } else {
            file->raster = raster;
            raster = NULL;
            if (err != NULL)
                file->err = *err;
            file->refs = 1;
            file->opened_ms = dtake__now_ms();
            file->next = files->slot[slot_of(href)];
            files->slot[slot_of(href)] = file;
        }
    }
    pthread_mutex_unlock(&files->lock);
    dtake_raster_close(raster);
    return file;
}

void dtake__ee_files_release(dtake__ee_files *files, dtake__ee_file *file)
{
    dtake__ee_file *old = NULL;
    if (file == NULL)
        return;
    pthread_mutex_lock(&files->lock);
    if (--file->refs == 0 && file->dropped) {
        old = file;
    } else if (file->refs == 0) {
        file->older = files->newest;
        *(files->newest != NULL ? &files->newest->newer : &files->oldest) = file;
        files->newest = file;
        if (++files->idle > KEPT) {
            old = files->oldest;
            unlink_idle(files, old);
            unlink_slot(files, old);
        }
    }
    pthread_mutex_unlock(&files->lock);
    if (old != NULL)
        file_free(old);
}

void dtake__ee_files_drop(dtake__ee_files *files, dtake__ee_file *file)
{
    pthread_mutex_lock(&files->lock);
    if (!file->dropped)
        unlink_slot(files, file);
    pthread_mutex_unlock(&files->lock);
}

static void start_opening(dtake__ee_files *files, const char *href, one *o)
{
    dtake__raster_op *op = NULL;
    dtake_error why = { .message = "" };
    const dtake__raster_open open = { .href = href,
                                      .foreign = dtake__source_rasters(),
                                      .windows_waiting = WINDOWS_WAITING };
    dtake_status st = dtake__raster_open_start(files->runtime, &open, &op, &why, on_open, o);
    started(o, st, &why, op);
}

dtake_status dtake__ee_files_open(dtake__ee_files *files, const char *const *href, size_t count,
                                  const dtake__ee_patience *patience, dtake__ee_file **out, dtake_error *err)
{
    waiting w;
    one *list = dtake__calloc(count + 1, sizeof *list);
    dtake_status st = list != NULL ? waiting_init(&w, err) : dtake__fail_nomem(err, "files");
    if (st != DTAKE_OK) {
        dtake__free(list);
        return st;
    }
    for (size_t i = 0; i < count; i++) {
        list[i] = (one){ .wait = &w, .over = true };
        out[i] = dtake__ee_files_known(files, href[i]);
        if (out[i] != NULL)
            continue;
        begin_one(&list[i], &w);
        start_opening(files, href[i], &list[i]);
    }
    st = wait_for_all(&w, list, count, patience, err);
    for (size_t i = 0; i < count; i++) {
        if (st == DTAKE_OK && out[i] == NULL) {
            out[i] = keep(files, href[i], list[i].raster, list[i].status != DTAKE_OK ? &list[i].err : NULL);
            list[i].raster = NULL;
            if (out[i] == NULL)
                st = dtake__fail_nomem(err, "files");
        }
        dtake_raster_close(list[i].raster);
    }
    for (size_t i = 0; i < count && st != DTAKE_OK; i++) {
        dtake__ee_files_release(files, out[i]);
        out[i] = NULL;
    }
    dtake__free(list);
    return st;
}

dtake_status dtake__ee_files_new(dtake__ee_files **out, dtake_runtime *runtime, dtake_error *err)
{
    dtake__ee_files *files = dtake__calloc(1, sizeof *files);
    if (files == NULL)
        return dtake__fail_nomem(err, "files");
    files->runtime = runtime;
    pthread_mutex_init(&files->lock, NULL);
    *out = files;
    return DTAKE_OK;
}

void dtake__ee_files_free(dtake__ee_files *files)
{
    if (files == NULL)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        for (dtake__ee_file *file = files->slot[i], *next; file != NULL; file = next) {
            next = file->next;
            file_free(file);
        }
    pthread_mutex_destroy(&files->lock);
    dtake__free(files);
}
