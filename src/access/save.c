/* The life of a save: a thread that waits for batches and writes them. */
#include "access/save.h"

#include "access/client.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "table/batch.h"
#include "table/schema.h"

#include <string.h>

struct dtake_save {
    dtake_client *client;
    dtake_save_options options;
    char *path;
    dtake_load **loads;
    size_t count;
    dtake__work work;
    dtake__latch *over;
    dtake_schema *schema; /* of all loads together */
    int64_t rows;
    dtake_status status;
    dtake_error err;
};

bool dtake_table_format_of(const char *path, dtake_table_format *out)
{
    static const char *const extensions[] = {
#define EXTENSIONS(name, text, all) all,
        DTAKE_TABLE_FORMAT_MAP(EXTENSIONS)
#undef EXTENSIONS
    };
    const char *dot = strrchr(path, '.');
    char extension[16];
    if (dot == NULL || strchr(dot, '/') != NULL)
        return false;
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
        for (const char *rest = extensions[i]; dtake__next_piece(&rest, ' ', extension, sizeof extension);)
            if (extension[0] != '\0' && dtake__equal_nocase(extension, dot + 1)) {
                *out = (dtake_table_format)i;
                return true;
            }
    return false;
}

/* One schema for all; a load that failed says why when it is asked for a batch. */
static dtake_status find_schema(dtake_save *save)
{
    const dtake_schema **schemas = dtake__calloc(save->count, sizeof *schemas);
    dtake_status st = schemas != NULL ? DTAKE_OK : dtake__fail_nomem(&save->err, "a save");
    for (size_t i = 0; i < save->count && st == DTAKE_OK; i++) {
        dtake_batch *none = NULL;
        schemas[i] = dtake_load_schema(save->loads[i]);
        if (schemas[i] != NULL)
            continue;
        st = dtake_load_next(save->loads[i], &none, &save->err);
        dtake_batch_release(none);
        if (st == DTAKE_OK)
            st = dtake__fail(&save->err, DTAKE_E_OTHER, "a load ended without a schema");
    }
    if (st == DTAKE_OK && save->count == 1)
        save->schema = dtake_schema_retain(schemas[0]);
    else if (st == DTAKE_OK)
        st = dtake__schema_union(&save->schema, schemas, save->count, &save->err);
    dtake__free(schemas);
    return st;
}

