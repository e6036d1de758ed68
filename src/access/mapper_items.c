/* Items and other GeoJSON features as rows. */
#include "access/mapper.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "protocol/stac/item.h"
#include "protocol/stac/item_sample.h"
#include "protocol/stac/item_table.h"
#include "table/schema.h"

#include <stdlib.h>
#include <string.h>

typedef struct items {
    dtake__mapper mapper;
    const dtake_ingest_options *options;
    dtake__item_sample *sample;
    dtake__item_reader *reader;
} items;

static void items_free(dtake__mapper *mapper)
{
    items *m = (items *)mapper;
    dtake__item_sample_free(m->sample);
    dtake__item_reader_free(m->reader);
    dtake__free(m);
}

static dtake_status items_sample(dtake__mapper *mapper, const dtake__record *record, bool first,
                                 dtake_error *err)
{
    (void)first;
    items *m = (items *)mapper;
    if (m->options->schema_json != NULL)
        return DTAKE_OK;
    return dtake__item_sample_add(m->sample, (dtake__span){ record->text, record->len }, err);
}

static dtake_status items_schema(dtake__mapper *mapper, const dtake_schema *base, dtake_schema **out,
                                 dtake_error *err)
{
    items *m = (items *)mapper;
    const char *given = m->options->schema_json;
    if (given == NULL)
        return dtake__item_sample_schema(m->sample, base, out, err);
    dtake_schema *schema = NULL;
    dtake_status st = dtake__schema_from_json(&schema, given, strlen(given), err);
    if (st == DTAKE_OK)
        st = dtake__item_sample_schema(m->sample, schema, out, err);
    dtake_schema_release(schema);
    return st;
}

static dtake_status items_begin(dtake__mapper *mapper, const dtake_schema *schema, dtake_error *err)
{
    items *m = (items *)mapper;
    const dtake__item_reading reading = { .time = m->options->time, .name = m->options->name_column };
    return dtake__item_reader_new(&m->reader, schema, &reading, err);
}

/* What was sampled is in the schema now. */
static dtake_status items_copy(const dtake__mapper *mapper, dtake__mapper **out, dtake_error *err)
{
    return dtake__mapper_items_new(out, ((const items *)mapper)->options, err);
}

/* Another working folder must find the same files. */
static dtake_status items_set_input(dtake__mapper *mapper, const char *path, dtake_error *err)
{
    items *m = (items *)mapper;
    bool url = path != NULL && dtake__is_http_url(path);
    char *whole = path != NULL && !url ? realpath(path, NULL) : NULL;
    dtake_status st = dtake__item_reader_set_base(m->reader, url ? path : whole, err);
    free(whole);
    return st;
}

/* A catalogue or collection that lies among the items. */
static bool is_something_else(const dtake__record *record)
{
    static const char *const types[] = { "\"Collection\"", "\"Catalog\"" };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (memmem(record->text, record->len < 4096 ? record->len : 4096, types[i], strlen(types[i])) !=
                NULL &&
            !dtake__stac_looks_like_item(record->text, record->len))
            return true;
    return false;
}

static dtake_status items_put(dtake__mapper *mapper, dtake__builder *builder, const dtake__record *record,
                              bool first, dtake__mapper_result *result, dtake_error *err)
{
    (void)first;
    items *m = (items *)mapper;
    const dtake__span text = { record->text, record->len };
    dtake_status st = dtake__item_put(m->reader, builder, text, &result->collection, err);
    if (st == DTAKE_E_FORMAT && is_something_else(record)) {
        result->made = false;
        return DTAKE_OK;
    }
    return st;
}

static const dtake__mapper_kind items_kind = {
    .free = items_free,
    .sample = items_sample,
    .schema = items_schema,
    .begin = items_begin,
    .copy = items_copy,
    .set_input = items_set_input,
    .put = items_put,
};

dtake_status dtake__mapper_items_new(dtake__mapper **out, const dtake_ingest_options *options,
                                     dtake_error *err)
{
    items *m = dtake__calloc(1, sizeof *m);
    if (m == NULL || (m->sample = dtake__item_sample_new()) == NULL) {
        dtake__free(m);
        return dtake__fail_nomem(err, "a mapping");
    }
    m->mapper.kind = &items_kind;
    m->options = options;
    *out = &m->mapper;
    return DTAKE_OK;
}
