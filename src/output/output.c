/* One image on its way to a file: prepare on a worker, compress tiles on all workers, store where waiting for
 * a disk holds up nobody. Between the steps the loop thread counts. */
#include "output/output.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "io/loop.h"
#include "io/workers.h"
#include "output/early.h"
#include "output/geotiff.h"
#include "output/jpeg_output.h"
#include "output/npy_output.h"
#include "output/png_output.h"
#include "output/store.h"
#include "raster/kernels.h"

#include <math.h>
#include <time.h>

/* Formats that are made as a whole, before they are stored. */
static const struct {
    dtake_status (*check)(const dtake__output *output, dtake_error *err);
    dtake_status (*bytes)(dtake__output *output, dtake_buf *out, dtake_error *err);
    const char *extension;
} formats[] = {
    [DTAKE_GEOTIFF] = { NULL, NULL, "tif" },
    [DTAKE_COG] = { NULL, NULL, "tif" },
    [DTAKE_PNG] = { dtake__png_check, dtake__png_bytes, "png" },
    [DTAKE_JPEG] = { dtake__jpeg_check, dtake__jpeg_bytes, "jpg" },
    [DTAKE_NPY] = { dtake__npy_check, dtake__npy_bytes, "npy" },
};

typedef struct writer writer;

typedef struct tile_work {
    dtake__work work; /* first: the pool hands it back */
    writer *writer;
    int64_t tile;
    dtake_status status;
    dtake_error err;
} tile_work;

struct writer {
    dtake__work work; /* of the steps before and after the tiles */
    dtake_runtime *runtime;
    dtake__output output;
    dtake__output_fn done;
    void *ctx;
    dtake__geotiff *tiff; /* NULL for what is made as a whole */
    dtake_buf whole;
    tile_work *tile;
    int64_t tiles_left; /* loop thread */
    dtake_status status;
    dtake_error err;
    dtake__written written;
};

static int64_t cpu_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void add_cpu(const writer *w, int64_t since_us)
{
    if (w->output.tally)
        DTAKE__TALLY(w->output.tally, cpu_us, cpu_now_us() - since_us);
}

/* While a file was stored: what was not processor time was waiting. */
static void add_storing(const writer *w, int64_t since_us, int64_t cpu_since_us)
{
    int64_t cpu_us = cpu_now_us() - cpu_since_us, wall_us = dtake__now_us() - since_us;
    if (!w->output.tally)
        return;
    DTAKE__TALLY(w->output.tally, cpu_us, cpu_us);
    if (wall_us > cpu_us)
        DTAKE__TALLY(w->output.tally, file_wait_us, wall_us - cpu_us);
}

static void finish(dtake__work *work)
{
    writer *w = (writer *)work;
    w->done(w->status, w->status == DTAKE_OK ? &w->written : NULL, w->status == DTAKE_OK ? NULL : &w->err,
            w->ctx);
    dtake__early_free(w->output.early);
    dtake__free(w->tile);
    dtake__free(w);
}

/* Pixels and tiles are gone before `done`, in success and failure. */
static void run_store(dtake__work *work)
{
    writer *w = (writer *)work;
    int64_t start = dtake__now_us(), cpu_start = cpu_now_us();
    for (int64_t i = 0; w->status == DTAKE_OK && i < dtake__geotiff_tiles(w->tiff); i++)
        if (w->tile[i].status != DTAKE_OK) {
            w->status = w->tile[i].status;
            w->err = w->tile[i].err;
            dtake__error_prefix(&w->err, "write %s", w->output.path);
        }
    if (w->status == DTAKE_OK)
        w->status = dtake__geotiff_store(w->tiff, &w->written, &w->err);
    dtake__geotiff_close(w->tiff);
    add_storing(w, start, cpu_start);
}

static void run_tile(dtake__work *work)
{
    tile_work *t = (tile_work *)work;
    int64_t start = cpu_now_us();
    t->status = dtake__geotiff_encode(t->writer->tiff, t->tile, &t->err);
    add_cpu(t->writer, start);
}

static void tile_done(dtake__work *work)
{
    writer *w = ((tile_work *)work)->writer;
    if (--w->tiles_left > 0)
        return;
    w->work = (dtake__work){ .run = run_store, .done = finish, .order = w->output.order };
    dtake__files_run(w->runtime, &w->work);
}

static void run_prepare(dtake__work *work)
{
    writer *w = (writer *)work;
    int64_t start = cpu_now_us();
    w->status = dtake__geotiff_open(&w->tiff, &w->output, &w->err);
    if (w->status == DTAKE_OK) {
        w->tile = dtake__calloc((size_t)dtake__geotiff_tiles(w->tiff), sizeof *w->tile);
        if (!w->tile) {
            w->status = dtake__fail_nomem(&w->err, "the tiles of an image");
            dtake__geotiff_close(w->tiff);
        }
    }
    if (w->status != DTAKE_OK)
        dtake__error_prefix(&w->err, "write %s", w->output.path);
    add_cpu(w, start);
}

