#include "catalog/decoding.h"

#include "catalog/numbers.h"
#include "core/alloc.h"
#include "table/column.h"

#define VALUES_MAX (UINT32_C(1) << 26) /* of one part of one column in one chunk */

bool dtake__take_u8(dtake__head *head, uint8_t *out)
{
    if (head->at == head->end)
        return false;
    *out = *head->at++;
    return true;
}

bool dtake__take_u32(dtake__head *head, uint32_t *out)
{
    if (head->end - head->at < (ptrdiff_t)sizeof *out)
        return false;
    memcpy(out, head->at, sizeof *out);
    head->at += sizeof *out;
    return true;
}

bool dtake__take_u64(dtake__head *head, uint64_t *out)
{
    if (head->end - head->at < (ptrdiff_t)sizeof *out)
        return false;
    memcpy(out, head->at, sizeof *out);
    head->at += sizeof *out;
    return true;
}

/* Room for `count` things, each of which takes at least `least` more bytes of the head. */
static void *room_for(dtake__head *head, size_t count, size_t size, size_t least)
{
    if (count > (size_t)(head->end - head->at) / (least == 0 ? 1 : least) && least > 0)
        return NULL;
    return dtake__arena_alloc(head->arena, count * size + 1);
}

/* Frames lie one behind the other. */
static bool parse_packed(dtake__head *head, dtake__ints *out)
{
    uint32_t offset;
    uint8_t base_bytes, width;
    if (!dtake__take_u64(head, &out->base) || !dtake__take_u64(head, &out->step) ||
        !dtake__take_u32(head, &offset) || !dtake__take_u8(head, &base_bytes) || base_bytes > 8)
        return false;
    dtake__ints_frame *frame = room_for(head, out->frames, sizeof *frame, 5);
    uint64_t at = offset;
    if (frame == NULL)
        return false;
    for (uint32_t f = 0; f < out->frames; f++) {
        frame[f].offset = (uint32_t)at;
        frame[f].base = 0;
        if (!dtake__take_u32(head, &frame[f].checksum) || !dtake__take_u8(head, &width) || width > 64 ||
            (width > 56 && width != 64) || head->end - head->at < base_bytes)
            return false;
        memcpy(&frame[f].base, head->at, base_bytes);
        head->at += base_bytes;
        frame[f].width = width;
        at += ((uint64_t)(out->starts[f + 1] - out->starts[f]) * width + 7) / 8;
        if (at > DTAKE__ENCODED_MAX_BYTES)
            return false;
    }
    out->frame = frame;
    return true;
}

static bool parse_list(dtake__head *head, dtake__ints *out)
{
    if (!dtake__take_u32(head, &out->listed) || out->listed == 0)
        return false;
    uint64_t *list = room_for(head, out->listed, sizeof *list, sizeof *list);
    if (list == NULL)
        return false;
    for (uint32_t i = 0; i < out->listed; i++)
        if (!dtake__take_u64(head, &list[i]) || (i > 0 && list[i] <= list[i - 1]))
            return false;
    out->list = list;
    return true;
}

bool dtake__parse_ints(dtake__head *head, const uint32_t *starts, uint32_t frames, dtake__ints *out)
{
    uint8_t kind;
    *out = (dtake__ints){ .starts = starts, .frames = frames };
    if (!dtake__take_u8(head, &kind) || kind > DTAKE__INTS_DICTIONARY)
        return false;
    out->kind = (dtake__ints_kind)kind;
    if (kind == DTAKE__INTS_CONST)
        return dtake__take_u64(head, &out->base);
    if (kind == DTAKE__INTS_DICTIONARY && !parse_list(head, out))
        return false;
    return parse_packed(head, out);
}

bool dtake__parse_numbers(dtake__head *head, const uint32_t *starts, uint32_t frames, dtake__numbers *out)
{
    uint8_t map, decimals;
    if (!dtake__take_u8(head, &map) || !dtake__take_u8(head, &decimals) || map > DTAKE__NUMBER_DOUBLE ||
        decimals > DTAKE__MAX_DECIMALS)
        return false;
    out->map = (dtake__number_map)map;
    out->decimals = decimals;
    return dtake__parse_ints(head, starts, frames, &out->ints);
}

