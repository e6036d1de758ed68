/* Fields as they mostly are: in the order of their numbers, once, with room in their column. Whatever is not
 * so, be it sound or wrong, is left where it lies for the careful reader (datapoints_value.c). */
#include "protocol/tilebox/datapoints_slot.h"

#include "protocol/tilebox/wkb_column.h"

enum {
    ROOM = 32,         /* bytes that may be looked at from a field's tag on: two tags, two long numbers */
    PIECE = 16,        /* texts are copied so many bytes at a time, the last ones and what follows them */
    UUID_MESSAGE = 18, /* bytes: a tag, a length, 16 */
    MAX_SECONDS = INT32_MAX, /* year 2038; later ones are no mistake, only slower */
};
static const uint64_t HIGH_BITS = 0x8080808080808080, NS_IN_SECOND = 1000000000;

static inline uint64_t load_word(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* A number of at most eight bytes, which can be read. NULL: it is longer. */
static inline const uint8_t *read_varint(const uint8_t *at, uint64_t *out)
{
    uint64_t word = load_word(at), stops = ~word & HIGH_BITS;
    if ((word & 0x80) == 0) {
        *out = word & 0x7f;
        return at + 1;
    }
    if (stops == 0)
        return NULL;
    int last_bit = __builtin_ctzll(stops);
    word &= (UINT64_MAX >> (63 - last_bit)) & ~HIGH_BITS;
    word = (word & 0x007f007f007f007f) | (word & 0x7f007f007f007f00) >> 1;
    word = (word & 0x00003fff00003fff) | (word & 0x3fff00003fff0000) >> 2;
    *out = (word & 0x000000000fffffff) | (word & 0x0fffffff00000000) >> 4;
    return at + last_bit / 8 + 1;
}

/* A length of one byte or two, of bytes before `end`. */
static inline const uint8_t *read_length(const uint8_t *at, const uint8_t *end, size_t *len)
{
    *len = *at++;
    if (*len >= 0x80) {
        if (*at >= 0x80)
            return NULL;
        *len = (*len & 0x7f) | (size_t)*at++ << 7;
    }
    return at <= end && *len <= (size_t)(end - at) ? at : NULL;
}

static inline const uint8_t *put_word(dtake__growing *to, const uint8_t *after, uint64_t word)
{
    if (after != NULL)
        dtake__growing_put_word(to, word);
    return after;
}

/* Not longer than the column has room for, and all of ASCII if it is a text. */
static const uint8_t *put_text(dtake__growing *to, const uint8_t *at, const uint8_t *end,
                               const uint8_t *limit, bool any_bytes)
{
    size_t len;
    at = read_length(at, end, &len);
    if (at == NULL || len + PIECE > (size_t)(limit - at) || len + PIECE > to->cap - to->len)
        return NULL;
    uint8_t *out = to->values + to->len;
    uint64_t all = 0;
    size_t i = 0;
    for (; i + PIECE <= len; i += PIECE) {
        all |= load_word(at + i) | load_word(at + i + 8);
        memcpy(out + i, at + i, PIECE);
    }
    memcpy(out + i, at + i, PIECE);
    size_t rest = len - i;
    uint64_t first = load_word(at + i), second = load_word(at + i + 8);
    if (rest >= 8)
        all |= first | (rest > 8 ? second << (8 * (PIECE - rest)) : 0);
    else if (rest > 0)
        all |= first << (8 * (8 - rest));
    if ((all & HIGH_BITS) != 0 && !any_bytes)
        return NULL;
    dtake__growing_put_length(to, len);
    return at + len;
}

/* Seconds (1) and nanoseconds (2), in that order and nothing else, as everybody writes them. */
static inline const uint8_t *put_time(dtake__growing *to, const uint8_t *at, const uint8_t *end)
{
    const uint8_t *stop = at + 1 + *at;
    uint64_t seconds = 0, nanos = 0;
    if (*at > ROOM / 2 || stop > end)
        return NULL;
    at++;
    if (at < stop && *at == 0x08 && (at = read_varint(at + 1, &seconds)) == NULL)
        return NULL;
    if (at < stop && *at == 0x10 && (at = read_varint(at + 1, &nanos)) == NULL)
        return NULL;
    if (at != stop || seconds > MAX_SECONDS || nanos >= NS_IN_SECOND)
        return NULL;
    return put_word(to, at, seconds * NS_IN_SECOND + nanos);
}

static inline const uint8_t *put_uuid(dtake__growing *to, const uint8_t *at, const uint8_t *end)
{
    if (at[0] != UUID_MESSAGE || at[1] != 0x0a || at[2] != 16 || end - at < 1 + UUID_MESSAGE)
        return NULL;
    memcpy(to->values + (size_t)to->rows * 16, at + 3, 16);
    dtake__growing_put_end(to);
    return at + 1 + UUID_MESSAGE;
}

static const uint8_t *put_wkb(dtake__growing *to, const uint8_t *at, const uint8_t *end)
{
    size_t whole, len;
    const uint8_t *inside = read_length(at, end, &whole);
    if (inside == NULL || whole < 3 || inside[0] != 0x0a)
        return NULL;
    const uint8_t *stop = inside + whole, *wkb = read_length(inside + 1, stop, &len);
    if (wkb == NULL || len != (size_t)(stop - wkb) || !dtake__wkb_column_add_quickly(to, wkb, len))
        return NULL;
    return stop;
}

static inline const uint8_t *put_vector(const dtake__slot *s, const uint8_t *at, const uint8_t *end)
{
    dtake__growing *to = s->column;
    double values[DTAKE_MAX_VECTOR_WIDTH];
    if (at[0] != s->width * 9 || end - at < 1 + at[0])
        return NULL;
    at++;
    for (int32_t i = 0; i < s->width; i++, at += 9) {
        if (at[0] != ((i + 1) << 3 | DTAKE__PB_FIXED64))
            return NULL;
        memcpy(&values[i], at + 1, sizeof values[i]);
    }
    memcpy(to->values + (size_t)to->rows * to->value_bytes, values, to->value_bytes);
    dtake__growing_put_end(to);
    return at;
}

static inline const uint8_t *put_whole_vector(const dtake__slot *s, const uint8_t *at, const uint8_t *end)
{
    dtake__growing *to = s->column;
    if (at[0] != to->value_bytes || (size_t)(end - at) < 1 + to->value_bytes)
        return NULL;
    memcpy(to->values + (size_t)to->rows * to->value_bytes, at + 1, to->value_bytes);
    dtake__growing_put_end(to);
    return at + 1 + to->value_bytes;
}

/* A list of numbers of eight bytes, which lie as in the column. */
static const uint8_t *put_run(const dtake__slot *s, const uint8_t *at, const uint8_t *end)
{
    size_t len;
    at = read_length(at, end, &len);
    if (at == NULL || s->travel != DTAKE__TRAVEL_FIXED64 || len % 8 != 0 ||
        !dtake__growing_put_list(s->column, at, (int64_t)(len / 8)))
        return NULL;
    return at + len;
}

static inline const uint8_t *put_enum(const dtake__slot *s, const uint8_t *at)
{
    dtake__growing *to = s->column;
    int32_t value = *at;
    if (value >= 64 || (s->enum_below_64 >> value & 1) == 0)
        return NULL;
    memcpy(to->values + (size_t)to->rows * sizeof value, &value, sizeof value);
    dtake__growing_put_end(to);
    return at + 1;
}

/* The value at `at`, to the end of its column, which has room for a row. */
static inline const uint8_t *put_value(const dtake__slot *s, const uint8_t *at, const uint8_t *end,
                                       const uint8_t *limit)
{
    dtake__growing *to = s->column;
    const uint8_t *after;
    uint64_t number;
    switch ((dtake__travel)s->travel) {
    case DTAKE__TRAVEL_TEXT:
        return put_text(to, at, end, limit, false);
    case DTAKE__TRAVEL_BYTES:
        return put_text(to, at, end, limit, true);
    case DTAKE__TRAVEL_TIME:
        return put_time(to, at, end);
    case DTAKE__TRAVEL_UUID:
        return put_uuid(to, at, end);
    case DTAKE__TRAVEL_WKB:
        return put_wkb(to, at, end);
    case DTAKE__TRAVEL_VECTOR:
        return put_vector(s, at, end);
    case DTAKE__TRAVEL_VECTOR_RUN:
        return put_whole_vector(s, at, end);
    case DTAKE__TRAVEL_FIXED64:
        return end - at >= 8 ? put_word(to, at + 8, load_word(at)) : NULL;
    case DTAKE__TRAVEL_VARINT:
        after = read_varint(at, &number);
        return after != NULL && after <= end ? put_word(to, after, number) : NULL;
    case DTAKE__TRAVEL_I32:
        after = read_varint(at, &number);
        return after != NULL && after <= end ? put_word(to, after, (uint64_t)(int64_t)(int32_t)number) : NULL;
    case DTAKE__TRAVEL_ENUM:
        return at < end ? put_enum(s, at) : NULL;
    case DTAKE__TRAVEL_BOOL:
        if (at >= end || *at > 1 || dtake__growing_add_bool(to, *at) != DTAKE_OK)
            return NULL;
        return at + 1;
    default:
        return NULL;
    }
}

const uint8_t *dtake__slots_put_quickly(dtake__datapoints_decoder *d, const uint8_t *at, const uint8_t *end,
                                        const uint8_t *limit, size_t *next)
{
    const dtake__slot *s = d->slots + *next, *last = d->slots + d->count;
    int64_t rows = d->rows;
    while (at < end && limit - at >= ROOM) {
        const dtake__slot *from = s;
        uint16_t head;
        memcpy(&head, at, sizeof head);
        while (s < last && (head & s->tag_mask) != s->tag)
            s++;
        if (s == last) {
            s = from;
            break;
        }
        if (s->column->rows != rows &&
            (s->column->rows > rows || dtake__growing_pad(s->column, rows) != DTAKE_OK))
            break;
        const uint8_t *value = at + s->tag_bytes, *after = s->repeated ? put_run(s, value, end)
                                                           : rows < s->column->room
                                                               ? put_value(s, value, end, limit)
                                                               : NULL;
        if (after == NULL)
            break;
        at = after;
        s++;
    }
    *next = (size_t)(s - d->slots);
    return at;
}