static void prepared(dtake__work *work)
{
    writer *w = (writer *)work;
    if (w->status != DTAKE_OK) {
        finish(work);
        return;
    }
    w->tiles_left = dtake__geotiff_tiles(w->tiff);
    for (int64_t i = 0, count = w->tiles_left; i < count; i++) {
        w->tile[i] = (tile_work){ .work = { .run = run_tile, .done = tile_done, .order = w->output.order },
                                  .writer = w,
                                  .tile = i };
        dtake__workers_run(w->runtime, &w->tile[i].work);
    }
}

static void run_whole(dtake__work *work)
{
    writer *w = (writer *)work;
    int64_t start = cpu_now_us();
    w->status = formats[w->output.format].bytes(&w->output, &w->whole, &w->err);
    add_cpu(w, start);
}

static void run_whole_store(dtake__work *work)
{
    writer *w = (writer *)work;
    int64_t start = dtake__now_us(), cpu_start = cpu_now_us();
    dtake__store store;
    w->status = dtake__store_open(&store, w->output.path, (int64_t)w->whole.len, w->output.replace, &w->err);
    if (w->status == DTAKE_OK)
        w->status = dtake__store_add(&store, w->whole.data, w->whole.len, &w->err);
    if (w->status == DTAKE_OK)
        w->status = dtake__store_finish_with(&store, w->output.receipt, &w->written, &w->err);
    dtake__buf_dispose(&w->whole);
    add_storing(w, start, cpu_start);
}

static void whole_made(dtake__work *work)
{
    writer *w = (writer *)work;
    if (w->status != DTAKE_OK) {
        finish(work);
        return;
    }
    w->work = (dtake__work){ .run = run_whole_store, .done = finish, .order = w->output.order };
    dtake__files_run(w->runtime, &w->work);
}

static void forget_unfit_nodata(dtake__output *output)
{
    if (output->has_nodata)
        output->has_nodata =
            dtake__type_with_value(output->pixels.type, output->nodata) == output->pixels.type;
}

dtake_status dtake__output_start(dtake_runtime *runtime, dtake__output *output, dtake_error *err,
                                 dtake__output_fn done, void *ctx)
{
    dtake_status st = dtake__runtime_usable(runtime, false, err);
    if (st == DTAKE_OK && formats[output->format].check != NULL)
        st = formats[output->format].check(output, err);
    if (st != DTAKE_OK)
        return st;
    writer *w = dtake__calloc(1, sizeof *w);
    if (!w)
        return dtake__fail_nomem(err, "a writer");
    w->runtime = runtime;
    w->output = *output;
    w->output.pixels = dtake_pixels_take(&output->pixels);
    output->early = NULL;
    forget_unfit_nodata(&w->output);
    w->done = done;
    w->ctx = ctx;
    bool whole = formats[output->format].bytes != NULL;
    w->work = (dtake__work){ .run = whole ? run_whole : run_prepare,
                             .done = whole ? whole_made : prepared,
                             .order = output->order };
    dtake__workers_run(runtime, &w->work);
    return DTAKE_OK;
}

static dtake_status encode_tiff(dtake__output *output, dtake_buf *out, dtake_error *err)
{
    dtake__geotiff *tiff = NULL;
    dtake_status st = dtake__geotiff_open(&tiff, output, err);
    for (int64_t i = 0; st == DTAKE_OK && i < dtake__geotiff_tiles(tiff); i++)
        st = dtake__geotiff_encode(tiff, i, err);
    if (st == DTAKE_OK)
        st = dtake__geotiff_append(tiff, out, err);
    dtake__geotiff_close(tiff);
    return st;
}

dtake_status dtake__output_encode(dtake__output *output, dtake_buf *out, dtake_error *err)
{
    dtake_buf whole;
    dtake_status st =
        formats[output->format].check != NULL ? formats[output->format].check(output, err) : DTAKE_OK;
    forget_unfit_nodata(output);
    if (st != DTAKE_OK) {
        dtake_pixels_dispose(&output->pixels);
        return st;
    }
    if (formats[output->format].bytes == NULL)
        return encode_tiff(output, out, err);
    st = formats[output->format].bytes(output, &whole, err);
    if (st == DTAKE_OK && out->len == 0 && whole.len <= out->limit) {
        dtake__buf_dispose(out);
        dtake__buf_move(out, &whole);
    } else if (st == DTAKE_OK) {
        st = dtake__buf_append(out, whole.data, whole.len);
        dtake__buf_dispose(&whole);
        if (st != DTAKE_OK)
            dtake__fail(err, st, "write %s: no room for the file", output->path);
    }
    return st;
}

int64_t dtake__output_bytes(const dtake__output *output)
{
    const dtake_pixels *p = &output->pixels;
    int64_t samples = p->width * p->height * (p->bands + (p->mask ? 1 : 0));
    int64_t raw = samples * (int64_t)dtake_type_bytes(p->type);
    /* Compressed bytes are at most a little more than raw; overviews are a third, in memory and compressed.
     */
    int64_t most = raw + raw / 64 + 65536;
    return output->format == DTAKE_COG ? most + 2 * (raw / 3) : most;
}

const char *dtake__output_extension(dtake_file_format format)
{
    return formats[format].extension;
}
