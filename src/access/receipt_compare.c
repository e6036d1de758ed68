#include "access/receipt_parts.h"

#include "core/error.h"
#include "core/text.h"

#include <string.h>

/* Where an area was read from does not matter: its digest says which it was. */
static bool matters(const char *key)
{
    return strcmp(key, "intersects_file") != 0;
}

const char *dtake__receipt_difference(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)a, key, value)
    {
        if (matters(key) && !json_equal(value, json_object_get(b, key)))
            return key;
    }
    json_object_foreach((json_t *)b, key, value)
    {
        if (matters(key) && json_object_get(a, key) == NULL)
            return key;
    }
    return "";
}

/* -1: the file knows, by the name, which is compared too. */
static bool same_band(const json_t *a, const json_t *b)
{
    return json_equal(a, b) || json_integer_value(a) == -1 || json_integer_value(b) == -1;
}

static dtake_status compare_sources(const json_t *was, const json_t *now, dtake_error *err)
{
    static const char *const keys[] = { "href", "name" };
    if (json_array_size(was) != json_array_size(now))
        return dtake__fail(err, DTAKE_E_STATE, "it was made of %zu bands or files, not %zu",
                           json_array_size(was), json_array_size(now));
    for (size_t i = 0; i < json_array_size(was); i++) {
        const json_t *a = json_array_get(was, i), *b = json_array_get(now, i);
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
            if (strcmp(dtake__receipt_text(a, keys[k]), dtake__receipt_text(b, keys[k])) != 0)
                return dtake__fail(err, DTAKE_E_STATE, "it was made of %.200s, not %.200s",
                                   dtake__receipt_text(a, keys[k]), dtake__receipt_text(b, keys[k]));
        if (!same_band(json_object_get(a, "band"), json_object_get(b, "band")))
            return dtake__fail(err, DTAKE_E_STATE, "it was made of other bands");
    }
    return DTAKE_OK;
}

static const char *option_of(const char *key)
{
    return strcmp(key, "scale_m") == 0        ? "scale"
           : strcmp(key, "has_unmask") == 0   ? "unmask"
           : strcmp(key, "format") == 0       ? "of"
           : strcmp(key, "sample_type") == 0  ? "type"
           : strcmp(key, "jpeg_quality") == 0 ? "jpeg-quality"
           : dtake__starts_with(key, "res_")  ? "res"
           : dtake__starts_with(key, "size_") ? "size"
           : strstr(key, "_min") != NULL || strstr(key, "_max") != NULL || strcmp(key, "has_extent") == 0
               ? "extent"
           : dtake__starts_with(key, "intersects") ? "intersects"
                                                   : key;
}

static dtake_status compare_receipts(const json_t *was, const json_t *now, dtake_error *err)
{
    static const char *const keys[] = { "id", "asset", "time" };
    const char *other =
        dtake__receipt_difference(json_object_get(was, "options"), json_object_get(now, "options"));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (!json_equal(json_object_get(was, keys[i]), json_object_get(now, keys[i])))
            return dtake__fail(err, DTAKE_E_STATE, "it was made for another %s", keys[i]);
    if (other[0] != '\0')
        return dtake__fail(err, DTAKE_E_STATE, "it was made with another --%.40s", option_of(other));
    return compare_sources(json_object_get(was, "sources"), json_object_get(now, "sources"), err);
}

dtake_status dtake__receipt_fits(const json_t *receipt, const dtake_get_options *options,
                                 const dtake__image *image, dtake_error *err)
{
    json_t *now = dtake__receipt_expect(options, image);
    if (now == NULL)
        return dtake__fail_nomem(err, "a receipt");
    dtake_status st = compare_receipts(receipt, now, err);
    json_decref(now);
    return st;
}
