#include "access/receipt_parts.h"

#include "access/long_area.h"
#include "core/clock.h"
#include "core/error.h"
#include "output/stamp.h"

#include <string.h>

const char *dtake__receipt_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static bool is_text(const json_t *object, const char *key)
{
    return json_is_string(json_object_get(object, key));
}

static bool is_source(const json_t *source)
{
    const json_t *modified = json_object_get(source, "modified");
    return is_text(source, "href") && is_text(source, "name") && is_text(source, "etag") &&
           json_is_integer(json_object_get(source, "band")) &&
           json_is_integer(json_object_get(source, "bytes")) &&
           (modified == NULL || json_is_string(modified));
}

dtake_status dtake__receipt_parse(json_t **out, const char *text, size_t len, dtake_error *err)
{
    json_error_t where;
    *out = NULL;
    json_t *json =
        len <= DTAKE__STAMP_MAX_BYTES ? json_loadb(text, len, JSON_REJECT_DUPLICATES, &where) : NULL;
    if (json == NULL)
        return dtake__fail(err, DTAKE_E_FORMAT, "a receipt that is not JSON");
    const char *wrong = NULL;
    const json_t *sources = json_object_get(json, "sources"), *time = json_object_get(json, "time");
    if (json_integer_value(json_object_get(json, "receipt")) != 1)
        wrong = "receipt: not of version 1";
    else if (!is_text(json, "program") || !is_text(json, "id") || !is_text(json, "asset"))
        wrong = "program, id or asset is missing";
    else if (!json_is_string(time) && !json_is_null(time))
        wrong = "time is missing";
    else if (!json_is_object(json_object_get(json, "options")))
        wrong = "options are missing";
    else if (dtake__stamp_digits(text, len) == SIZE_MAX || !is_text(json, "sha256"))
        wrong = "sha256 is missing";
    else if (!json_is_array(sources) || json_array_size(sources) == 0 ||
             json_array_size(sources) > DTAKE__MAX_SOURCES)
        wrong = "sources are missing";
    for (size_t i = 0; wrong == NULL && i < json_array_size(sources); i++)
        if (!is_source(json_array_get(sources, i)))
            wrong = "a source without href, name, band, bytes or etag";
    if (wrong == NULL) {
        *out = json;
        return DTAKE_OK;
    }
    json_decref(json);
    return dtake__fail(err, DTAKE_E_FORMAT, "a receipt that cannot be read: %s", wrong);
}

size_t dtake__receipt_sources(const json_t *receipt)
{
    return json_array_size(json_object_get(receipt, "sources"));
}

static const json_t *source_at(const json_t *receipt, size_t i)
{
    return json_array_get(json_object_get(receipt, "sources"), i);
}

const char *dtake__receipt_href(const json_t *receipt, size_t source)
{
    return dtake__receipt_text(source_at(receipt, source), "href");
}

dtake_status dtake__receipt_check_source(const json_t *receipt, size_t source, const dtake__version *now,
                                         dtake_error *err)
{
    const json_t *was = source_at(receipt, source);
    int64_t bytes = json_integer_value(json_object_get(was, "bytes"));
    const char *etag = dtake__receipt_text(was, "etag"), *modified = dtake__receipt_text(was, "modified"),
               *href = dtake__receipt_text(was, "href");
    if (bytes < 0)
        return dtake__fail(err, DTAKE_E_CHANGED, "%.250s may have changed: its version was not known", href);
    if (bytes != now->bytes)
        return dtake__fail(err, DTAKE_E_CHANGED, "%.250s changed: it had %lld bytes and now has %lld", href,
                           (long long)bytes, (long long)now->bytes);
    if (strcmp(etag, now->etag) != 0)
        return dtake__fail(err, DTAKE_E_CHANGED, "%.200s changed: its ETag was %.80s and now is %.80s", href,
                           etag[0] != '\0' ? etag : "none", now->etag[0] != '\0' ? now->etag : "none");
    if (strcmp(modified, now->modified) != 0)
        return dtake__fail(err, DTAKE_E_CHANGED,
                           "%.200s changed: it was last modified on %.40s and now on %.40s", href, modified,
                           now->modified);
    return DTAKE_OK;
}

const char *dtake__receipt_sha256(const json_t *receipt)
{
    return dtake__receipt_text(receipt, "sha256");
}

const char *dtake__receipt_program(const json_t *receipt)
{
    return dtake__receipt_text(receipt, "program");
}

static dtake_status image_of(const json_t *receipt, dtake__image **out, dtake_error *err)
{
    const json_t *time = json_object_get(receipt, "time");
    dtake__image *image =
        dtake__image_new(dtake__receipt_text(receipt, "id"), dtake__receipt_text(receipt, "asset"));
    dtake_status st = image != NULL ? DTAKE_OK : dtake__fail_nomem(err, "an image");
    if (st == DTAKE_OK && json_is_string(time))
        st = dtake__time_parse(json_string_value(time), &image->time_ns, NULL, err);
    for (size_t i = 0; st == DTAKE_OK && i < dtake__receipt_sources(receipt); i++) {
        const json_t *source = source_at(receipt, i);
        json_int_t band = json_integer_value(json_object_get(source, "band"));
        if (band < -1 || band > INT32_MAX)
            st =
                dtake__fail(err, DTAKE_E_FORMAT, "a receipt that cannot be read: band %lld", (long long)band);
        else if (!dtake__image_add_source(image, dtake__receipt_text(source, "href"),
                                          dtake__receipt_text(source, "name"), (int32_t)band))
            st = dtake__fail_nomem(err, "an image");
    }
    if (st == DTAKE_OK)
        *out = image;
    else
        dtake__image_free(image);
    return st;
}

dtake_status dtake__receipt_to_job(const json_t *receipt, dtake__options *options, dtake__image **image,
                                   dtake_error *err)
{
    const json_t *said = json_object_get(receipt, "options");
    *image = NULL;
    *options = (dtake__options){ 0 };
    json_t *whole = NULL;
    dtake_status st = dtake__area_fill_in(&whole, said, err);
    if (st == DTAKE_OK)
        st = dtake__options_from_json(options, whole, err);
    json_decref(whole);
    if (st != DTAKE_OK)
        return st;
    /* only what decides the bytes: a file from elsewhere has no say in where to write or which program to run
     */
    json_t *decides = dtake__receipt_options(&options->value);
    const char *other = decides != NULL ? dtake__receipt_difference(said, decides) : "";
    if (decides == NULL)
        st = dtake__fail_nomem(err, "a receipt");
    else if (other[0] != '\0')
        st = dtake__fail(err, DTAKE_E_FORMAT, "a receipt that cannot be read: option '%.40s'", other);
    json_decref(decides);
    return st == DTAKE_OK ? image_of(receipt, image, err) : st;
}