static bool parse_run(dtake__head *head, dtake__run *out)
{
    return dtake__take_u32(head, &out->offset) && dtake__take_u32(head, &out->packed) &&
           dtake__take_u32(head, &out->bytes) && dtake__take_u32(head, &out->checksum) &&
           out->packed <= DTAKE__ENCODED_MAX_BYTES && out->bytes <= DTAKE__ENCODED_MAX_BYTES;
}

static bool parse_blocks(dtake__head *head, dtake__texts *out)
{
    if (!dtake__parse_ints(head, out->starts, out->frames, &out->ints) || !parse_run(head, &out->common) ||
        !dtake__take_u32(head, &out->blocks))
        return false;
    dtake__text_block *block = room_for(head, out->blocks, sizeof *block, 20);
    uint32_t frame = 0, frames;
    if (block == NULL)
        return false;
    for (uint32_t b = 0; b < out->blocks; b++) {
        block[b].first_frame = frame;
        if (!dtake__take_u32(head, &frames) || frames == 0 || frames > out->frames - frame ||
            !parse_run(head, &block[b].run))
            return false;
        frame += frames;
    }
    out->block = block;
    return frame == out->frames;
}

static bool parse_texts(dtake__head *head, const uint32_t *starts, uint32_t frames, dtake__texts *out)
{
    uint8_t kind;
    memset(out, 0, sizeof *out);
    out->starts = starts;
    out->frames = frames;
    if (!dtake__take_u8(head, &kind))
        return false;
    out->kind = (dtake__bytes_kind)kind;
    out->next = head->texts;
    head->texts = out;
    switch (kind) {
    case DTAKE__BYTES_CONST:
        if (!dtake__take_u32(head, &out->value_len) || out->value_len > (size_t)(head->end - head->at))
            return false;
        out->value = head->at; /* the head's own bytes live as long */
        head->at += out->value_len;
        return true;
    case DTAKE__BYTES_DICTIONARY:
        return dtake__take_u32(head, &out->listed) && out->listed > 0 && parse_run(head, &out->common) &&
               out->listed <= out->common.bytes / sizeof(uint32_t) &&
               dtake__parse_ints(head, starts, frames, &out->ints);
    case DTAKE__BYTES_BLOCKS:
        return parse_blocks(head, out);
    default:
        return false;
    }
}

void dtake__texts_forget(dtake__texts *texts)
{
    for (; texts != NULL; texts = texts->next)
        dtake__free(atomic_exchange(&texts->kept, NULL));
}

/* Counts per frame as starts. */
static const uint32_t *parse_starts(dtake__head *head, uint32_t frames)
{
    uint32_t *starts = room_for(head, (size_t)frames + 1, sizeof *starts, 0), count;
    if (starts == NULL)
        return NULL;
    starts[0] = 0;
    for (uint32_t f = 0; f < frames; f++) {
        if (!dtake__take_u32(head, &count) || count > VALUES_MAX - starts[f])
            return NULL;
        starts[f + 1] = starts[f] + count;
    }
    return starts;
}

static const uint32_t *widened(dtake__head *head, const uint32_t *starts, uint32_t frames, uint32_t width)
{
    uint32_t *wide = room_for(head, (size_t)frames + 1, sizeof *wide, 0);
    if (wide == NULL || (uint64_t)starts[frames] * width > VALUES_MAX)
        return NULL;
    for (uint32_t f = 0; f <= frames; f++)
        wide[f] = starts[f] * width;
    return wide;
}

static bool parse_own_texts(dtake__head *head, dtake__coded *out)
{
    out->texts = dtake__arena_alloc(head->arena, sizeof *out->texts);
    return out->texts != NULL && parse_texts(head, out->starts, out->frames, out->texts);
}

