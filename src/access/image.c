#include "access/image.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"

#include <string.h>

dtake__image *dtake__image_new(const char *id, const char *asset)
{
    dtake__image *image = dtake__calloc(1, sizeof *image);
    if (image == NULL)
        return NULL;
    image->time_ns = INT64_MIN;
    image->asset_bytes = -1;
    image->id = dtake__strdup(id);
    image->asset = dtake__strdup(asset);
    image->path = dtake__strdup("");
    image->checksum = dtake__strdup("");
    if (image->id != NULL && image->asset != NULL && image->path != NULL && image->checksum != NULL)
        return image;
    dtake__image_free(image);
    return NULL;
}

bool dtake__image_add_source(dtake__image *image, const char *href, const char *name, int32_t band)
{
    dtake__source *grown = dtake__realloc_array(image->source, image->source_count + 1, sizeof *grown);
    if (grown == NULL)
        return false;
    image->source = grown;
    dtake__source *source = &grown[image->source_count++];
    *source = (dtake__source){ dtake__strdup(href), dtake__strdup(name), band };
    return source->href != NULL && source->name != NULL;
}

void dtake__image_free(dtake__image *image)
{
    if (image == NULL)
        return;
    for (size_t i = 0; i < image->source_count; i++) {
        dtake__free(image->source[i].href);
        dtake__free(image->source[i].name);
    }
    dtake__free(image->source);
    dtake__free(image->id);
    dtake__free(image->asset);
    dtake__free(image->path);
    dtake_picture_dispose(image->picture);
    dtake__free(image->picture);
    dtake__free(image->checksum);
    dtake__free(image->message);
    dtake__free(image->again);
    dtake__free(image->plan);
    dtake__free(image);
}

/* --- put away: the struct as it is, then its texts, those that are not there as nothing --- */

enum { TEXTS = 6, MAX_IMAGE_BYTES = 1 << 20 };

static void texts_of(dtake__image *image, char **at[TEXTS])
{
    char **texts[TEXTS] = { &image->id,       &image->asset,   &image->path,
                            &image->checksum, &image->message, &image->again };
    memcpy(at, texts, sizeof texts);
}

static dtake_status put_text(dtake_buf *out, const char *text)
{
    char there = text != NULL;
    dtake_status st = dtake__buf_append(out, &there, 1);
    return st == DTAKE_OK && text != NULL ? dtake__buf_append(out, text, strlen(text) + 1) : st;
}

static dtake_status pack(dtake_buf *out, const dtake__image *image, size_t sources)
{
    dtake__image flat = *image;
    char **text[TEXTS], *said[TEXTS];
    texts_of(&flat, text);
    for (size_t i = 0; i < TEXTS; i++) {
        said[i] = *text[i];
        *text[i] = NULL;
    }
    flat.source = NULL;
    flat.plan = NULL;
    flat.source_count = sources;
    dtake_status st = dtake__buf_append(out, &flat, sizeof flat);
    for (size_t i = 0; i < TEXTS && st == DTAKE_OK; i++)
        st = put_text(out, said[i]);
    for (size_t i = 0; i < sources && st == DTAKE_OK; i++) {
        const dtake__source *source = &image->source[i];
        st = dtake__buf_append(out, &source->band, sizeof source->band);
        if (st == DTAKE_OK)
            st = put_text(out, source->href);
        if (st == DTAKE_OK)
            st = put_text(out, source->name);
    }
    return st;
}

dtake_status dtake__image_put(dtake__shelf *shelf, const dtake__image *image, bool result)
{
    dtake_buf bytes = DTAKE_BUF_INIT(MAX_IMAGE_BYTES);
    size_t sources = result && image->source_count > 1 ? 1 : image->source_count;
    dtake_status st = pack(&bytes, image, sources);
    if (st == DTAKE_OK)
        st = dtake__shelf_put(shelf, bytes.data, bytes.len);
    dtake__buf_dispose(&bytes);
    return st;
}

