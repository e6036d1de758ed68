#include "format/protobuf.h"

#include "core/error.h"

static uint8_t *make_room(dtake__pb_out *out, size_t bytes)
{
    if (out->status == DTAKE_OK)
        out->status = dtake__buf_reserve(out->to, bytes);
    return out->status == DTAKE_OK ? out->to->data + out->to->len : NULL;
}

static void wrote(dtake__pb_out *out, const uint8_t *end)
{
    out->to->len = (size_t)(end - out->to->data);
    out->to->data[out->to->len] = '\0';
}

static uint8_t *put_tag(uint8_t *to, uint32_t field, dtake__pb_wire wire)
{
    return dtake__pb_varint_write(to, dtake__pb_tag(field, wire));
}

static size_t tag_bytes(uint32_t field)
{
    return dtake__pb_varint_bytes(dtake__pb_tag(field, 0));
}

static uint8_t *put_little_endian(uint8_t *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *to++ = (uint8_t)(value >> (8 * i));
    return to;
}

void dtake__pb_put_u64(dtake__pb_out *out, uint32_t field, uint64_t value)
{
    uint8_t *to = make_room(out, tag_bytes(field) + dtake__pb_varint_bytes(value));
    if (to != NULL)
        wrote(out, dtake__pb_varint_write(put_tag(to, field, DTAKE__PB_VARINT), value));
}

void dtake__pb_put_i64(dtake__pb_out *out, uint32_t field, int64_t value)
{
    dtake__pb_put_u64(out, field, (uint64_t)value);
}

void dtake__pb_put_zigzag(dtake__pb_out *out, uint32_t field, int64_t value)
{
    dtake__pb_put_u64(out, field, dtake__pb_to_zigzag(value));
}

void dtake__pb_put_bool(dtake__pb_out *out, uint32_t field, bool value)
{
    dtake__pb_put_u64(out, field, value);
}

static void put_fixed(dtake__pb_out *out, uint32_t field, dtake__pb_wire wire, uint64_t bits, int bytes)
{
    uint8_t *to = make_room(out, tag_bytes(field) + (size_t)bytes);
    if (to != NULL)
        wrote(out, put_little_endian(put_tag(to, field, wire), bits, bytes));
}

void dtake__pb_put_f64(dtake__pb_out *out, uint32_t field, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_fixed(out, field, DTAKE__PB_FIXED64, bits, 8);
}

void dtake__pb_put_f32(dtake__pb_out *out, uint32_t field, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_fixed(out, field, DTAKE__PB_FIXED32, bits, 4);
}

void dtake__pb_put_bytes(dtake__pb_out *out, uint32_t field, const void *bytes, size_t len)
{
    if (len > INT32_MAX)
        out->status = out->status == DTAKE_OK ? DTAKE_E_LIMIT : out->status;
    uint8_t *to = make_room(out, tag_bytes(field) + dtake__pb_varint_bytes(len) + len);
    if (to == NULL)
        return;
    to = dtake__pb_varint_write(put_tag(to, field, DTAKE__PB_BYTES), len);
    if (len > 0)
        memcpy(to, bytes, len);
    wrote(out, to + len);
}

void dtake__pb_put_text(dtake__pb_out *out, uint32_t field, const char *text)
{
    dtake__pb_put_bytes(out, field, text, strlen(text));
}

void dtake__pb_put_span(dtake__pb_out *out, uint32_t field, dtake__span text)
{
    dtake__pb_put_bytes(out, field, text.text, text.len);
}

/* One byte is kept free for the length; when more are needed the content moves. */
size_t dtake__pb_begin(dtake__pb_out *out, uint32_t field)
{
    uint8_t *to = make_room(out, tag_bytes(field) + 1);
    if (to == NULL)
        return 0;
    to = put_tag(to, field, DTAKE__PB_BYTES);
    *to++ = 0;
    wrote(out, to);
    return out->to->len;
}

void dtake__pb_end(dtake__pb_out *out, size_t mark)
{
    if (out->status != DTAKE_OK)
        return;
    size_t len = out->to->len - mark, more = dtake__pb_varint_bytes(len) - 1;
    if (len > INT32_MAX) {
        out->status = DTAKE_E_LIMIT;
        return;
    }
    if (more > 0) {
        if (make_room(out, more) == NULL)
            return;
        memmove(out->to->data + mark + more, out->to->data + mark, len);
        wrote(out, out->to->data + mark + more + len);
    }
    dtake__pb_varint_write(out->to->data + mark - 1, len);
}

void dtake__pb_add_varint(dtake__pb_out *out, uint64_t value)
{
    uint8_t *to = make_room(out, dtake__pb_varint_bytes(value));
    if (to != NULL)
        wrote(out, dtake__pb_varint_write(to, value));
}

dtake_status dtake__pb_done(const dtake__pb_out *out, const char *what, dtake_error *err)
{
    if (out->status == DTAKE_OK)
        return DTAKE_OK;
    return dtake__fail(err, out->status, "write %s: %s", what, dtake_status_text(out->status));
}
