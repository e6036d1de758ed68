#include "sources/earthengine/answer.h"

#include "catalog/complete.h"
#include "catalog/id.h"
#include "catalog/schema.h"
#include "core/alloc.h"
#include "core/error.h"
#include "format/json.h"
#include "protocol/stac/item_sample.h"
#include "protocol/stac/item_table.h"
#include "sources/rows.h"
#include "table/column.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ITEM_BYTES = 64 << 20 };

static dtake_status strange(dtake_error *err, const char *what)
{
    return dtake__fail(err, DTAKE_E_REMOTE, "the service does not answer as Earth Engine does: %s", what);
}

/* --- the answer --- */

dtake_status dtake__ee_answer_result(const dtake_buf *body, dtake__span *result, dtake_error *err)
{
    dtake__json_in in;
    dtake__json_quoted key;
    bool found = false;
    *result = DTAKE__SPAN("null");
    dtake__json_start(&in, dtake__buf_str(body), body->len);
    dtake__json_enter_object(&in);
    while (dtake__json_next_key(&in, &key))
        if (dtake__json_key_is(key, "result"))
            found = dtake__json_read_raw(&in, result);
        else
            dtake__json_skip(&in);
    if (dtake__json_finish(&in, NULL) != DTAKE_OK)
        return strange(err, "that is no JSON");
    return found ? DTAKE_OK : strange(err, "there is no result");
}

dtake_status dtake__ee_answer_numbers(dtake__span result, double *out, size_t most, size_t *count,
                                      dtake_error *err)
{
    dtake__json_in in;
    *count = 0;
    dtake__json_start(&in, result.text, result.len);
    bool listed = dtake__json_peek(&in) == DTAKE__JSON_ARRAY;
    if (listed)
        dtake__json_enter_array(&in);
    while (listed ? dtake__json_next_element(&in) : *count == 0 && in.wrong == NULL) {
        double number = NAN;
        if (dtake__json_peek(&in) == DTAKE__JSON_NUMBER)
            dtake__json_read_f64(&in, &number);
        else
            dtake__json_skip(&in);
        if (*count < most)
            out[*count] = number;
        *count += 1;
    }
    *count = *count < most ? *count : most;
    return dtake__json_finish(&in, NULL) == DTAKE_OK ? DTAKE_OK : strange(err, "numbers are expected");
}

/* --- images --- */

static void read_title(dtake__json_in *in, char *out, size_t size)
{
    dtake__json_quoted key, text;
    char plain[1024];
    if (dtake__json_peek(in) != DTAKE__JSON_OBJECT) {
        dtake__json_skip(in);
        return;
    }
    dtake__json_enter_object(in);
    while (dtake__json_next_key(in, &key)) {
        if (!dtake__json_key_is(key, "title") || dtake__json_peek(in) != DTAKE__JSON_TEXT) {
            dtake__json_skip(in);
            continue;
        }
        if (dtake__json_read_text(in, &text) && text.raw.len < sizeof plain)
            snprintf(out, size, "%.*s", (int)dtake__json_unescape(text, plain), plain);
    }
}

static dtake_status add_image(dtake__ee_images *out, size_t *room, dtake__span text, dtake_error *err)
{
    if (out->count == DTAKE__EE_MAX_IMAGES)
        return strange(err, "more images than were asked for");
    void *grown = dtake__room_for_one(out->at, out->count, room, sizeof *out->at);
    if (grown == NULL)
        return dtake__fail_nomem(err, "images");
    out->at = grown;
    dtake__ee_image *image = &out->at[out->count++];
    image->text = text;
    return dtake__ee_image_look(text, &image->facts, err) == DTAKE_OK ? DTAKE_OK
                                                                      : strange(err, "an image is no object");
}

static dtake_status read_features(dtake__ee_images *out, dtake__json_in *in, dtake_error *err)
{
    size_t room = 0;
    dtake__span text;
    dtake_status st = DTAKE_OK;
    out->count = 0;
    dtake__json_enter_array(in);
    while (st == DTAKE_OK && dtake__json_next_element(in))
        if (dtake__json_read_raw(in, &text))
            st = add_image(out, &room, text, err);
    return st;
}

