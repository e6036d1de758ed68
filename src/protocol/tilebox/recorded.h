/* Answers of the real service, recorded as JSON in ../shared/data/tilebox; for tests. */
#ifndef DTAKE_PROTOCOL_TILEBOX_RECORDED_H
#define DTAKE_PROTOCOL_TILEBOX_RECORDED_H

#include "check.h"

#include <stdlib.h>

#include <jansson.h>

#include "format/protobuf.h"

/* Skips the test when the file is not there. */
static inline json_t *recorded_open(const char *name)
{
    char path[512];
    json_error_t error;
    snprintf(path, sizeof path, "../shared/data/tilebox/%s", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        print_message("%s is not there\n", path);
        skip();
    }
    json_t *root = json_loadf(file, JSON_ALLOW_NUL, &error);
    fclose(file);
    if (root == NULL)
        fail_msg("%s: %s", path, error.text);
    return root;
}

static inline const char *recorded_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static inline size_t recorded_hex(const char *hex, uint8_t *out, size_t room)
{
    size_t len = 0;
    for (; hex[0] != '\0' && hex[1] != '\0' && len < room; hex += 2) {
        unsigned byte;
        if (sscanf(hex, "%2x", &byte) != 1)
            break;
        out[len++] = (uint8_t)byte;
    }
    return len;
}

/* datasets.v1.AnnotatedType as the service sent it. */
static inline void recorded_type(const json_t *type, dtake_buf *out)
{
    size_t i;
    json_t *each;
    uint8_t bytes[64 * 1024];
    dtake__pb_out pb = { .to = out };
    size_t set = dtake__pb_begin(&pb, 1);
    json_array_foreach(json_object_get(type, "descriptor_set"), i, each) dtake__pb_put_bytes(
        &pb, 1, bytes, recorded_hex(recorded_text(each, "serialized_hex"), bytes, sizeof bytes));
    dtake__pb_end(&pb, set);
    dtake__pb_put_text(&pb, 2, recorded_text(type, "type_url"));
    json_array_foreach(json_object_get(type, "field_annotations"), i, each)
    {
        size_t mark = dtake__pb_begin(&pb, 4);
        if (json_object_get(each, "description"))
            dtake__pb_put_text(&pb, 1, recorded_text(each, "description"));
        if (json_object_get(each, "example_value"))
            dtake__pb_put_text(&pb, 2, recorded_text(each, "example_value"));
        dtake__pb_end(&pb, mark);
    }
    if (strcmp(recorded_text(type, "kind"), "DATASET_KIND_SPATIOTEMPORAL") == 0)
        dtake__pb_put_u64(&pb, 5, 2);
    else if (strcmp(recorded_text(type, "kind"), "DATASET_KIND_TEMPORAL") == 0)
        dtake__pb_put_u64(&pb, 5, 1);
    CHECK_OK(dtake__pb_done(&pb, "a type", NULL));
}

#endif
