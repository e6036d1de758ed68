#include "catalog/encoding.h"

#include "catalog/hash.h"
#include "catalog/shape.h"
#include "core/alloc.h"
#include "core/error.h"

enum { NUMBERS_MAX_BYTES = 1 << 30, SEEN_SLOTS = 2 * DTAKE__FRAME_ROWS };

/* The shapes of all rows, and per frame how many numbers its geometries have. */
typedef struct parts {
    dtake_buf shapes;
    int32_t *offsets;
    dtake__positions numbers;
    uint32_t *position_starts, *rest_starts;
} parts;

static dtake_status parts_open(parts *p, uint32_t rows, uint32_t frames)
{
    p->shapes = DTAKE_BUF_INIT(NUMBERS_MAX_BYTES);
    p->numbers.x = p->numbers.y = p->numbers.rest = DTAKE_BUF_INIT(NUMBERS_MAX_BYTES);
    p->offsets = dtake__calloc((size_t)rows + 1, sizeof *p->offsets);
    p->position_starts = dtake__calloc((size_t)frames + 1, sizeof *p->position_starts);
    p->rest_starts = dtake__calloc((size_t)frames + 1, sizeof *p->rest_starts);
    return p->offsets && p->position_starts && p->rest_starts ? DTAKE_OK : DTAKE_E_NOMEM;
}

static void parts_dispose(parts *p)
{
    dtake__buf_dispose(&p->shapes);
    dtake__buf_dispose(&p->numbers.x);
    dtake__buf_dispose(&p->numbers.y);
    dtake__buf_dispose(&p->numbers.rest);
    dtake__free(p->offsets);
    dtake__free(p->position_starts);
    dtake__free(p->rest_starts);
}

/* The rows of one frame by their geometries. */
typedef struct seen {
    uint32_t start;
    uint16_t slot[SEEN_SLOTS]; /* a row of the frame, from 1; 0: none */
    uint32_t tag[SEEN_SLOTS];  /* some bits of its hash: what differs there is not compared byte by byte */
    uint32_t last_tag;         /* of the row before */
} seen;

static size_t length_of(const dtake_column *column, uint32_t row)
{
    return (size_t)(column->offsets[row + 1] - column->offsets[row]);
}

static bool is_same(const dtake_column *column, uint32_t a, uint32_t b)
{
    const uint8_t *bytes = column->values;
    size_t len = length_of(column, a);
    return len == length_of(column, b) &&
           memcmp(bytes + column->offsets[a], bytes + column->offsets[b], len) == 0;
}

/* The row of the frame that has the same geometry, the row itself when it is the first. */
static uint32_t find_same(seen *s, const dtake_column *column, uint32_t row)
{
    const uint8_t *bytes = column->values;
    uint64_t hash = dtake__hash64(bytes + column->offsets[row], length_of(column, row), 0);
    uint32_t tag = (uint32_t)(hash >> 32);
    bool as_last = row > s->start && tag == s->last_tag;
    size_t at = hash % SEEN_SLOTS;
    s->last_tag = tag;
    if (as_last && is_same(column, row - 1, row))
        return row - 1;
    for (; s->slot[at] != 0; at = (at + 1) % SEEN_SLOTS)
        if (s->tag[at] == tag && is_same(column, s->start + s->slot[at] - 1, row))
            return s->start + s->slot[at] - 1;
    s->slot[at] = (uint16_t)(row - s->start + 1);
    s->tag[at] = tag;
    return row;
}

/* Rows without a geometry have an empty shape. `s` NULL: not to be compared with others. */
static bool split_one(parts *p, seen *s, const dtake_column *column, uint32_t row)
{
    const uint8_t *bytes = column->values;
    size_t len = length_of(column, row);
    uint32_t same = s != NULL && len > 0 ? find_same(s, column, row) : row;
    if (same < row) {
        uint8_t again[DTAKE__SHAPE_AGAIN_BYTES] = { DTAKE__SHAPE_AGAIN, (uint8_t)(row - same) };
        return dtake__buf_append(&p->shapes, again, sizeof again) == DTAKE_OK;
    }
    return len == 0 || dtake__shape_split(bytes + column->offsets[row], len, &p->shapes, &p->numbers);
}

static bool split_all(parts *p, const dtake_column *column, const uint32_t *starts, uint32_t frames)
{
    bool plain = true; /* items of lists come in frames of any length: there nothing is repeated */
    for (uint32_t f = 0; f < frames; f++)
        plain = plain && starts[f] == f * DTAKE__FRAME_ROWS && starts[f + 1] - starts[f] <= DTAKE__FRAME_ROWS;
    for (uint32_t f = 0; f < frames; f++) {
        seen s;
        s.start = starts[f];
        memset(s.slot, 0, sizeof s.slot);
        for (uint32_t i = starts[f]; i < starts[f + 1]; i++) {
            if (!split_one(p, plain ? &s : NULL, column, i))
                return false;
            p->offsets[i + 1] = (int32_t)p->shapes.len;
        }
        p->position_starts[f + 1] = (uint32_t)(p->numbers.x.len / sizeof(double));
        p->rest_starts[f + 1] = (uint32_t)(p->numbers.rest.len / sizeof(double));
    }
    return true;
}

static dtake_status put_counts(dtake__encoding *out, const uint32_t *starts, uint32_t frames)
{
    dtake_status st = DTAKE_OK;
    for (uint32_t f = 0; f < frames && st == DTAKE_OK; f++)
        st = dtake__put_u32(&out->head, starts[f + 1] - starts[f]);
    return st;
}

static const double *doubles(const dtake_buf *buf)
{
    static const double none[1];
    return buf->data != NULL ? (const double *)(const void *)buf->data : none;
}

/* Head: shapes as bytes; positions per frame, x and y as numbers; other numbers per frame, and they. */
static dtake_status put_parts(dtake__encoding *out, const parts *p, const uint32_t *starts, uint32_t frames,
                              dtake_error *err)
{
    const dtake__positions *n = &p->numbers;
    dtake_status st = dtake__encode_bytes(out, p->offsets, p->shapes.data, starts, frames, err);
    if (st == DTAKE_OK)
        st = put_counts(out, p->position_starts, frames);
    if (st == DTAKE_OK)
        st = dtake__encode_doubles(out, doubles(&n->x), p->position_starts, frames, err);
    if (st == DTAKE_OK)
        st = dtake__encode_doubles(out, doubles(&n->y), p->position_starts, frames, err);
    if (st == DTAKE_OK)
        st = put_counts(out, p->rest_starts, frames);
    return st == DTAKE_OK ? dtake__encode_doubles(out, doubles(&n->rest), p->rest_starts, frames, err) : st;
}

dtake_status dtake__encode_geometries(dtake__encoding *out, const dtake_column *column,
                                      const uint32_t *starts, uint32_t frames, dtake_error *err)
{
    parts p = { 0 };
    dtake_status st = parts_open(&p, starts[frames], frames);
    bool split = st == DTAKE_OK && split_all(&p, column, starts, frames);
    if (st == DTAKE_OK)
        st = dtake__put_u8(&out->head, split ? DTAKE__GEOMETRY_SPLIT : DTAKE__GEOMETRY_BYTES);
    if (st != DTAKE_OK)
        dtake__fail(err, st, "encode geometries: %s", dtake_status_text(st));
    else if (split)
        st = put_parts(out, &p, starts, frames, err);
    else
        st = dtake__encode_bytes(out, column->offsets, column->values, starts, frames, err);
    parts_dispose(&p);
    return st;
}
