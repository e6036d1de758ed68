#include "format/protobuf.h"

#include "core/error.h"
#include "format/utf8.h"

enum { MAX_FIELD = (1 << 29) - 1 };

const uint8_t *dtake__pb_varint_long(const uint8_t *at, const uint8_t *end, uint64_t *out)
{
    uint64_t value = 0;
    for (int shift = 0; at < end && shift < 70; shift += 7) {
        uint8_t byte = *at++;
        if (shift == 63 && byte > 1)
            return NULL;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out = value;
            return at;
        }
    }
    return NULL;
}

static uint64_t little_endian(const uint8_t *at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static bool fail_at(dtake__pb_in *in, const uint8_t *at, const char *why)
{
    if (in->wrong == NULL) {
        in->wrong = why;
        in->wrong_field = in->field;
        in->wrong_offset = (size_t)(at - in->origin);
    }
    in->number = 0;
    in->bytes = NULL;
    in->len = 0;
    return false;
}

void dtake__pb_wrong(dtake__pb_in *in, const char *why)
{
    fail_at(in, in->start, why);
}

static bool read_fixed(dtake__pb_in *in, int bytes)
{
    if (in->end - in->at < bytes)
        return fail_at(in, in->at, "a number is cut off");
    in->number = little_endian(in->at, bytes);
    in->at += bytes;
    return true;
}

static bool read_bytes(dtake__pb_in *in)
{
    uint64_t len;
    const uint8_t *at = dtake__pb_varint(in->at, in->end, &len);
    if (at == NULL)
        return fail_at(in, in->at, "a length is cut off or too long");
    if (len > (uint64_t)(in->end - at))
        return fail_at(in, in->at, "it is longer than what is there");
    in->bytes = at;
    in->len = (size_t)len;
    in->at = at + len;
    return true;
}

bool dtake__pb_next(dtake__pb_in *in)
{
    uint64_t tag;
    if (in->wrong != NULL || in->at == in->end)
        return false;
    in->field = 0;
    in->start = in->at;
    const uint8_t *at = dtake__pb_varint(in->at, in->end, &tag);
    if (at == NULL)
        return fail_at(in, in->at, "a field's number is cut off or too long");
    if (tag >> 3 == 0 || tag >> 3 > MAX_FIELD)
        return fail_at(in, in->at, "there is no field of that number");
    in->field = (uint32_t)(tag >> 3);
    in->wire = (dtake__pb_wire)(tag & 7);
    in->at = at;
    switch (tag & 7) {
    case DTAKE__PB_VARINT:
        at = dtake__pb_varint(in->at, in->end, &in->number);
        if (at == NULL)
            return fail_at(in, in->at, "a number is cut off or too long");
        in->at = at;
        return true;
    case DTAKE__PB_FIXED64:
        return read_fixed(in, 8);
    case DTAKE__PB_FIXED32:
        return read_fixed(in, 4);
    case DTAKE__PB_BYTES:
        return read_bytes(in);
    case 3:
    case 4:
        return fail_at(in, in->start, "groups are not taken");
    default:
        return fail_at(in, in->start, "there is no such wire type");
    }
}

dtake_status dtake__pb_finish(const dtake__pb_in *in, const char *what, dtake_error *err)
{
    if (in->wrong == NULL)
        return DTAKE_OK;
    if (in->wrong_field == 0)
        return dtake__fail(err, DTAKE_E_FORMAT, "read %s: byte %zu: %s", what, in->wrong_offset, in->wrong);
    return dtake__fail(err, DTAKE_E_FORMAT, "read %s: field %u at byte %zu: %s", what, in->wrong_field,
                       in->wrong_offset, in->wrong);
}

/* --- what a field holds --- */

static bool expect(dtake__pb_in *in, dtake__pb_wire wire)
{
    if (in->wrong != NULL)
        return false;
    return in->wire == wire || fail_at(in, in->start, "it has another wire type than its kind");
}

uint64_t dtake__pb_u64(dtake__pb_in *in)
{
    return expect(in, DTAKE__PB_VARINT) ? in->number : 0;
}

int64_t dtake__pb_i64(dtake__pb_in *in)
{
    return (int64_t)dtake__pb_u64(in);
}

uint32_t dtake__pb_u32(dtake__pb_in *in)
{
    return (uint32_t)dtake__pb_u64(in);
}

int32_t dtake__pb_i32(dtake__pb_in *in)
{
    return (int32_t)dtake__pb_u64(in);
}

int64_t dtake__pb_zigzag(dtake__pb_in *in)
{
    return dtake__pb_unzigzag(dtake__pb_u64(in));
}

bool dtake__pb_bool(dtake__pb_in *in)
{
    return dtake__pb_u64(in) != 0;
}

uint64_t dtake__pb_fixed64(dtake__pb_in *in)
{
    return expect(in, DTAKE__PB_FIXED64) ? in->number : 0;
}

uint32_t dtake__pb_fixed32(dtake__pb_in *in)
{
    return expect(in, DTAKE__PB_FIXED32) ? (uint32_t)in->number : 0;
}

double dtake__pb_f64(dtake__pb_in *in)
{
    uint64_t bits = dtake__pb_fixed64(in);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float dtake__pb_f32(dtake__pb_in *in)
{
    uint32_t bits = dtake__pb_fixed32(in);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

dtake__span dtake__pb_bytes(dtake__pb_in *in)
{
    if (!expect(in, DTAKE__PB_BYTES))
        return DTAKE__SPAN("");
    return (dtake__span){ (const char *)in->bytes, in->len };
}

dtake__span dtake__pb_text(dtake__pb_in *in)
{
    dtake__span text = dtake__pb_bytes(in);
    if (dtake__utf8_valid(text))
        return text;
    fail_at(in, in->start, "it is not UTF-8");
    return DTAKE__SPAN("");
}

dtake__pb_in dtake__pb_enter(dtake__pb_in *in)
{
    dtake__span bytes = dtake__pb_bytes(in);
    if (in->depth == DTAKE__PB_MAX_DEPTH)
        fail_at(in, in->start, "it lies too deep");
    dtake__pb_in inside = dtake__pb_read(bytes.text, in->wrong == NULL ? bytes.len : 0);
    inside.origin = in->wrong == NULL ? in->origin : inside.at;
    inside.depth = in->depth + 1;
    return inside;
}

void dtake__pb_leave(dtake__pb_in *in, const dtake__pb_in *inside)
{
    if (in->wrong != NULL || inside->wrong == NULL)
        return;
    in->wrong = inside->wrong;
    in->wrong_field = inside->wrong_field;
    in->wrong_offset = inside->wrong_offset;
}

bool dtake__pb_each(dtake__pb_in *in, dtake__pb_run *run, dtake__pb_wire wire, uint64_t *out)
{
    if (in->wrong != NULL)
        return false;
    if (in->wire != DTAKE__PB_BYTES) {
        bool first = !run->begun;
        run->begun = true;
        *out = in->number;
        return first && expect(in, wire);
    }
    const uint8_t *end = in->bytes + in->len, *at = run->begun ? run->at : in->bytes;
    run->begun = true;
    if (at == end)
        return false;
    if (wire == DTAKE__PB_VARINT) {
        run->at = dtake__pb_varint(at, end, out);
        return run->at != NULL || fail_at(in, at, "a number of a run is cut off or too long");
    }
    int bytes = wire == DTAKE__PB_FIXED64 ? 8 : 4;
    if (end - at < bytes)
        return fail_at(in, at, "a number of a run is cut off");
    *out = little_endian(at, bytes);
    run->at = at + bytes;
    return true;
}