static bool parse_geometries(dtake__head *head, dtake__coded *out)
{
    uint8_t kind;
    if (!dtake__take_u8(head, &kind) || kind > DTAKE__GEOMETRY_SPLIT || !parse_own_texts(head, out))
        return false;
    out->geometry = (dtake__geometry_kind)kind;
    if (kind == DTAKE__GEOMETRY_BYTES)
        return true;
    const uint32_t *starts = parse_starts(head, out->frames), *rest;
    if (starts == NULL || !dtake__parse_numbers(head, starts, out->frames, &out->numbers) ||
        !dtake__parse_numbers(head, starts, out->frames, &out->y))
        return false;
    rest = parse_starts(head, out->frames);
    return rest != NULL && dtake__parse_numbers(head, rest, out->frames, &out->rest);
}

static bool parse_fixed(dtake__head *head, dtake__coded *out)
{
    uint8_t kind;
    if (!dtake__take_u8(head, &kind) || kind != DTAKE__FIXED_RAW ||
        !dtake__take_u32(head, &out->fixed_offset))
        return false;
    uint32_t *sums = room_for(head, out->frames, sizeof *sums, sizeof *sums);
    for (uint32_t f = 0; sums != NULL && f < out->frames; f++)
        if (!dtake__take_u32(head, &sums[f]))
            return false;
    out->fixed_checksums = sums;
    return sums != NULL;
}

static bool parse_lists(dtake__head *head, const dtake_field *field, dtake__coded *out)
{
    if (!dtake__parse_ints(head, out->starts, out->frames, &out->lengths))
        return false;
    const uint32_t *starts = parse_starts(head, out->frames);
    out->items = dtake__arena_alloc(head->arena, sizeof *out->items);
    dtake_field item = *field;
    item.repeated = false;
    return starts != NULL && out->items != NULL &&
           dtake__parse_column(head, &item, starts, out->frames, out->items);
}

static bool parse_scalars(dtake__head *head, const dtake_field *field, dtake__coded *out)
{
    const uint32_t *starts = out->starts;
    switch (field->type) {
    case DTAKE_FIELD_GEOMETRY:
        return parse_geometries(head, out);
    case DTAKE_FIELD_UUID:
        return parse_fixed(head, out);
    case DTAKE_FIELD_VECTOR:
        starts = widened(head, out->starts, out->frames, (uint32_t)field->width);
        break;
    default:
        if (dtake__layout_of(field->type) == DTAKE__VARIABLE)
            return parse_own_texts(head, out);
    }
    bool doubles = field->type == DTAKE_FIELD_FLOAT64 || field->type == DTAKE_FIELD_VECTOR;
    return starts != NULL && dtake__parse_numbers(head, starts, out->frames, &out->numbers) &&
           doubles == (out->numbers.map >= DTAKE__NUMBER_DECIMAL);
}

bool dtake__parse_column(dtake__head *head, const dtake_field *field, const uint32_t *starts, uint32_t frames,
                         dtake__coded *out)
{
    memset(out, 0, sizeof *out);
    out->type = field->type;
    out->repeated = field->repeated;
    out->width = field->type == DTAKE_FIELD_VECTOR ? (uint32_t)field->width : 1;
    out->starts = starts;
    out->frames = frames;
    if (!dtake__take_u8(head, &out->flags) || out->flags > DTAKE__COLUMN_ALL_NULL)
        return false;
    if (out->flags == DTAKE__COLUMN_ALL_NULL)
        return true;
    if (out->flags == DTAKE__COLUMN_HAS_NULLS && !dtake__parse_ints(head, starts, frames, &out->validity))
        return false;
    return field->repeated ? parse_lists(head, field, out) : parse_scalars(head, field, out);
}

uint64_t dtake__coded_values(const dtake__coded *coded)
{
    uint64_t values = (uint64_t)coded->starts[coded->frames] * coded->width;
    if (coded->items != NULL)
        values += dtake__coded_values(coded->items);
    if (coded->numbers.ints.starts != NULL)
        values += coded->numbers.ints.starts[coded->frames];
    if (coded->rest.ints.starts != NULL)
        values += coded->rest.ints.starts[coded->frames];
    if (coded->texts != NULL)
        values += coded->texts->common.bytes;
    if (coded->texts != NULL)
        for (uint32_t b = 0; b < coded->texts->blocks; b++)
            values += coded->texts->block[b].run.bytes;
    return values;
}
