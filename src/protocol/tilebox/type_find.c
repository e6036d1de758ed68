/* Where in a FileDescriptorSet something of a given name lies. */
#include "core/error.h"
#include "protocol/tilebox/type_struct.h"

/* Numbers of descriptor.proto. */
enum {
    SET_FILE = 1,
    FILE_PACKAGE = 2,
    FILE_MESSAGE = 4,
    FILE_ENUM = 5,
    FILE_SYNTAX = 12,
    MESSAGE_NESTED = 3,
    MESSAGE_ENUM = 4,
    NAME = 1, /* of messages and enums */
};

static dtake__span text_field(dtake__span message, uint32_t field)
{
    dtake__pb_in in = dtake__pb_read(message.text, message.len);
    dtake__span text = DTAKE__SPAN("");
    while (dtake__pb_next(&in))
        if (in.field == field)
            text = dtake__pb_text(&in);
    return text;
}

/* What stands in `name` behind `prefix` and a dot. */
static bool behind(dtake__span name, dtake__span prefix, dtake__span *rest)
{
    if (prefix.len == 0) {
        *rest = name;
        return true;
    }
    if (name.len <= prefix.len + 1 || memcmp(name.text, prefix.text, prefix.len) != 0 ||
        name.text[prefix.len] != '.')
        return false;
    *rest = (dtake__span){ name.text + prefix.len + 1, name.len - prefix.len - 1 };
    return true;
}

/* An enum in a file or a message; they keep enums and messages under different numbers. */
static bool find_enum(dtake__span within, uint32_t enum_field, uint32_t message_field, dtake__span name,
                      int depth, dtake__span *out)
{
    dtake__pb_in in = dtake__pb_read(within.text, within.len);
    while (dtake__pb_next(&in)) {
        if (in.field != enum_field && in.field != message_field)
            continue;
        dtake__span bytes = dtake__pb_bytes(&in), own = text_field(bytes, NAME), rest;
        if (in.field == enum_field && dtake__span_equal(own, name)) {
            *out = bytes;
            return true;
        }
        if (in.field == message_field && depth < DTAKE__PB_MAX_DEPTH && own.len > 0 &&
            behind(name, own, &rest) && find_enum(bytes, MESSAGE_ENUM, MESSAGE_NESTED, rest, depth + 1, out))
            return true;
    }
    return false;
}

bool dtake__tilebox_enum_descriptor(dtake__span set, dtake__span name, dtake__span *out)
{
    dtake__pb_in in = dtake__pb_read(set.text, set.len);
    while (dtake__pb_next(&in)) {
        dtake__span file, rest;
        if (in.field != SET_FILE)
            continue;
        file = dtake__pb_bytes(&in);
        if (behind(name, text_field(file, FILE_PACKAGE), &rest) &&
            find_enum(file, FILE_ENUM, FILE_MESSAGE, rest, 0, out))
            return true;
    }
    return false;
}

static bool find_message(dtake__span file, dtake__span name, dtake__span *out)
{
    dtake__pb_in in = dtake__pb_read(file.text, file.len);
    while (dtake__pb_next(&in)) {
        if (in.field != FILE_MESSAGE)
            continue;
        dtake__span bytes = dtake__pb_bytes(&in);
        if (dtake__span_equal(text_field(bytes, NAME), name)) {
            *out = bytes;
            return true;
        }
    }
    return false;
}

dtake_status dtake__tilebox_message_descriptor_find(dtake__span set, dtake__span name,
                                                    dtake__tilebox_message_descriptor *out, dtake_error *err)
{
    dtake__pb_in in = dtake__pb_read(set.text, set.len);
    while (dtake__pb_next(&in)) {
        dtake__span file, rest, syntax;
        if (in.field != SET_FILE)
            continue;
        file = dtake__pb_bytes(&in);
        if (!behind(name, text_field(file, FILE_PACKAGE), &rest) || !find_message(file, rest, &out->message))
            continue;
        syntax = text_field(file, FILE_SYNTAX);
        out->proto3 = dtake__span_equal(syntax, DTAKE__SPAN("proto3"));
        return DTAKE_OK;
    }
    dtake_status st = dtake__pb_finish(&in, "a set of descriptors", err);
    if (st != DTAKE_OK)
        return st;
    return dtake__fail(err, DTAKE_E_FORMAT, "read a dataset's type: its descriptors have no message %.*s",
                       (int)(name.len < 200 ? name.len : 200), name.text);
}