static bool get_text(const char **at, char **out)
{
    if (*(*at)++ == 0)
        return true;
    *out = dtake__strdup(*at);
    *at += strlen(*at) + 1;
    return *out != NULL;
}

dtake__image *dtake__image_get(dtake__shelf *shelf, uint32_t number)
{
    size_t len;
    const char *at = dtake__shelf_get(shelf, number, &len);
    dtake__image *image = at != NULL ? dtake__alloc(sizeof *image) : NULL;
    if (image == NULL)
        return NULL;
    memcpy(image, at, sizeof *image);
    at += sizeof *image;
    size_t sources = image->source_count;
    image->source_count = 0;
    char **text[TEXTS];
    texts_of(image, text);
    bool ok = true;
    for (size_t i = 0; i < TEXTS && ok; i++)
        ok = get_text(&at, text[i]);
    if (ok && sources > 0)
        ok = (image->source = dtake__calloc(sources, sizeof *image->source)) != NULL;
    for (; ok && image->source_count < sources;) {
        dtake__source *source = &image->source[image->source_count++];
        memcpy(&source->band, at, sizeof source->band);
        at += sizeof source->band;
        ok = get_text(&at, &source->href) && get_text(&at, &source->name);
    }
    if (ok)
        return image;
    dtake__image_free(image);
    return NULL;
}

/* --- those of a job --- */

static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (const char *c = text; *c != '\0'; c++)
        hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    return text[0] == '\0' ? 0 : hash | 1;
}

static dtake__image_key key_of(const dtake__image *image, uint32_t record)
{
    dtake__image_key key = { .time_ns = image->time_ns,
                             .path_hash = hash_of(image->path),
                             .record = record,
                             .place = (uint32_t)image->place,
                             .sources = (uint16_t)image->source_count };
    for (size_t i = 0; i < image->source_count; i++)
        key.files += i == 0 || strcmp(image->source[i].href, image->source[i - 1].href) != 0;
    key.remote = image->source_count > 0 && dtake__is_http_url(image->source[0].href);
    return key;
}

static bool has_room(dtake__images *images)
{
    if (images->count >= UINT32_MAX)
        return false;
    dtake__image_key *key = dtake__room_for_one(images->key, images->count, &images->capacity, sizeof *key);
    images->key = key != NULL ? key : images->key;
    return key != NULL;
}

dtake_status dtake__images_add(dtake__images *images, dtake__image *image, dtake_error *err)
{
    uint32_t record = images->shelf.count;
    dtake_status st = has_room(images) ? dtake__image_put(&images->shelf, image, false) : DTAKE_E_NOMEM;
    if (st == DTAKE_OK)
        images->key[images->count++] = key_of(image, record);
    else if (st == DTAKE_E_LIMIT)
        dtake__fail(err, st, "item '%.100s': its names take more than %d KiB", image->id,
                    MAX_IMAGE_BYTES >> 10);
    else
        dtake__fail_nomem(err, "the list of images");
    dtake__image_free(image);
    return st;
}

dtake__image *dtake__images_take(dtake__images *images, size_t index, bool last)
{
    const dtake__image_key *key = &images->key[index];
    dtake__image *image = dtake__image_get(&images->shelf, key->record);
    if (image == NULL)
        return NULL;
    image->place = key->place;
    if (last)
        dtake__shelf_drop(&images->shelf, key->record);
    return image;
}

void dtake__images_fit(dtake__images *images)
{
    dtake__image_key *less =
        images->count > 0 ? dtake__realloc_array(images->key, images->count, sizeof *less) : NULL;
    if (less == NULL)
        return;
    images->key = less;
    images->capacity = images->count;
}

void dtake__images_dispose(dtake__images *images)
{
    dtake__free(images->key);
    dtake__shelf_dispose(&images->shelf);
    *images = (dtake__images){ 0 };
}
