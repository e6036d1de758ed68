/* A mapping file: options of an ingest as JSON. */
#include "core/alloc.h"
#include "core/error.h"
#include "format/json.h"

#include <datatake/ingest.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TEXTS = 2048 };

struct dtake_ingest_mapping {
    char *text[MAX_TEXTS];
    size_t count;
    const char *maps[MAX_TEXTS], *types[MAX_TEXTS], *drops[MAX_TEXTS];
    size_t map_count, type_count, drop_count;
};

/* Takes `text`. NULL: no memory, or too many. */
static const char *keep(dtake_ingest_mapping *m, char *text)
{
    if (text != NULL && m->count == MAX_TEXTS) {
        dtake__free(text);
        return NULL;
    }
    return text == NULL ? NULL : (m->text[m->count++] = text);
}

static char *copy_text(dtake__json_quoted quoted)
{
    char *copy = dtake__calloc(1, quoted.raw.len + 1);
    if (copy != NULL)
        copy[dtake__json_unescape(quoted, copy)] = '\0';
    return copy;
}

static const char *read_text(dtake_ingest_mapping *m, dtake__json_in *in)
{
    dtake__json_quoted quoted;
    return dtake__json_read_text(in, &quoted) ? keep(m, copy_text(quoted)) : NULL;
}

/* {"a": "b"} as "a=b". */
static void read_pairs(dtake_ingest_mapping *m, dtake__json_in *in, const char **list, size_t *count)
{
    dtake__json_quoted key, value;
    dtake__json_enter_object(in);
    while (dtake__json_next_key(in, &key) && dtake__json_read_text(in, &value)) {
        char *left = copy_text(key), *right = copy_text(value), *pair = NULL;
        if (left != NULL && right != NULL && asprintf(&pair, "%s=%s", left, right) < 0)
            pair = NULL;
        const char *kept = pair != NULL ? keep(m, dtake__strdup(pair)) : NULL;
        if (kept != NULL)
            list[(*count)++] = kept;
        dtake__free(left);
        dtake__free(right);
        free(pair);
    }
}

static void read_names(dtake_ingest_mapping *m, dtake__json_in *in, const char **list, size_t *count)
{
    dtake__json_enter_array(in);
    while (dtake__json_next_element(in)) {
        const char *text = read_text(m, in);
        if (text != NULL)
            list[(*count)++] = text;
    }
}

static void read_member(dtake_ingest_mapping *m, dtake__json_in *in, dtake__json_quoted key,
                        dtake_ingest_options *o)
{
    const struct {
        const char *name;
        const char **text;
    } texts[] = { { "dataset", &o->dataset },
                  { "description", &o->description },
                  { "collection", &o->collection },
                  { "collection-from", &o->collection_expression },
                  { "time", &o->time },
                  { "name", &o->name_column },
                  { "geometry", &o->geometry },
                  { "crs", &o->crs },
                  { "schema", &o->schema_json } };
    const char *start = in->at;
    if (dtake__json_key_is(key, "map")) {
        read_pairs(m, in, m->maps, &m->map_count);
        return;
    }
    if (dtake__json_key_is(key, "types")) {
        read_pairs(m, in, m->types, &m->type_count);
        return;
    }
    if (dtake__json_key_is(key, "drop")) {
        read_names(m, in, m->drops, &m->drop_count);
        return;
    }
    if (dtake__json_key_is(key, "schema")) {
        dtake__span raw;
        if (dtake__json_read_raw(in, &raw) && o->schema_json == NULL)
            o->schema_json = keep(m, dtake__strndup(raw.text, raw.len));
        return;
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (dtake__json_text_equal(key, dtake__span_of(texts[i].name))) {
            const char *text = read_text(m, in);
            if (*texts[i].text == NULL)
                *texts[i].text = text;
            return;
        }
    dtake__json_reject(in, start,
                       "dataset, description, collection, collection-from, time, name, geometry, crs, "
                       "schema, map, types or drop before it");
}

/* What the caller's options say already comes last and so counts more. */
static void join(const char *const **list, size_t *count, const char **mine, size_t my_count)
{
    for (size_t i = 0; i < *count && my_count < MAX_TEXTS; i++)
        mine[my_count++] = (*list)[i];
    *list = mine;
    *count = my_count;
}

dtake_status dtake_ingest_mapping_read(dtake_ingest_mapping **out, const char *json, size_t len,
                                       dtake_ingest_options *options, dtake_error *err)
{
    dtake__json_in in;
    dtake__json_quoted key;
    dtake_ingest_options filled = *options;
    dtake_ingest_mapping *m = dtake__calloc(1, sizeof *m);
    *out = NULL;
    if (m == NULL)
        return dtake__fail_nomem(err, "a mapping");
    dtake__json_start(&in, json, len);
    dtake__json_enter_object(&in);
    while (dtake__json_next_key(&in, &key))
        read_member(m, &in, key, &filled);
    dtake_status st = dtake__json_finish(&in, err);
    if (st != DTAKE_OK) {
        dtake__error_prefix(err, "the mapping");
        dtake_ingest_mapping_free(m);
        return st;
    }
    join(&filled.maps, &filled.map_count, m->maps, m->map_count);
    join(&filled.types, &filled.type_count, m->types, m->type_count);
    join(&filled.drops, &filled.drop_count, m->drops, m->drop_count);
    *options = filled;
    *out = m;
    return DTAKE_OK;
}

void dtake_ingest_mapping_free(dtake_ingest_mapping *mapping)
{
    if (mapping == NULL)
        return;
    for (size_t i = 0; i < mapping->count; i++)
        dtake__free(mapping->text[i]);
    dtake__free(mapping);
}
