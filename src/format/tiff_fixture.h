/* Small TIFF files for tests, built tag by tag, of any byte order, so that also the wrong ones can be made.
 */
#ifndef DTAKE_FORMAT_TIFF_FIXTURE_H
#define DTAKE_FORMAT_TIFF_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "format/tiff_ifd.h"

enum { FIXTURE_MAX_BYTES = 1 << 20, FIXTURE_MAX_TAGS = 64 };

typedef struct fixture_tag {
    uint16_t tag, type;
    uint64_t count;
    uint8_t value[4096];
    size_t bytes;
} fixture_tag;

typedef struct fixture {
    bool big_endian, big_tiff;
    uint8_t bytes[FIXTURE_MAX_BYTES];
    size_t len;
    size_t link; /* where the offset of the next directory goes */
    fixture_tag tag[FIXTURE_MAX_TAGS];
    size_t tag_count;
} fixture;

static inline void fixture_set(const fixture *f, uint8_t *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * (f->big_endian ? bytes - 1 - i : i));
}

static inline void fixture_put(fixture *f, uint64_t value, size_t bytes)
{
    fixture_set(f, f->bytes + f->len, value, bytes);
    f->len += bytes;
}

static inline size_t fixture_data(fixture *f, const void *data, size_t len)
{
    size_t at = f->len;
    memcpy(f->bytes + f->len, data, len);
    f->len += len;
    return at;
}

static inline fixture *fixture_new(bool big_endian, bool big_tiff)
{
    fixture *f = calloc(1, sizeof *f);
    f->big_endian = big_endian;
    f->big_tiff = big_tiff;
    fixture_data(f, big_endian ? "MM" : "II", 2);
    fixture_put(f, big_tiff ? 43 : 42, 2);
    if (big_tiff)
        fixture_put(f, 8, 2), fixture_put(f, 0, 2);
    f->link = f->len;
    fixture_put(f, 0, big_tiff ? 8 : 4);
    return f;
}

static inline fixture_tag *fixture_find(fixture *f, int tag)
{
    for (size_t i = 0; i < f->tag_count; i++)
        if (f->tag[i].tag == tag)
            return &f->tag[i];
    fixture_tag *added = &f->tag[f->tag_count++];
    added->tag = (uint16_t)tag;
    return added;
}

/* A tag that is there already is replaced. */
static inline void fixture_ints(fixture *f, int tag, int type, size_t count, const uint64_t *values)
{
    fixture_tag *t = fixture_find(f, tag);
    size_t each = dtake__tiff_value_bytes(type);
    t->type = (uint16_t)type;
    t->count = count;
    t->bytes = count * each;
    for (size_t i = 0; i < count; i++)
        fixture_set(f, t->value + i * each, values[i], each);
}

static inline void fixture_int(fixture *f, int tag, int type, uint64_t value)
{
    fixture_ints(f, tag, type, 1, &value);
}

static inline void fixture_short(fixture *f, int tag, uint64_t value)
{
    fixture_int(f, tag, DTAKE__VALUE_SHORT, value);
}

static inline void fixture_doubles(fixture *f, int tag, size_t count, const double *values)
{
    uint64_t bits[256];
    memcpy(bits, values, count * sizeof *values);
    fixture_ints(f, tag, DTAKE__VALUE_DOUBLE, count, bits);
}

static inline void fixture_text(fixture *f, int tag, const char *text)
{
    fixture_tag *t = fixture_find(f, tag);
    t->type = DTAKE__VALUE_ASCII;
    t->count = t->bytes = strlen(text) + 1;
    memcpy(t->value, text, t->bytes);
}

static inline int fixture_order(const void *a, const void *b)
{
    return ((const fixture_tag *)a)->tag - ((const fixture_tag *)b)->tag;
}

/* Writes the tags as a directory and starts anew; returns its place. Hooked into the chain when `chained`. */
static inline size_t fixture_directory(fixture *f, bool chained)
{
    size_t head = f->big_tiff ? 8 : 2, word = f->big_tiff ? 8 : 4, at = f->len;
    size_t values = at + head + f->tag_count * (4 + 2 * word) + word;
    qsort(f->tag, f->tag_count, sizeof f->tag[0], fixture_order);
    if (chained)
        fixture_set(f, f->bytes + f->link, at, word);
    fixture_put(f, f->tag_count, head);
    for (size_t i = 0; i < f->tag_count; i++) {
        const fixture_tag *t = &f->tag[i];
        fixture_put(f, t->tag, 2);
        fixture_put(f, t->type, 2);
        fixture_put(f, t->count, word);
        if (t->bytes <= word) {
            memcpy(f->bytes + f->len, t->value, t->bytes);
            f->len += word;
        } else {
            fixture_put(f, values, word);
            memcpy(f->bytes + values, t->value, t->bytes);
            values += t->bytes;
        }
    }
    if (chained)
        f->link = f->len;
    f->len = values;
    f->tag_count = 0;
    return at;
}

/* The tags of a band of bytes, 64 x 48 in tiles of 32 x 32 at bytes 1000 and on of 100 bytes each, deflate.
 */
static inline void fixture_image(fixture *f)
{
    uint64_t first[] = { 1000, 1100, 1200, 1300 }, bytes[] = { 100, 100, 100, 100 };
    fixture_short(f, DTAKE__TAG_WIDTH, 64);
    fixture_short(f, DTAKE__TAG_HEIGHT, 48);
    fixture_short(f, DTAKE__TAG_BITS, 8);
    fixture_short(f, DTAKE__TAG_COMPRESSION, DTAKE__TIFF_DEFLATE);
    fixture_short(f, DTAKE__TAG_PHOTOMETRIC, 1);
    fixture_short(f, DTAKE__TAG_SAMPLES, 1);
    fixture_short(f, DTAKE__TAG_TILE_WIDTH, 32);
    fixture_short(f, DTAKE__TAG_TILE_HEIGHT, 32);
    fixture_ints(f, DTAKE__TAG_TILE_OFFSETS, DTAKE__VALUE_LONG, 4, first);
    fixture_ints(f, DTAKE__TAG_TILE_BYTES, DTAKE__VALUE_LONG, 4, bytes);
}

/* Parses with the whole file there, at least 4096 bytes of it. */
static inline dtake_status fixture_parse(fixture *f, dtake__tiff *out, dtake_error *err)
{
    int64_t need_first = -1, need_count = -1;
    if (f->len < 4096)
        f->len = 4096;
    dtake__segment segment = { 0, f->len, f->bytes };
    dtake__segments segments = { &segment, 1, (int64_t)f->len };
    return dtake__tiff_parse(out, &segments, &need_first, &need_count, err);
}

#endif
