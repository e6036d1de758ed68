/* Makes the scenes of the demo: 45 dates of one place that does not exist, as COGs with STAC Items, the same
 * bytes on every machine.
 *
 *   make_scenes OUT_DIR [COUNT]     the first COUNT scenes (all 45)
 *
 * What is complete already is left alone: a scene is complete when its item is there, which is written last,
 * and its files have the sizes it says. At the end OUT_DIR/SHA256SUMS names every file. */
#include <datatake/runtime.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"
#include "io/part.h"
#include "io/workers.h"
#include "item.h"
#include "output/output.h"
#include "output/store.h"
#include "raster/kernels.h"
#include "scene.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    IN_FLIGHT = 3,     /* scenes at once: some 90 MB each */
    DEFLATE_LEVEL = 6, /* a tenth smaller than the writer's default, which is made for speed */
    PATH_BYTES = 1024,
    ITEM_LIMIT = 1 << 20,
    SUMS_LIMIT = 1 << 20,
};

typedef struct maker maker;

/* One scene on its way: painted on a worker, its files written by the writers, then its item. */
typedef struct job {
    dtake__work work; /* first: the pool hands it back */
    maker *maker;
    pass date;
    char path[ASSETS][PATH_BYTES];
    dtake__output output[ASSETS];
    asset_file file[ASSETS];
    int files_left; /* loop thread */
    dtake_status status;
    dtake_error err;
} job;

typedef struct file_done {
    job *job;
    size_t asset;
} file_done;

struct maker {
    dtake_runtime *runtime;
    const char *folder;
    landscape land;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t finished;
    int running;
    int made;
    dtake_status status; /* the first failure */
    dtake_error err;
};

static void end_job(job *j)
{
    maker *m = j->maker;
    for (size_t i = 0; i < ASSETS; i++)
        dtake_pixels_dispose(&j->output[i].pixels);
    pthread_mutex_lock(&m->lock);
    if (j->status != DTAKE_OK && m->status == DTAKE_OK) {
        m->status = j->status;
        m->err = j->err;
    }
    m->made += j->status == DTAKE_OK;
    m->running--;
    pthread_cond_signal(&m->finished);
    pthread_mutex_unlock(&m->lock);
    dtake__free(j);
}

static void item_path(const maker *m, const pass *date, char *out)
{
    snprintf(out, PATH_BYTES, "%s/%s/%s.json", m->folder, date->id, date->id);
}

static void run_item(dtake__work *work)
{
    job *j = (job *)work;
    char path[PATH_BYTES];
    dtake_buf text = DTAKE_BUF_INIT(ITEM_LIMIT);
    item_path(j->maker, &j->date, path);
    j->status = item_write(&j->date, j->file, &text, &j->err);
    if (j->status == DTAKE_OK)
        j->status = dtake__store_bytes(path, text.data, text.len, true, NULL, &j->err);
    dtake__buf_dispose(&text);
}

static void item_done(dtake__work *work)
{
    end_job((job *)work);
}

static void file_finished(job *j)
{
    if (--j->files_left > 0)
        return;
    if (j->status != DTAKE_OK) {
        end_job(j);
        return;
    }
    j->work = (dtake__work){ .run = run_item, .done = item_done };
    dtake__workers_run(j->maker->runtime, &j->work);
}

static void on_file(dtake_status status, const dtake__written *written, const dtake_error *err, void *ctx)
{
    file_done *place = ctx;
    job *j = place->job;
    if (status == DTAKE_OK) {
        j->file[place->asset].bytes = written->bytes;
        memcpy(j->file[place->asset].sha256, written->sha256, sizeof j->file[0].sha256);
    } else if (j->status == DTAKE_OK) {
        j->status = status;
        dtake__error_copy(&j->err, err);
    }
    dtake__free(place);
    file_finished(j);
}

static dtake_status start_file(job *j, size_t asset)
{
    file_done *place = dtake__calloc(1, sizeof *place);
    if (!place)
        return dtake__fail_nomem(&j->err, "a file");
    *place = (file_done){ j, asset };
    dtake_status st = dtake__output_start(j->maker->runtime, &j->output[asset], &j->err, on_file, place);
    if (st != DTAKE_OK)
        dtake__free(place);
    return st;
}

static void painted(dtake__work *work)
{
    job *j = (job *)work;
    j->files_left = 1; /* until all are started */
    for (size_t i = 0; j->status == DTAKE_OK && i < ASSETS; i++) {
        j->status = start_file(j, i);
        j->files_left += j->status == DTAKE_OK;
    }
    file_finished(j);
}

static void describe(job *j, size_t asset)
{
    snprintf(j->path[asset], PATH_BYTES, "%s/%s/%s.tif", j->maker->folder, j->date.id, asset_keys[asset]);
    dtake__output *o = &j->output[asset];
    o->path = j->path[asset];
    o->format = DTAKE_COG;
    o->has_transform = true;
    o->transform = (dtake_affine){ ORIGIN_X, PIXEL_M, 0, ORIGIN_Y, 0, -PIXEL_M };
    o->crs = "EPSG:32617";
    o->has_nodata = true;
    o->band_names = &asset_keys[asset];
    o->time_ns = j->date.time_ns;
    o->deflate_level = DEFLATE_LEVEL;
    o->replace = true;
}

static void run_paint(dtake__work *work)
{
    job *j = (job *)work;
    scene s = { .clouds = dtake__calloc(PIXELS, sizeof *s.clouds) };
    for (size_t i = 0; j->status == DTAKE_OK && i < ASSETS; i++) {
        describe(j, i);
        dtake_type type = i < BANDS ? DTAKE_U16 : DTAKE_U8;
        j->status = dtake__pixels_init(&j->output[i].pixels, SIDE, SIDE, 1, type, 0, &j->err);
        if (i < BANDS)
            s.band[i] = j->output[i].pixels.data;
        else
            s.classes = j->output[i].pixels.data;
    }
    if (j->status == DTAKE_OK && (!s.clouds || !scene_paint(&j->maker->land, &j->date, &s)))
        j->status = dtake__fail_nomem(&j->err, "clouds");
    dtake__free(s.clouds);
}

