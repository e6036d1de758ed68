#include "access/image.h"

#include "core/alloc.h"
#include "core/error.h"

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
    dtake__free(image->checksum);
    dtake__free(image->message);
    dtake__free(image->again);
    dtake__free(image->plan);
    dtake__free(image);
}

dtake_status dtake__images_add(dtake__images *images, dtake__image *image, dtake_error *err)
{
    if (images->count == images->capacity) {
        size_t capacity = images->capacity == 0 ? 64 : images->capacity * 2;
        dtake__image **grown = dtake__realloc_array(images->image, capacity, sizeof(*grown));
        if (grown == NULL) {
            dtake__image_free(image);
            return dtake__fail_nomem(err, "the list of images");
        }
        images->image = grown;
        images->capacity = capacity;
    }
    images->image[images->count++] = image;
    return DTAKE_OK;
}

void dtake__images_dispose(dtake__images *images)
{
    for (size_t i = 0; i < images->count; i++)
        dtake__image_free(images->image[i]);
    dtake__free(images->image);
    *images = (dtake__images){ 0 };
}
