#include "access/events.h"

#include "core/alloc.h"
#include "core/base64.h"

#include <stdio.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

#define F(kind, name) DTAKE__FIELD(dtake_progress, kind, name)
static const dtake__field progress_fields[] = {
    F(BOOL, finished),    F(BOOL, items_known),  F(I64, items_total), F(I64, items_done),
    F(I64, items_failed), F(I64, items_skipped), F(I64, bytes_done),  F(I64, bytes_total),
    F(I64, requests),     F(I64, retries),       F(I32, connections), F(F64, seconds),
};
#undef F

#define F(kind, name) DTAKE__FIELD(dtake__image, kind, name)
static const dtake__field result_fields[] = {
    F(BOOL, skipped), F(TEXT, message), F(TEXT, again),   F(I64, bytes),   F(I64, wire_bytes),
    F(I64, width),    F(I64, height),   F(I32, requests), F(I32, retries), F(F64, seconds),
};
#undef F

#define F(kind, name) DTAKE__FIELD(dtake_cost, kind, name)
static const dtake__field cost_fields[] = {
    F(F64, seconds),         F(F64, ideal_seconds),      F(I64, requests),        F(I64, requests_min),
    F(I64, bytes),           F(I64, bytes_min),          F(I64, header_requests), F(I64, tiles),
    F(I64, ranges),          F(I32, round_trips),        F(F64, rtt_ms),          F(F64, bandwidth_bytes_s),
    F(F64, latency_seconds), F(F64, transfer_seconds),   F(F64, cpu_seconds),     F(F64, cpu_used_seconds),
    F(I64, retries),         F(F64, retry_wait_seconds), F(I64, peak_rss_bytes),
};
#undef F

#define F(kind, name) DTAKE__FIELD(dtake__facts, kind, name)
static const dtake__field facts_fields[] = {
    F(I64, files),     F(I64, tiles),        F(I64, ranges),        F(I64, runs),          F(I64, bytes),
    F(I64, gap_bytes), F(I64, longest_read), F(I64, decoded_bytes), F(I64, written_bytes),
};
#undef F

static json_t *new_event(const char *name)
{
    json_t *event = json_object();
    dtake__field_put(&event, "event", json_string(name));
    return event;
}

static json_t *fields(const dtake__field *list, size_t count, const void *base)
{
    json_t *out = json_object();
    if (out != NULL && !dtake__fields_to_json(out, list, count, base)) {
        json_decref(out);
        return NULL;
    }
    return out;
}

static void put_fields(json_t **event, const dtake__field *list, size_t count, const void *base)
{
    if (*event != NULL && !dtake__fields_to_json(*event, list, count, base)) {
        json_decref(*event);
        *event = NULL;
    }
}

json_t *dtake__event_item(const dtake__image *image)
{
    json_t *event = new_event("item");
    dtake__field_put(&event, "place", json_integer((json_int_t)image->place));
    dtake__field_put(&event, "id", json_string(image->id));
    dtake__field_put(&event, "asset", json_string(image->asset));
    return event;
}

json_t *dtake__event_progress(const dtake_progress *p)
{
    json_t *event = new_event("progress"), *active = json_array();
    put_fields(&event, progress_fields, COUNT(progress_fields), p);
    for (int32_t i = 0; active != NULL && i < p->active_count; i++) {
        const dtake_item_progress *item = &p->active[i];
        json_array_append_new(active, json_pack("[s,i,I,I]", item->name, (int)item->state,
                                                (json_int_t)item->bytes_done, (json_int_t)item->bytes_total));
    }
    dtake__field_put(&event, "active", active);
    return event;
}

json_t *dtake__event_result(const dtake__image *image)
{
    json_t *event = new_event("result");
    dtake__field_put(&event, "place", json_integer((json_int_t)image->place));
    dtake__field_put(&event, "status", json_string(dtake_status_name(image->status)));
    dtake__field_put(&event, "path", json_string(image->path));
    dtake__field_put(&event, "sha256", json_string(image->sha256));
    put_fields(&event, result_fields, COUNT(result_fields), image);
    return event;
}

static json_t *base64(const uint8_t *bytes, size_t len)
{
    dtake_buf text = DTAKE_BUF_INIT((len + 2) / 3 * 4);
    json_t *json = NULL;
    if (dtake__base64_write(&text, bytes, len) == DTAKE_OK)
        json = json_stringn(dtake__buf_str(&text), text.len);
    dtake__buf_dispose(&text);
    return json;
}

json_t *dtake__event_thumb(size_t place, const char *caption, int32_t width, int32_t height,
                           const uint8_t *rgb)
{
    json_t *event = new_event("thumb");
    dtake__field_put(&event, "place", json_integer((json_int_t)place));
    dtake__field_put(&event, "caption", json_string(caption));
    dtake__field_put(&event, "width", json_integer(width));
    dtake__field_put(&event, "height", json_integer(height));
    dtake__field_put(&event, "rgb", base64(rgb, 3 * (size_t)width * (size_t)height));
    return event;
}