static bool read_item(const maker *m, const pass *date, asset_file *file)
{
    char path[PATH_BYTES];
    item_path(m, date, path);
    FILE *in = fopen(path, "rb");
    char *text = dtake__alloc(ITEM_LIMIT);
    size_t len = in && text ? fread(text, 1, ITEM_LIMIT, in) : 0;
    bool ok = len > 0 && item_read(text, len, file);
    if (in)
        fclose(in);
    dtake__free(text);
    return ok;
}

static bool complete(const maker *m, const pass *date)
{
    asset_file file[ASSETS];
    if (!read_item(m, date, file))
        return false;
    for (size_t i = 0; i < ASSETS; i++) {
        char path[PATH_BYTES];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s/%s.tif", m->folder, date->id, asset_keys[i]);
        if (stat(path, &st) != 0 || st.st_size != file[i].bytes)
            return false;
    }
    return true;
}

static dtake_status start_scene(maker *m, const pass *date, uint64_t order)
{
    if (m->land.cover == NULL && !landscape_make(&m->land))
        return dtake__fail_nomem(&m->err, "a landscape");
    job *j = dtake__calloc(1, sizeof *j);
    if (!j)
        return dtake__fail_nomem(&m->err, "a scene");
    j->maker = m;
    j->date = *date;
    for (size_t i = 0; i < ASSETS; i++)
        j->output[i].order = order;
    j->work = (dtake__work){ .run = run_paint, .done = painted, .order = order };
    m->running++;
    dtake__workers_run(m->runtime, &j->work);
    return DTAKE_OK;
}

/* Starts scenes while fewer than IN_FLIGHT run, and waits for the last. */
static void make_all(maker *m, size_t count)
{
    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; i < count && m->status == DTAKE_OK; i++) {
        pass date = schedule_pass(i);
        if (complete(m, &date))
            continue;
        while (m->running >= IN_FLIGHT)
            pthread_cond_wait(&m->finished, &m->lock);
        if (m->status == DTAKE_OK)
            m->status = start_scene(m, &date, i);
    }
    while (m->running > 0)
        pthread_cond_wait(&m->finished, &m->lock);
    pthread_mutex_unlock(&m->lock);
}

/* In the form of sha256sum, items included; *bytes: of all files. */
static dtake_status write_sums(maker *m, size_t count, int64_t *bytes)
{
    char path[PATH_BYTES];
    dtake_buf text = DTAKE_BUF_INIT(SUMS_LIMIT);
    dtake_status st = DTAKE_OK;
    *bytes = 0;
    for (size_t i = 0; st == DTAKE_OK && i < count; i++) {
        pass date = schedule_pass(i);
        asset_file file[ASSETS];
        char hex[DTAKE__SHA256_HEX];
        item_path(m, &date, path);
        if (!read_item(m, &date, file))
            st = dtake__fail(&m->err, DTAKE_E_LOCAL_IO, "read %s: it is gone", path);
        else
            st = dtake__sha256_file(path, hex, &m->err);
        for (size_t k = 0; st == DTAKE_OK && k < ASSETS; k++) {
            st = dtake__buf_printf(&text, "%s  %s/%s.tif\n", file[k].sha256, date.id, asset_keys[k]);
            *bytes += file[k].bytes;
        }
        if (st == DTAKE_OK)
            st = dtake__buf_printf(&text, "%s  %s/%s.json\n", hex, date.id, date.id);
    }
    snprintf(path, sizeof path, "%s/SHA256SUMS", m->folder);
    if (st == DTAKE_OK)
        st = dtake__store_bytes(path, text.data, text.len, true, NULL, &m->err);
    dtake__buf_dispose(&text);
    return st;
}

static int run(const char *folder, size_t count)
{
    maker m = { .folder = folder, .lock = PTHREAD_MUTEX_INITIALIZER, .finished = PTHREAD_COND_INITIALIZER };
    dtake_runtime_options options = { .cache_dir = "" };
    int64_t start = dtake__now_ms(), bytes = 0;
    m.status = dtake_runtime_open(&m.runtime, &options, &m.err);
    if (m.status == DTAKE_OK)
        m.status = dtake__make_folders(folder, &m.err);
    if (m.status == DTAKE_OK)
        make_all(&m, count);
    if (m.status == DTAKE_OK)
        m.status = write_sums(&m, count, &bytes);
    dtake_runtime_close(m.runtime);
    landscape_dispose(&m.land);
    if (m.status != DTAKE_OK) {
        fprintf(stderr, "make_scenes: %s\n", m.err.message);
        return dtake_status_exit(m.status);
    }
    fprintf(stderr, "%zu scenes, %.0f MB, in %s: %d made in %.1f s, the others were there\n", count,
            (double)bytes / 1e6, folder, m.made, (double)(dtake__now_ms() - start) / 1e3);
    return 0;
}

int main(int argc, char **argv)
{
    int64_t count = SCENES;
    bool ok = argc == 2 || (argc == 3 && dtake__parse_i64(argv[2], &count));
    if (!ok || count < 1 || count > SCENES || strlen(argv[1]) > PATH_BYTES / 2) {
        fprintf(stderr, "usage: make_scenes OUT_DIR [COUNT, 1 to %d]\n", SCENES);
        return 2;
    }
    return run(argv[1], (size_t)count);
}
