/* The images of a job put together: all as one, or those of each month. */
#include "access/parts.h"
#include "access/select.h"
#include "access/shade.h"

#include "core/clock.h"
#include "core/error.h"

#include <stdio.h>
#include <string.h>

/* "2023-08", or "composite". */
static void name_of(const dtake_get_options *o, const dtake__image *image, char *out, size_t size)
{
    char time[40] = "";
    if (o->by_month && image->time_ns != INT64_MIN)
        dtake__time_format(image->time_ns, time, sizeof time);
    snprintf(out, size, "%.7s", time);
    if (time[0] == '\0')
        snprintf(out, size, "%s", o->by_month ? "without-time" : "composite");
}

/* A composite of one band has that band of every image, and what says where its clouds are. */
static bool belongs(const dtake_get_options *o, const dtake__image *to, const dtake__source *source)
{
    return dtake__select_takes(o, to, source->name) || (o->mask_clouds && dtake__is_cloud_band(source->name));
}

static dtake_status add_sources(const dtake_get_options *o, dtake__image *to, const dtake__image *from,
                                dtake_error *err)
{
    for (size_t i = 0; i < from->source_count; i++) {
        const dtake__source *source = &from->source[i];
        if (!belongs(o, to, source))
            continue;
        if (to->source_count == DTAKE__MAX_SOURCES)
            return dtake__fail(err, DTAKE_E_LIMIT,
                               "%.60s: a composite of more than %d bands and files: choose fewer images",
                               to->id, DTAKE__MAX_SOURCES);
        if (!dtake__image_add_source(to, source->href, source->name, source->band))
            return dtake__fail_nomem(err, "a composite");
    }
    return DTAKE_OK;
}

/* An image that cannot be read is the composite's failure: what is missing in it should be known. */
static dtake_status add_image(const dtake_get_options *o, dtake__image *to, const dtake__image *image,
                              dtake_error *err)
{
    if (image->status == DTAKE_OK)
        return add_sources(o, to, image, err);
    return dtake__fail(err, image->status, "%s", image->message != NULL ? image->message : image->id);
}

/* `band`: of a file of its own; "": all. */
static dtake_status make_one(dtake__selection *s, const char *name, const char *band, size_t first,
                             size_t count, dtake_error *err)
{
    dtake__image *out = dtake__image_new(name, band);
    dtake_status st = out != NULL ? DTAKE_OK : dtake__fail_nomem(err, "a composite");
    for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
        dtake__image *image = dtake__images_take(&s->images, first + i, false);
        st = image != NULL ? add_image(s->options, out, image, err) : dtake__fail_nomem(err, "a composite");
        if (i == 0 && image != NULL)
            out->time_ns = image->time_ns;
        dtake__image_free(image);
    }
    if (st == DTAKE_OK)
        st = dtake__select_path(out, s->options, "", "", err);
    if (st == DTAKE_OK)
        return dtake__images_add(&s->images, out, err);
    dtake__image_free(out);
    return st;
}

static dtake_status make_group(dtake__selection *s, const char *name, size_t first, size_t count,
                               dtake_error *err)
{
    const dtake_get_options *o = s->options;
    dtake_status st = DTAKE_OK;
    if (!o->per_band)
        return make_one(s, name, "", first, count, err);
    dtake__strings part = { 0 };
    st = dtake__parts_names(o, &part, err);
    for (size_t i = 0; i < part.count && st == DTAKE_OK; i++)
        st = make_one(s, name, part.at[i], first, count, err);
    dtake__strings_dispose(&part);
    return st;
}

dtake_status dtake__select_composites(dtake__selection *s, dtake_error *err)
{
    size_t before = s->images.count, first = 0;
    char group[40] = "", name[40];
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < before && st == DTAKE_OK; i++) {
        dtake__image *image = dtake__images_take(&s->images, i, false);
        if (image == NULL)
            return dtake__fail_nomem(err, "a composite");
        name_of(s->options, image, name, sizeof name);
        dtake__image_free(image);
        if (i > 0 && strcmp(name, group) != 0) {
            st = make_group(s, group, first, i - first, err);
            first = i;
        }
        memcpy(group, name, sizeof group);
    }
    if (st == DTAKE_OK)
        st = make_group(s, group, first, before - first, err);
    if (st != DTAKE_OK)
        return st;
    s->images.count -= before;
    memmove(s->images.key, s->images.key + before, s->images.count * sizeof *s->images.key);
    for (size_t i = 0; i < s->images.count; i++)
        s->images.key[i].place = (uint32_t)i;
    return DTAKE_OK;
}
