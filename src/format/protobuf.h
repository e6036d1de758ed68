/* Protocol buffers on the wire: a reader that looks at one field after another where the bytes lie, and a
 * writer into a buffer. Neither knows descriptors.
 *
 *     dtake__pb_in in = dtake__pb_read(bytes, len);
 *     while (dtake__pb_next(&in))
 *         switch (in.field) {
 *         case 1: limit = dtake__pb_i64(&in); break;
 *         case 2: name = dtake__pb_text(&in); break;
 *         case 3: inside = dtake__pb_enter(&in);
 *                 while (dtake__pb_next(&inside)) ...
 *                 dtake__pb_leave(&in, &inside); break;
 *         }
 *     st = dtake__pb_finish(&in, "a page", err);
 *
 * Fields that are not asked for are skipped, as the format wants it; so is nothing else: cut off bytes,
 * numbers of more than 64 bits, groups, a known field of another wire type and text that is not UTF-8 are
 * mistakes. After the first one every call gives 0 or nothing, so that one look at the end is enough. A field
 * that occurs twice is the caller's to judge (the last one counts, says the format). Spans point into the
 * bytes. */
#ifndef DTAKE_FORMAT_PROTOBUF_H
#define DTAKE_FORMAT_PROTOBUF_H

#include "core/buf.h"
#include "core/span.h"

#include <string.h>

enum {
    DTAKE__PB_MAX_DEPTH = 32,  /* messages within one another */
    DTAKE__PB_MAX_VARINT = 10, /* bytes */
};

typedef enum dtake__pb_wire {
    DTAKE__PB_VARINT,
    DTAKE__PB_FIXED64,
    DTAKE__PB_BYTES,
    DTAKE__PB_FIXED32 = 5,
} dtake__pb_wire;

typedef struct dtake__pb_in {
    const uint8_t *start, *at, *end;
    uint32_t field; /* after dtake__pb_next */
    dtake__pb_wire wire;
    uint64_t number;      /* VARINT, FIXED64, FIXED32 */
    const uint8_t *bytes; /* BYTES */
    size_t len;
    const char *wrong; /* static: the first mistake; NULL: none so far */
    uint32_t wrong_field;
    size_t wrong_offset;   /* from `origin` */
    const uint8_t *origin; /* where the outermost message begins */
    int depth;
} dtake__pb_in;

static inline dtake__pb_in dtake__pb_read(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    return (dtake__pb_in){ .start = at, .at = at, .end = len > 0 ? at + len : at, .origin = at };
}

bool dtake__pb_next(dtake__pb_in *in); /* false at the end, and after a mistake */

/* The same, and what is common without a call: tags, small numbers and lengths of one byte or two. */
static inline bool dtake__pb_next_quick(dtake__pb_in *in)
{
    const uint8_t *at = in->at;
    if (in->wrong != NULL || in->end - at < 16)
        return dtake__pb_next(in);
    uint32_t tag = *at++, number;
    if (tag >= 0x80) {
        if (*at >= 0x80)
            return dtake__pb_next(in);
        tag = (tag & 0x7f) | (uint32_t)*at++ << 7;
    }
    if (tag >> 3 == 0)
        return dtake__pb_next(in);
    if ((tag & 7) == DTAKE__PB_FIXED64) {
        in->number = 0;
        for (int i = 0; i < 8; i++)
            in->number |= (uint64_t)at[i] << (8 * i);
        at += 8;
    } else if ((tag & 7) == DTAKE__PB_VARINT || (tag & 7) == DTAKE__PB_BYTES) {
        number = *at++;
        if (number >= 0x80) {
            if (*at >= 0x80)
                return dtake__pb_next(in);
            number = (number & 0x7f) | (uint32_t)*at++ << 7;
        }
        in->number = number;
        if ((tag & 7) == DTAKE__PB_BYTES) {
            if (number > (size_t)(in->end - at))
                return dtake__pb_next(in);
            in->bytes = at;
            in->len = number;
            at += number;
        }
    } else {
        return dtake__pb_next(in);
    }
    in->start = in->at;
    in->field = tag >> 3;
    in->wire = (dtake__pb_wire)(tag & 7);
    in->at = at;
    return true;
}
/* DTAKE_E_FORMAT: "read WHAT: field 3 at byte 17: ...". */
dtake_status dtake__pb_finish(const dtake__pb_in *in, const char *what, dtake_error *err);
/* The caller's own complaint about the field that was read last; `why` is static. */
void dtake__pb_wrong(dtake__pb_in *in, const char *why);

