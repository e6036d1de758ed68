/* Images of a catalogue. */
#include "access/ee_find.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "protocol/stac/item_write.h"

#include <string.h>

enum { ITEM_BYTES = 64 << 20 };

static dtake_status no_image(const char *id, dtake_error *err)
{
    return dtake__fail(err, DTAKE_E_NOT_FOUND,
                       "Image asset '%.300s' not found (does not exist or caller does not have "
                       "access).",
                       id);
}

static dtake_status no_collection(const char *id, dtake_error *err)
{
    return dtake__fail(
        err, DTAKE_E_NOT_FOUND,
        "ImageCollection.load: ImageCollection asset '%.300s' not found (does not exist or caller "
        "does not have access).",
        id);
}

/* "projects/earthengine-public/assets/X" is X, as clients write it. A part of `id`. */
static const char *short_id(const char *id)
{
    static const char prefix[] = "projects/";
    if (!dtake__starts_with(id, prefix))
        return id;
    const char *rest = strstr(id, "/assets/");
    return rest != NULL ? rest + 8 : id;
}

dtake_status dtake__ee_find_collection(const dtake__ee_map *map, const char *id,
                                       const dtake__ee_collection **out, dtake_error *err)
{
    *out = dtake__ee_map_find(map, short_id(id));
    return *out != NULL ? DTAKE_OK : no_collection(id, err);
}

/* --- one --- */

static dtake_status image_of_row(const dtake_batch *batch, const dtake__ee_collection *collection,
                                 dtake__ee_image **out, dtake_error *err)
{
    dtake__item_writer *writer = NULL;
    dtake_buf item = DTAKE_BUF_INIT(ITEM_BYTES);
    dtake_status st = dtake__item_writer_new(&writer, dtake_batch_schema(batch), NULL, err);
    if (st == DTAKE_OK)
        st = dtake__item_write(writer, batch, 0, &item, err);
    if (st == DTAKE_OK)
        st = dtake__ee_image_new(out, collection, dtake__buf_str(&item), item.len, err);
    dtake__item_writer_free(writer);
    dtake__buf_dispose(&item);
    return st;
}

static dtake_status find_in(dtake_client *client, const dtake__ee_part *part, const char *index,
                            dtake_batch **out, dtake_error *err)
{
    if (part->collections.count == 0)
        return dtake_find(client, part->dataset, NULL, index, out, err);
    dtake_status st = DTAKE_E_NOT_FOUND;
    for (size_t i = 0; i < part->collections.count && st == DTAKE_E_NOT_FOUND; i++)
        st = dtake_find(client, part->dataset, part->collections.at[i], index, out, err);
    return st;
}

dtake_status dtake__ee_find(dtake_client *client, const dtake__ee_map *map, const char *id,
                            dtake__ee_image **out, dtake_error *err)
{
    dtake_batch *batch = NULL;
    const char *own = short_id(id), *slash = strrchr(own, '/');
    char *parent = slash != NULL ? dtake__strndup(own, (size_t)(slash - own)) : NULL;
    const dtake__ee_collection *collection = parent != NULL ? dtake__ee_map_find(map, parent) : NULL;
    dtake_status st = DTAKE_E_NOT_FOUND;
    dtake__free(parent);
    *out = NULL;
    for (size_t i = 0; collection != NULL && i < collection->part_count && st == DTAKE_E_NOT_FOUND; i++)
        st = find_in(client, &collection->part[i], slash + 1, &batch, err);
    if (st == DTAKE_E_NOT_FOUND)
        return no_image(id, err);
    if (st == DTAKE_OK)
        st = image_of_row(batch, collection, out, err);
    dtake_batch_release(batch);
    return st;
}

/* --- many --- */

static int64_t ns_of(double ms)
{
    return ms >= 9.2e12 ? INT64_MAX : ms <= -9.2e12 ? INT64_MIN : (int64_t)(ms * 1e6);
}

/* system:time_start is in whole milliseconds. */
static dtake_status make_query(dtake_query **out, const dtake__ee_part *part, const dtake__ee_query *asked,
                               dtake_error *err)
{
    const dtake_interval interval = { .start_ns = ns_of(asked->start_ms),
                                      .end_ns = ns_of(asked->end_ms),
                                      .end_exclusive = true };
    dtake_status st = dtake_query_new(out, err);
    if (st == DTAKE_OK)
        st = dtake_query_dataset(*out, part->dataset, err);
    for (size_t i = 0; i < part->collections.count && st == DTAKE_OK; i++)
        st = dtake_query_collection(*out, part->collections.at[i], err);
    if (st == DTAKE_OK && (interval.start_ns != INT64_MIN || interval.end_ns != INT64_MAX))
        st = dtake_query_interval(*out, interval, err);
    if (st == DTAKE_OK && asked->area != NULL)
        st = dtake_query_area(*out, asked->area, err);
    else if (st == DTAKE_OK && asked->has_box)
        st = dtake_query_box(*out, asked->box, err);
    return st;
}

typedef struct listing {
    const dtake__ee_collection *collection;
    dtake__ee_each *each;
    void *ctx;
    int64_t skip;
    bool enough;
    dtake_buf item;
} listing;

static dtake_status list_batch(listing *l, const dtake_batch *batch, dtake_error *err)
{
    dtake__item_writer *writer = NULL;
    dtake_status st = dtake__item_writer_new(&writer, dtake_batch_schema(batch), NULL, err);
    for (int64_t row = 0; row < dtake_batch_rows(batch) && st == DTAKE_OK && !l->enough; row++) {
        dtake__ee_image *image = NULL;
        if (l->skip > 0) {
            l->skip--;
            continue;
        }
        dtake__buf_clear(&l->item);
        st = dtake__item_write(writer, batch, row, &l->item, err);
        if (st == DTAKE_OK)
            st = dtake__ee_image_new(&image, l->collection, dtake__buf_str(&l->item), l->item.len, err);
        if (st == DTAKE_OK)
            st = l->each(l->ctx, image, &l->enough, err);
    }
    dtake__item_writer_free(writer);
    return st;
}

static dtake_status list_part(listing *l, dtake_client *client, const dtake__ee_part *part,
                              const dtake__ee_query *asked, dtake_error *err)
{
    dtake_query *query = NULL;
    dtake_load *load = NULL;
    dtake_status st = make_query(&query, part, asked, err);
    if (st == DTAKE_OK)
        st = dtake_load_start(&load, client, query, err);
    dtake_query_free(query);
    while (st == DTAKE_OK && !l->enough) {
        dtake_batch *batch = NULL;
        st = dtake_load_next(load, &batch, err);
        if (st != DTAKE_OK || batch == NULL)
            break;
        st = list_batch(l, batch, err);
        dtake_batch_release(batch);
    }
    dtake_load_free(load);
    return st;
}

dtake_status dtake__ee_list(dtake_client *client, const dtake__ee_collection *collection,
                            const dtake__ee_query *query, dtake__ee_each *each, void *ctx, dtake_error *err)
{
    listing l = { .collection = collection, .each = each, .ctx = ctx, .skip = query->offset };
    dtake_status st = DTAKE_OK;
    l.item = DTAKE_BUF_INIT(ITEM_BYTES);
    for (size_t i = 0; i < collection->part_count && st == DTAKE_OK && !l.enough; i++)
        st = list_part(&l, client, &collection->part[i], query, err);
    dtake__buf_dispose(&l.item);
    return st;
}
