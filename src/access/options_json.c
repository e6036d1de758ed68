#include "access/options.h"

#include "core/alloc.h"
#include "core/error.h"

#include <string.h>

#define FIELD(kind, name)                                                                                    \
    {                                                                                                        \
#name, DTAKE__FIELD_##kind, offsetof(dtake_runtime_options, name)                                    \
    }
static const dtake__field runtime_fields[] = {
    FIELD(INT, workers),      FIELD(INT, connections_per_host), FIELD(I64, bytes_in_flight),
    FIELD(INT, retries),      FIELD(I64, connect_timeout_ms),   FIELD(I64, first_byte_ms),
    FIELD(I64, low_speed_ms), FIELD(I64, low_speed_bytes_s),    FIELD(I64, max_bytes_s),
    FIELD(TEXT, cache_dir),   FIELD(TEXT, user_agent),
};
#undef FIELD
enum { RUNTIME_FIELDS = sizeof runtime_fields / sizeof runtime_fields[0] };

static json_t *doubles_to_json(const double *values, int32_t count)
{
    json_t *list = json_array();
    for (int32_t i = 0; list != NULL && i < count; i++)
        if (json_array_append_new(list, dtake__number_to_json(values[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static bool doubles_from_json(const json_t *list, double *values, int32_t *count)
{
    size_t size = json_array_size(list);
    if (!json_is_array(list) || size > DTAKE_MAX_BANDS)
        return false;
    *count = (int32_t)size;
    for (size_t i = 0; i < size; i++)
        if (!dtake__number_from_json(json_array_get(list, i), &values[i]))
            return false;
    return true;
}

#define VISUALIZE_LISTS(X) X(min) X(max) X(gain) X(bias) X(gamma)

static json_t *visualize_to_json(const dtake_visualize *v)
{
    json_t *out = json_object();
    int failed = 0;
#define WRITE(name)                                                                                          \
    if (v->name##_count > 0)                                                                                 \
        failed |= json_object_set_new(out, #name, doubles_to_json(v->name, v->name##_count));
    VISUALIZE_LISTS(WRITE)
#undef WRITE
    failed |= json_object_set_new(out, "opacity", dtake__number_to_json(v->opacity));
    json_t *palette = v->palette_count > 0 ? json_array() : NULL;
    for (int32_t i = 0; palette != NULL && i < v->palette_count; i++)
        failed |= json_array_append_new(
            palette, json_integer(v->palette[i][0] << 16 | v->palette[i][1] << 8 | v->palette[i][2]));
    if (v->palette_count > 0)
        failed |= json_object_set_new(out, "palette", palette);
    if (failed == 0)
        return out;
    json_decref(out);
    return NULL;
}

static bool palette_from_json(const json_t *list, dtake_visualize *v)
{
    size_t size = json_array_size(list);
    if (!json_is_array(list) || size > DTAKE_MAX_PALETTE)
        return false;
    v->palette_count = (int32_t)size;
    for (size_t i = 0; i < size; i++) {
        const json_t *color = json_array_get(list, i);
        if (!json_is_integer(color) || json_integer_value(color) < 0 || json_integer_value(color) > 0xFFFFFF)
            return false;
        for (int k = 0; k < 3; k++)
            v->palette[i][k] = (uint8_t)(json_integer_value(color) >> (16 - 8 * k));
    }
    return true;
}

static bool visualize_from_json(const json_t *json, dtake_visualize *v)
{
    const json_t *value;
    if (!json_is_object(json))
        return false;
    *v = (dtake_visualize){ .enabled = true, .opacity = 1 };
#define READ(name)                                                                                           \
    if ((value = json_object_get(json, #name)) != NULL &&                                                    \
        !doubles_from_json(value, v->name, &v->name##_count))                                                \
        return false;
    VISUALIZE_LISTS(READ)
#undef READ
    if ((value = json_object_get(json, "opacity")) != NULL && !dtake__number_from_json(value, &v->opacity))
        return false;
    return (value = json_object_get(json, "palette")) == NULL || palette_from_json(value, v);
}

static json_t *list_to_json(const char *const *list, size_t count)
{
    json_t *out = json_array();
    for (size_t i = 0; out != NULL && i < count; i++)
        if (json_array_append_new(out, json_string(list[i])) != 0) {
            json_decref(out);
            return NULL;
        }
    return out;
}

static bool special_to_json(json_t *out, const dtake_get_options *o)
{
    int failed = 0;
    if (o->items_json != NULL)
        failed |= json_object_set_new(out, "items_json", json_stringn(o->items_json, o->items_json_bytes));
    for (size_t i = 0; i < DTAKE__OPTION_LISTS; i++) {
        const dtake__list_field *f = &dtake__option_lists[i];
        size_t count = *(const size_t *)((const char *)o + f->count_offset);
        const char *const *list = *(const char *const *const *)((const char *)o + f->offset);
        if (count > 0)
            failed |= json_object_set_new(out, f->name, list_to_json(list, count));
    }
    if (o->has_bbox) {
        double box[4] = { o->bbox.west, o->bbox.south, o->bbox.east, o->bbox.north };
        failed |= json_object_set_new(out, "bbox", doubles_to_json(box, 4));
    }
    if (o->has_datetime)
        failed |= json_object_set_new(
            out, "datetime",
            json_pack("{s:I,s:I,s:b,s:b}", "start_ns", (json_int_t)o->datetime.start_ns, "end_ns",
                      (json_int_t)o->datetime.end_ns, "start_exclusive", (int)o->datetime.start_exclusive,
                      "end_exclusive", (int)o->datetime.end_exclusive));
    if (o->visualize.enabled)
        failed |= json_object_set_new(out, "visualize", visualize_to_json(&o->visualize));
    if (o->resampling != DTAKE_NEAREST)
        failed |= json_object_set_new(out, "resampling", json_string(dtake_resampling_name(o->resampling)));
    failed |= json_object_set_new(out, "mode", json_string(dtake__mode_names[o->mode]));
    failed |= json_object_set_new(out, "format", json_string(dtake__format_names[o->format]));
    return failed == 0;
}

json_t *dtake__options_to_json(const dtake_get_options *options)
{
    json_t *out = json_object();
    if (out != NULL && dtake__fields_to_json(out, dtake__option_fields, DTAKE__OPTION_FIELDS, options) &&
        special_to_json(out, options))
        return out;
    json_decref(out);
    return NULL;
}

static bool name_from_json(const json_t *json, const char *const *names, int count, int *out)
{
    for (int i = 0; i < count && json_is_string(json); i++)
        if (strcmp(json_string_value(json), names[i]) == 0) {
            *out = i;
            return true;
        }
    return false;
}

static bool datetime_from_json(const json_t *json, dtake_interval *out)
{
    *out = (dtake_interval){ json_integer_value(json_object_get(json, "start_ns")),
                             json_integer_value(json_object_get(json, "end_ns")),
                             json_is_true(json_object_get(json, "start_exclusive")),
                             json_is_true(json_object_get(json, "end_exclusive")) };
    return json_is_integer(json_object_get(json, "start_ns")) &&
           json_is_integer(json_object_get(json, "end_ns"));
}

static bool box_from_json(const json_t *json, dtake_box *out)
{
    double v[DTAKE_MAX_BANDS];
    int32_t count;
    if (!doubles_from_json(json, v, &count) || count != 4)
        return false;
    *out = (dtake_box){ v[0], v[1], v[2], v[3] };
    return true;
}

typedef struct reader {
    dtake_get_options value;
    const char **list[DTAKE__OPTION_LISTS]; /* arrays of the reader's, strings of the JSON's */
} reader;

/* 1: done, 0: not a list, -1: wrong, -2: no memory. */
static int list_from_json(reader *r, const char *key, const json_t *json)
{
    for (size_t i = 0; i < DTAKE__OPTION_LISTS; i++) {
        const dtake__list_field *f = &dtake__option_lists[i];
        size_t size = json_array_size(json);
        if (strcmp(f->name, key) != 0)
            continue;
        if (!json_is_array(json))
            return -1;
        r->list[i] = dtake__calloc(size, sizeof *r->list[i]);
        if (r->list[i] == NULL)
            return -2;
        for (size_t k = 0; k < size; k++)
            if ((r->list[i][k] = json_string_value(json_array_get(json, k))) == NULL)
                return -1;
        *(const char ***)((char *)&r->value + f->offset) = r->list[i];
        *(size_t *)((char *)&r->value + f->count_offset) = size;
        return 1;
    }
    return 0;
}

static dtake_status read_member(reader *r, const char *key, const json_t *json, dtake_error *err)
{
    int name = 0, listed = list_from_json(r, key, json);
    const dtake__field *field = dtake__find_field(dtake__option_fields, DTAKE__OPTION_FIELDS, key);
    bool ok = listed == 1;
    if (listed == -2)
        return dtake__fail_nomem(err, "a job's options");
    if (strcmp(key, "items_json") == 0) {
        ok = json_is_string(json);
        r->value.items_json = json_string_value(json);
        r->value.items_json_bytes = json_string_length(json);
    } else if (field != NULL)
        ok = dtake__field_from_json(field, &r->value, json);
    else if (strcmp(key, "bbox") == 0)
        ok = r->value.has_bbox = box_from_json(json, &r->value.bbox);
    else if (strcmp(key, "datetime") == 0)
        ok = r->value.has_datetime = datetime_from_json(json, &r->value.datetime);
    else if (strcmp(key, "visualize") == 0)
        ok = visualize_from_json(json, &r->value.visualize);
    else if (strcmp(key, "resampling") == 0)
        ok = json_is_string(json) &&
             dtake_resampling_parse(json_string_value(json), &r->value.resampling, NULL) == DTAKE_OK;
    else if (strcmp(key, "mode") == 0) {
        ok = name_from_json(json, dtake__mode_names, 3, &name);
        r->value.mode = (dtake_mode)name;
    } else if (strcmp(key, "format") == 0) {
        ok = name_from_json(json, dtake__format_names, DTAKE__FORMATS, &name);
        r->value.format = (dtake_file_format)name;
    } else if (listed == 0)
        return dtake__fail(err, DTAKE_E_FORMAT, "a job's options: unknown key '%.60s'", key);
    return ok ? DTAKE_OK : dtake__fail(err, DTAKE_E_FORMAT, "a job's options: wrong value of '%.60s'", key);
}

dtake_status dtake__options_from_json(dtake__options *out, const json_t *json, dtake_error *err)
{
    reader r = { 0 };
    const char *key;
    json_t *value;
    dtake_status st = DTAKE_OK;
    *out = (dtake__options){ 0 };
    if (!json_is_object(json))
        return dtake__fail(err, DTAKE_E_FORMAT, "a job's options: not a JSON object");
    json_object_foreach((json_t *)json, key, value) if (st == DTAKE_OK) st = read_member(&r, key, value, err);
    if (st == DTAKE_OK)
        st = dtake__options_copy(out, &r.value, err);
    for (size_t i = 0; i < DTAKE__OPTION_LISTS; i++)
        dtake__free(r.list[i]);
    return st;
}

json_t *dtake__runtime_options_to_json(const dtake_runtime_options *options)
{
    json_t *out = json_object();
    if (out != NULL && options != NULL &&
        !dtake__fields_to_json(out, runtime_fields, RUNTIME_FIELDS, options)) {
        json_decref(out);
        return NULL;
    }
    return out;
}

dtake_status dtake__runtime_options_from_json(dtake_runtime_options *out, const json_t *json,
                                              dtake_error *err)
{
    const char *key;
    json_t *value;
    *out = (dtake_runtime_options){ 0 };
    json_object_foreach((json_t *)json, key, value)
    {
        const dtake__field *field = dtake__find_field(runtime_fields, RUNTIME_FIELDS, key);
        if (field == NULL || !dtake__field_from_json(field, out, value))
            return dtake__fail(err, DTAKE_E_FORMAT, "a runtime's options: %s '%.60s'",
                               field == NULL ? "unknown key" : "wrong value of", key);
    }
    return DTAKE_OK;
}
