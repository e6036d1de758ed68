#include "access/ingest_options.h"

#include "core/alloc.h"
#include "core/error.h"

#include <string.h>

/* Takes `memory`; NULL when it is NULL or cannot be remembered. */
static void *remember(dtake__ingest_options *o, void *memory)
{
    if (memory == NULL)
        return NULL;
    void **grown = dtake__room_for_one(o->memory, o->count, &o->room, sizeof *grown);
    if (grown == NULL) {
        dtake__free(memory);
        return NULL;
    }
    o->memory = grown;
    return o->memory[o->count++] = memory;
}

static bool copy_text(dtake__ingest_options *o, const char **text)
{
    if (*text == NULL)
        return true;
    *text = remember(o, dtake__strdup(*text));
    return *text != NULL;
}

static bool copy_list(dtake__ingest_options *o, const char *const **list, size_t count)
{
    if (count == 0)
        return true;
    const char **copy = remember(o, dtake__calloc(count, sizeof *copy));
    for (size_t i = 0; i < count && copy != NULL; i++) {
        copy[i] = (*list)[i];
        if (!copy_text(o, &copy[i]))
            return false;
    }
    *list = copy;
    return copy != NULL;
}

static dtake_status check(const dtake_ingest_options *v, dtake_error *err)
{
    if (v->input_count == 0)
        return dtake__fail(err, DTAKE_E_USAGE, "ingest: no input");
    if (v->dataset == NULL || v->dataset[0] == '\0')
        return dtake__fail(err, DTAKE_E_USAGE, "ingest: into which dataset?");
    if (v->collection != NULL && v->collection_expression != NULL)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "ingest: one collection for all records, or an expression for each; not both");
    return DTAKE_OK;
}

dtake_status dtake__ingest_options_copy(dtake__ingest_options *out, const dtake_ingest_options *from,
                                        dtake_error *err)
{
    *out = (dtake__ingest_options){ .value = *from };
    dtake_ingest_options *v = &out->value;
    dtake_status st = check(v, err);
    if (st != DTAKE_OK)
        return st;
    const char **const texts[] = {
        &v->dataset,     &v->name,        &v->description, &v->collection, &v->schema_json,
        &v->time,        &v->name_column, &v->geometry,    &v->crs,        &v->collection_expression,
        &v->failed_path,
    };
    bool ok = copy_list(out, &v->inputs, v->input_count) && copy_list(out, &v->maps, v->map_count) &&
              copy_list(out, &v->types, v->type_count) && copy_list(out, &v->drops, v->drop_count);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && ok; i++)
        ok = copy_text(out, texts[i]);
    if (!ok) {
        dtake__ingest_options_dispose(out);
        return dtake__fail_nomem(err, "the options of an ingest");
    }
    return DTAKE_OK;
}

void dtake__ingest_options_dispose(dtake__ingest_options *options)
{
    for (size_t i = 0; i < options->count; i++)
        dtake__free(options->memory[i]);
    dtake__free(options->memory);
    *options = (dtake__ingest_options){ 0 };
}