dtake_status dtake__ee_images_read(dtake__ee_images *out, dtake__span result, dtake_error *err)
{
    dtake__json_in in;
    dtake__json_quoted key, type = { DTAKE__SPAN(""), false };
    dtake_status st = DTAKE_OK;
    bool listed = false;
    size_t room = 0;
    *out = (dtake__ee_images){ .title = "" };
    dtake__json_start(&in, result.text, result.len);
    dtake__json_enter_object(&in);
    while (st == DTAKE_OK && dtake__json_next_key(&in, &key)) {
        dtake__json_kind kind = dtake__json_peek(&in);
        if (dtake__json_key_is(key, "type") && kind == DTAKE__JSON_TEXT)
            dtake__json_read_text(&in, &type);
        else if (dtake__json_key_is(key, "properties"))
            read_title(&in, out->title, sizeof out->title);
        else if (dtake__json_key_is(key, "features") && kind == DTAKE__JSON_ARRAY && !listed) {
            listed = true;
            st = read_features(out, &in, err);
        } else
            dtake__json_skip(&in);
    }
    bool alone = dtake__json_text_equal(type, DTAKE__SPAN("Image"));
    if (st == DTAKE_OK && dtake__json_finish(&in, NULL) != DTAKE_OK)
        st = strange(err, "an image collection is expected");
    if (st == DTAKE_OK && alone && !listed)
        st = add_image(out, &room, result, err);
    else if (st == DTAKE_OK && !listed && !dtake__json_text_equal(type, DTAKE__SPAN("ImageCollection")))
        st = strange(err, "an image collection is expected");
    if (st != DTAKE_OK)
        dtake__ee_images_dispose(out);
    return st;
}

void dtake__ee_images_dispose(dtake__ee_images *images)
{
    dtake__free(images->at);
    images->at = NULL;
    images->count = 0;
}

/* --- the schema --- */

static bool span_has(dtake__span text, const char *word)
{
    return memmem(text.text, text.len, word, strlen(word)) != NULL;
}

/* What eo:cloud_cover comes of, when images have no property of that name. */
static const char *cloud_of(const dtake__ee_images *images)
{
    for (size_t i = 0; i < images->count; i++)
        if (span_has(images->at[i].text, "\"eo:cloud_cover\""))
            return NULL;
    for (const char *const *name = dtake__ee_cloud_names; *name != NULL; name++)
        for (size_t i = 0; i < images->count; i++) {
            char quoted[64];
            snprintf(quoted, sizeof quoted, "\"%s\"", *name);
            if (images->at[i].facts.cloud.len > 0 && span_has(images->at[i].text, quoted))
                return *name;
        }
    return images->count == 0 ? dtake__ee_cloud_names[0] : NULL;
}

/* Where nothing could be seen, conditions on clouds are understood all the same. */
static dtake_status add_cloud(dtake__item_sample *sample, dtake_error *err)
{
    return dtake__item_sample_add(sample, DTAKE__SPAN("{\"properties\":{\"eo:cloud_cover\":0.5}}"), err);
}

dtake_status dtake__ee_schema_make(const dtake__ee_origin *from, const dtake__ee_images *images,
                                   dtake_schema **schema, const char **cloud, dtake_error *err)
{
    dtake_buf item = DTAKE_BUF_INIT(MAX_ITEM_BYTES);
    dtake_schema *given = NULL;
    dtake__item_sample *sample = dtake__item_sample_new();
    dtake_status st = sample != NULL ? DTAKE_OK : dtake__fail_nomem(err, "a schema");
    for (size_t i = 0; i < images->count && st == DTAKE_OK; i++) {
        dtake__buf_clear(&item);
        st = dtake__ee_item_write(from, images->at[i].text, &item, err);
        if (st == DTAKE_E_FORMAT) /* without a time: it is in no answer */
            st = DTAKE_OK;
        else if (st == DTAKE_OK)
            st = dtake__item_sample_add(sample, (dtake__span){ dtake__buf_str(&item), item.len }, err);
    }
    if (st == DTAKE_OK && images->count == 0)
        st = add_cloud(sample, err);
    if (st == DTAKE_OK)
        st = dtake__item_sample_schema(sample, NULL, &given, err);
    if (st == DTAKE_OK)
        st = dtake__catalog_schema(given, DTAKE_SPATIOTEMPORAL, schema, err);
    *cloud = cloud_of(images);
    dtake_schema_release(given);
    dtake__item_sample_free(sample);
    dtake__buf_dispose(&item);
    return st;
}