json_t *dtake__event_end(dtake_job *job)
{
    dtake_error err = { 0 };
    json_t *event = new_event("end");
    dtake_status st = dtake_job_status(job, &err);
    dtake__field_put(&event, "status", json_string(dtake_status_name(st)));
    dtake__field_put(&event, "message", json_string(err.message));
    dtake__field_put(&event, "cost", fields(cost_fields, COUNT(cost_fields), &job->cost));
    dtake__field_put(&event, "facts", fields(facts_fields, COUNT(facts_fields), &job->facts));
    dtake__field_put(&event, "header_bytes", json_integer(atomic_load(&job->tally.header_bytes)));
    dtake__field_put(&event, "queued_ms", json_integer(atomic_load(&job->tally.queued_ms)));
    dtake__field_put(&event, "connections", json_integer(atomic_load(&job->tally.connections)));
    return event;
}

bool dtake__read_progress(dtake_progress *out, const json_t *event)
{
    size_t i;
    json_t *item;
    *out = (dtake_progress){ 0 };
    if (!dtake__fields_from_json(progress_fields, COUNT(progress_fields), out, event))
        return false;
    json_array_foreach(json_object_get(event, "active"), i, item)
    {
        if (out->active_count == DTAKE_ACTIVE_ITEMS)
            break;
        const char *name = json_string_value(json_array_get(item, 0));
        dtake_item_progress *to = &out->active[out->active_count++];
        snprintf(to->name, sizeof to->name, "%s", name != NULL ? name : "");
        to->state = (dtake_item_state)json_integer_value(json_array_get(item, 1));
        to->bytes_done = json_integer_value(json_array_get(item, 2));
        to->bytes_total = json_integer_value(json_array_get(item, 3));
    }
    return true;
}

static bool set_text(char **out, const char *text)
{
    char *copy = text == NULL ? NULL : dtake__strdup(text);
    if (copy == NULL)
        return text == NULL;
    dtake__free(*out);
    *out = copy;
    return true;
}

bool dtake__read_result(dtake__image *out, const json_t *event)
{
    dtake__image read = { 0 };
    const char *sha256 = json_string_value(json_object_get(event, "sha256"));
    const char *status = json_string_value(json_object_get(event, "status"));
    if (status == NULL || !dtake__fields_from_json(result_fields, COUNT(result_fields), &read, event))
        return false;
    out->status = dtake__status_of_name(status);
    out->skipped = read.skipped;
    out->bytes = read.bytes;
    out->wire_bytes = read.wire_bytes;
    out->width = read.width;
    out->height = read.height;
    out->requests = read.requests;
    out->retries = read.retries;
    out->seconds = read.seconds;
    snprintf(out->sha256, sizeof out->sha256, "%s", sha256 != NULL ? sha256 : "");
    return set_text(&out->message, read.message) && set_text(&out->again, read.again) &&
           set_text(&out->path, json_string_value(json_object_get(event, "path")));
}

bool dtake__read_cost(dtake_cost *out, const json_t *event)
{
    *out = (dtake_cost){ 0 };
    return dtake__fields_from_json(cost_fields, COUNT(cost_fields), out, json_object_get(event, "cost"));
}

bool dtake__read_facts(dtake__facts *out, const json_t *event)
{
    *out = (dtake__facts){ 0 };
    return dtake__fields_from_json(facts_fields, COUNT(facts_fields), out, json_object_get(event, "facts"));
}

uint8_t *dtake__read_thumb(const json_t *event, int32_t *width, int32_t *height)
{
    const json_t *rgb = json_object_get(event, "rgb");
    json_int_t w = json_integer_value(json_object_get(event, "width")),
               h = json_integer_value(json_object_get(event, "height"));
    if (!json_is_string(rgb) || w < 1 || h < 1 || w > 4096 || h > 4096)
        return NULL;
    size_t size = 3 * (size_t)w * (size_t)h;
    uint8_t *bytes = dtake__alloc(size);
    if (bytes == NULL || !dtake__base64_read(json_string_value(rgb), json_string_length(rgb), bytes, size)) {
        dtake__free(bytes);
        return NULL;
    }
    *width = (int32_t)w;
    *height = (int32_t)h;
    return bytes;
}

dtake_status dtake__status_of_name(const char *name)
{
    for (int st = DTAKE_OK; st <= DTAKE_E_CANCELLED; st++)
        if (strcmp(dtake_status_name((dtake_status)st), name) == 0)
            return (dtake_status)st;
    return DTAKE_E_OTHER;
}