static dtake_status new_saver(dtake_save *save, dtake__saver **out)
{
    dtake__sink *sink;
    dtake_table_format format = save->options.format;
    if (format != DTAKE_TABLE_ITEMS && format != DTAKE_TABLE_ITEM_COLLECTION)
        return dtake__saver_table_new(out, &save->options, &save->err);
    dtake_status st = dtake__sink_open(&sink, &save->options, &save->err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__saver_items_new(out, sink, format == DTAKE_TABLE_ITEM_COLLECTION, &save->err);
    if (st != DTAKE_OK)
        dtake__sink_abort(sink);
    return st;
}

static dtake_status write_batch(dtake_save *save, dtake__saver *saver, const dtake_batch *batch)
{
    dtake_batch *cast = NULL;
    dtake_status st = DTAKE_OK;
    if (dtake_batch_schema(batch) != save->schema)
        st = dtake__batch_cast(&cast, batch, save->schema, &save->err);
    if (st == DTAKE_OK)
        st = saver->kind->put(saver, cast != NULL ? cast : batch, &save->err);
    if (st == DTAKE_OK)
        save->rows += dtake_batch_rows(batch);
    dtake_batch_release(cast);
    return st;
}

static dtake_status write_load(dtake_save *save, dtake__saver *saver, dtake_load *load)
{
    for (;;) {
        dtake_batch *batch = NULL;
        dtake_status st = dtake_load_next(load, &batch, &save->err);
        if (st != DTAKE_OK || batch == NULL)
            return st;
        st = write_batch(save, saver, batch);
        dtake_batch_release(batch);
        if (st != DTAKE_OK)
            return st;
    }
}

static dtake_status write_all(dtake_save *save)
{
    dtake__saver *saver = NULL;
    dtake_status st = find_schema(save);
    if (st == DTAKE_OK)
        st = new_saver(save, &saver);
    if (st != DTAKE_OK)
        return st;
    st = saver->kind->begin(saver, save->schema, &save->err);
    for (size_t i = 0; i < save->count && st == DTAKE_OK; i++)
        st = write_load(save, saver, save->loads[i]);
    if (st == DTAKE_OK)
        st = saver->kind->end(saver, &save->err);
    saver->kind->free(saver);
    return st;
}

static void run(dtake__work *work)
{
    dtake_save *save = DTAKE__CONTAINER(work, dtake_save, work);
    save->status = write_all(save);
    save->err.status = save->status;
    if (save->status != DTAKE_OK) /* nobody takes what is still on its way */
        for (size_t i = 0; i < save->count; i++)
            dtake_load_cancel(save->loads[i]);
}

static void done(dtake__work *work)
{
    dtake__latch_open(DTAKE__CONTAINER(work, dtake_save, work)->over);
}

static void dispose(dtake_save *save)
{
    dtake_schema_release(save->schema);
    dtake__latch_free(save->over);
    dtake__free(save->loads);
    dtake__free(save->path);
    dtake__free(save);
}

static dtake_status check(const dtake_save_options *options, size_t count, dtake_error *err)
{
    if (count == 0)
        return dtake__fail(err, DTAKE_E_USAGE, "save: no loads");
    if (options->path == NULL && (options->write == NULL || options->format == DTAKE_TABLE_NETCDF))
        return dtake__fail(err, DTAKE_E_USAGE, "save: %s",
                           options->write == NULL ? "no output" : "NetCDF needs a file");
    return DTAKE_OK;
}

dtake_status dtake_save_start(dtake_save **out, dtake_client *client, dtake_load *const *loads, size_t count,
                              const dtake_save_options *options, dtake_error *err)
{
    *out = NULL;
    dtake_status st = dtake__runtime_usable(client->runtime, false, err);
    if (st == DTAKE_OK)
        st = check(options, count, err);
    if (st != DTAKE_OK)
        return st;
    dtake_save *save = dtake__calloc(1, sizeof *save);
    if (save == NULL)
        return dtake__fail_nomem(err, "a save");
    save->client = client;
    save->options = *options;
    save->loads = dtake__calloc(count, sizeof(*save->loads));
    save->over = dtake__latch_new();
    save->path = options->path != NULL ? dtake__strdup(options->path) : NULL;
    if (save->loads == NULL || save->over == NULL || (options->path != NULL && save->path == NULL)) {
        dispose(save);
        return dtake__fail_nomem(err, "a save");
    }
    memcpy(save->loads, loads, count * sizeof(*save->loads));
    save->count = count;
    save->options.path = save->path;
    save->work = (dtake__work){ .run = run, .done = done };
    *out = save;
    dtake__files_run(client->runtime, &save->work);
    return DTAKE_OK;
}

bool dtake_save_wait(dtake_save *save, int64_t timeout_ms)
{
    if (dtake__runtime_usable(save->client->runtime, timeout_ms != 0, NULL) != DTAKE_OK)
        return false;
    return dtake__latch_wait(save->over, timeout_ms);
}

dtake_status dtake_save_status(const dtake_save *save, int64_t *rows, dtake_error *err)
{
    if (!dtake__latch_wait(save->over, 0))
        return dtake__fail(err, DTAKE_E_STATE, "the save is still under way");
    if (rows != NULL)
        *rows = save->rows;
    if (save->status != DTAKE_OK)
        dtake__error_copy(err, &save->err);
    return save->status;
}

void dtake_save_free(dtake_save *save)
{
    if (save == NULL || dtake__runtime_usable(save->client->runtime, true, NULL) != DTAKE_OK)
        return;
    for (size_t i = 0; i < save->count; i++)
        dtake_load_cancel(save->loads[i]);
    dtake__latch_wait(save->over, -1);
    dispose(save);
}