/* --- rows --- */

typedef struct making {
    const dtake__ee_origin *from;
    dtake__builder *builder;
    dtake__item_reader *reader;
    dtake_buf item;
    int ingestion; /* the field; -1: none */
} making;

/* When the service got the image is when its asset was changed last. */
static dtake_status add_row(making *m, const dtake__ee_image *image, dtake_error *err)
{
    dtake__span collection;
    dtake__buf_clear(&m->item);
    dtake_status st = dtake__ee_item_write(m->from, image->text, &m->item, err);
    int64_t version = image->facts.version;
    int64_t came_ns = version > 0 && version <= INT64_MAX / 1000 ? version * 1000 : 0;
    if (st == DTAKE_OK && m->ingestion >= 0)
        st = dtake__put_i64(m->builder, (size_t)m->ingestion, came_ns);
    if (st == DTAKE_OK)
        st = dtake__item_put(m->reader, m->builder, (dtake__span){ dtake__buf_str(&m->item), m->item.len },
                             &collection, err);
    return st;
}

static int ascending(const void *a, const void *b, void *ctx)
{
    const dtake_column *const *key = ctx;
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return dtake__key_compare(dtake__get_i64(key[0], x), dtake__get_uuid(key[1], x),
                              dtake__get_i64(key[0], y), dtake__get_uuid(key[1], y));
}

static int backwards(const void *a, const void *b, void *ctx)
{
    return ascending(b, a, ctx);
}

/* Takes the batch. Items have a time and, completed, an id. */
static dtake_status put_in_order(dtake_batch *batch, bool descending, dtake_batch **out, dtake_error *err)
{
    int64_t rows = dtake_batch_rows(batch);
    const dtake_column *key[2] = { dtake__column_of_role(batch, DTAKE_ROLE_TIME),
                                   dtake__column_of_role(batch, DTAKE_ROLE_ID) };
    int32_t *index = dtake__calloc((size_t)rows + 1, sizeof *index);
    dtake_status st = index != NULL ? DTAKE_OK : dtake__fail_nomem(err, "images");
    for (int64_t i = 0; i < rows && st == DTAKE_OK; i++)
        index[i] = (int32_t)i;
    if (st == DTAKE_OK) {
        qsort_r(index, (size_t)rows, sizeof *index, descending ? backwards : ascending, key);
        st = dtake__batch_take(out, batch, index, rows, err);
    }
    dtake__free(index);
    dtake_batch_release(batch);
    return st;
}

dtake_status dtake__ee_rows_make(const dtake__ee_origin *from, const dtake__ee_images *images, size_t first,
                                 size_t end, const dtake_schema *schema, bool descending, dtake_batch **out,
                                 dtake_error *err)
{
    making m = { .from = from,
                 .item = DTAKE_BUF_INIT(MAX_ITEM_BYTES),
                 .ingestion = dtake_schema_find_role(schema, DTAKE_ROLE_INGESTION_TIME) };
    dtake_batch *batch = NULL, *whole = NULL;
    *out = NULL;
    if (first >= end)
        return DTAKE_OK;
    dtake_status st = dtake__builder_new(&m.builder, schema, err);
    if (st == DTAKE_OK)
        st = dtake__item_reader_new(&m.reader, schema, NULL, err);
    for (size_t i = first; i < end && st == DTAKE_OK; i++)
        st = add_row(&m, &images->at[i], err);
    if (st == DTAKE_OK)
        st = dtake__builder_take(m.builder, &batch, err);
    if (st == DTAKE_OK)
        st = dtake__rows_complete(batch, NULL, &whole, err);
    if (st == DTAKE_OK)
        st = put_in_order(whole, descending, out, err);
    dtake_batch_release(batch);
    dtake__item_reader_free(m.reader);
    dtake__builder_free(m.builder);
    dtake__buf_dispose(&m.item);
    return st;
}
