/* All images of a job are known: their order, their paths, this process's share. */
#include "access/parts.h"
#include "access/select.h"

#include "core/alloc.h"
#include "core/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_time(const void *a, const void *b)
{
    const dtake__image_key *x = a, *y = b;
    int64_t tx = x->time_ns == INT64_MIN ? INT64_MAX : x->time_ns,
            ty = y->time_ns == INT64_MIN ? INT64_MAX : y->time_ns;
    if (tx != ty)
        return tx < ty ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

typedef struct path_at {
    uint64_t hash;
    size_t index;
} path_at;

static int by_hash(const void *a, const void *b)
{
    const path_at *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static dtake_status check_two(dtake__images *images, size_t a, size_t b, dtake_error *err)
{
    dtake__image *x = dtake__images_take(images, a, false), *y = dtake__images_take(images, b, false);
    dtake_status st = x == NULL || y == NULL ? dtake__fail_nomem(err, "the list of images") : DTAKE_OK;
    if (st == DTAKE_OK && strcmp(x->path, y->path) == 0)
        st = dtake__fail(
            err, DTAKE_E_USAGE,
            "items '%.80s' and '%.80s' would both be written to %.150s: use --template, for instance "
            "'{id}_{datetime}.{ext}'",
            x->id, y->id, y->path);
    dtake__image_free(x);
    dtake__image_free(y);
    return st;
}

static dtake_status check_paths(dtake__images *images, dtake_error *err)
{
    path_at *sorted = dtake__calloc(images->count, sizeof *sorted);
    dtake_status st = DTAKE_OK;
    if (sorted == NULL)
        return dtake__fail_nomem(err, "the list of images");
    for (size_t i = 0; i < images->count; i++)
        sorted[i] = (path_at){ images->key[i].path_hash, i };
    qsort(sorted, images->count, sizeof *sorted, by_hash);
    for (size_t i = 1; i < images->count && st == DTAKE_OK; i++)
        if (sorted[i].hash != 0 && sorted[i].hash == sorted[i - 1].hash)
            st = check_two(images, sorted[i - 1].index, sorted[i].index, err);
    dtake__free(sorted);
    return st;
}

static void keep_shard(dtake__images *images, size_t index, size_t count)
{
    size_t kept = 0;
    for (size_t i = index; i < images->count; i += count)
        images->key[kept++] = images->key[i];
    images->count = kept;
}

static void number_places(dtake__images *images)
{
    for (size_t i = 0; i < images->count; i++)
        images->key[i].place = (uint32_t)i;
}

/* Items become so many images. */
static dtake_status files_of_one(const dtake_get_options *o, size_t *out, dtake_error *err)
{
    dtake__strings part = { 0 };
    dtake_status st = dtake__select_splits(o) ? dtake__parts_names(o, &part, err) : DTAKE_OK;
    *out = o->raw ? o->asset_count : dtake__select_splits(o) ? part.count : 1;
    dtake__strings_dispose(&part);
    return st;
}

dtake_status dtake__select_finish(dtake__selection *s, dtake_error *err)
{
    dtake__images *images = &s->images;
    char text[300];
    const dtake_get_options *o = s->options;
    number_places(images);
    if (images->count > 1)
        qsort(images->key, images->count, sizeof images->key[0], by_time);
    size_t each;
    dtake_status st = files_of_one(o, &each, err);
    if (st != DTAKE_OK)
        return st;
    size_t most = o->max_items > 0 ? (size_t)o->max_items * each : images->count;
    if (images->count > most)
        images->count = most;
    number_places(images);
    s->total = images->count;
    if (images->count == 0) {
        dtake__left_out_text(s, text, sizeof text);
        return dtake__fail(err, DTAKE_E_EMPTY, "%s", text);
    }
    st = o->composite != NULL ? dtake__select_composites(s, err) : DTAKE_OK;
    s->total = images->count;
    if (st == DTAKE_OK)
        st = check_paths(images, err);
    if (st == DTAKE_OK && o->shard_count > 0)
        keep_shard(images, (size_t)o->shard_index, (size_t)o->shard_count);
    dtake__images_fit(images);
    return st;
}

void dtake__left_out_text(const dtake__selection *s, char *out, size_t size)
{
    const dtake__left_out *l = &s->left_out;
    const struct {
        int64_t count;
        const char *text;
    } reasons[] = {
        { l->by_datetime, "outside --datetime" }, { l->without_time, "without a time" },
        { l->by_cloud, "with too many clouds" },  { l->without_cloud, "without eo:cloud_cover" },
        { l->by_bbox, "outside the bbox" },       { l->by_intersects, "outside --intersects" },
    };
    int n = s->seen == 0 ? snprintf(out, size, "no items in the input")
                         : snprintf(out, size, "0 of %lld items left", (long long)s->seen);
    bool first = true;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0] && n >= 0 && (size_t)n < size; i++) {
        if (reasons[i].count == 0)
            continue;
        n += snprintf(out + n, size - (size_t)n, "%s%lld %s", first ? ": " : ", ",
                      (long long)reasons[i].count, reasons[i].text);
        first = false;
    }
}