/* What the field that was read last holds. */
uint64_t dtake__pb_u64(dtake__pb_in *in);
int64_t dtake__pb_i64(dtake__pb_in *in);
uint32_t dtake__pb_u32(dtake__pb_in *in); /* as the format wants it, the low bits of what does not fit */
int32_t dtake__pb_i32(dtake__pb_in *in);  /* enums too */
int64_t dtake__pb_zigzag(dtake__pb_in *in);
bool dtake__pb_bool(dtake__pb_in *in);
double dtake__pb_f64(dtake__pb_in *in);
float dtake__pb_f32(dtake__pb_in *in);
uint64_t dtake__pb_fixed64(dtake__pb_in *in);
uint32_t dtake__pb_fixed32(dtake__pb_in *in);
dtake__span dtake__pb_bytes(dtake__pb_in *in);
dtake__span dtake__pb_text(dtake__pb_in *in); /* UTF-8 */

/* A message inside. Its mistakes become those of `in` when it is left. */
dtake__pb_in dtake__pb_enter(dtake__pb_in *in);
void dtake__pb_leave(dtake__pb_in *in, const dtake__pb_in *inside);

/* The numbers of a repeated field, which may come one by one or packed into one run. `run` begins as zero for
 * each field that was read; `wire` is what the numbers are. */
typedef struct dtake__pb_run {
    const uint8_t *at;
    bool begun;
} dtake__pb_run;
bool dtake__pb_each(dtake__pb_in *in, dtake__pb_run *run, dtake__pb_wire wire, uint64_t *out);

static inline int64_t dtake__pb_unzigzag(uint64_t number)
{
    return (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
}

static inline uint64_t dtake__pb_to_zigzag(int64_t number)
{
    return ((uint64_t)number << 1) ^ (number < 0 ? UINT64_MAX : 0);
}

/* A number from *at on; NULL when it is cut off or of more than 64 bits. */
const uint8_t *dtake__pb_varint_long(const uint8_t *at, const uint8_t *end, uint64_t *out);
static inline const uint8_t *dtake__pb_varint(const uint8_t *at, const uint8_t *end, uint64_t *out)
{
    if (at < end && *at < 0x80) {
        *out = *at;
        return at + 1;
    }
    return dtake__pb_varint_long(at, end, out);
}

/* --- writing --- */

/* Every put writes, a zero too: what is absent is the caller's to leave out. */
typedef struct dtake__pb_out {
    dtake_buf *to;
    dtake_status status; /* the first failure; after it nothing is written */
} dtake__pb_out;

void dtake__pb_put_u64(dtake__pb_out *out, uint32_t field, uint64_t value);
void dtake__pb_put_i64(dtake__pb_out *out, uint32_t field, int64_t value); /* int32 and enums too */
void dtake__pb_put_zigzag(dtake__pb_out *out, uint32_t field, int64_t value);
void dtake__pb_put_bool(dtake__pb_out *out, uint32_t field, bool value);
void dtake__pb_put_f64(dtake__pb_out *out, uint32_t field, double value);
void dtake__pb_put_f32(dtake__pb_out *out, uint32_t field, float value);
void dtake__pb_put_text(dtake__pb_out *out, uint32_t field, const char *text);
void dtake__pb_put_bytes(dtake__pb_out *out, uint32_t field, const void *bytes, size_t len);
void dtake__pb_put_span(dtake__pb_out *out, uint32_t field, dtake__span text);

/* A message, or a packed run, between the two; its length is written when it is known. */
size_t dtake__pb_begin(dtake__pb_out *out, uint32_t field);
void dtake__pb_end(dtake__pb_out *out, size_t mark);
/* One number of a packed run. */
void dtake__pb_add_varint(dtake__pb_out *out, uint64_t value);

dtake_status dtake__pb_done(const dtake__pb_out *out, const char *what, dtake_error *err);

static inline size_t dtake__pb_varint_bytes(uint64_t value)
{
    return (size_t)((63 - __builtin_clzll(value | 1)) / 7 + 1);
}

/* Into memory that has room for it; gives the place behind. */
static inline uint8_t *dtake__pb_varint_write(uint8_t *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *to++ = (uint8_t)(value | 0x80);
    *to++ = (uint8_t)value;
    return to;
}

static inline uint64_t dtake__pb_tag(uint32_t field, dtake__pb_wire wire)
{
    return (uint64_t)field << 3 | (uint64_t)wire;
}

#endif
