#include "catalog/chunk.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

enum { HAS_ORDER = 1, HAS_BOXES = 2, HAS_FILTER = 4, MAX_FIELDS = 2000 };

static bool take_bytes(dtake__head *head, size_t count, const uint8_t **out)
{
    if ((size_t)(head->end - head->at) < count)
        return false;
    *out = head->at;
    head->at += count;
    return true;
}

/* Of something in the body: far enough from overflowing when an offset is added. */
static bool take_place(dtake__head *head, uint64_t *out)
{
    return dtake__take_u64(head, out) && *out <= DTAKE__ENCODED_MAX_BYTES;
}

static bool parse_field(dtake__head *head, dtake__chunk *chunk, dtake__chunk_field *field)
{
    uint8_t name_len, type, repeated, role, width;
    uint32_t nulls;
    const uint8_t *name;
    if (!dtake__take_u8(head, &name_len) || !take_bytes(head, name_len, &name) ||
        !dtake__take_u8(head, &type) || !dtake__take_u8(head, &repeated) || !dtake__take_u8(head, &role) ||
        !dtake__take_u8(head, &width) || !dtake__take_u32(head, &nulls) ||
        !take_place(head, &field->offset) || !dtake__take_u64(head, &field->bytes))
        return false;
    field->name = dtake__arena_alloc(&chunk->arena, (size_t)name_len + 1);
    if (field->name == NULL || type == DTAKE_FIELD_NONE || type > DTAKE_FIELD_ASSETS ||
        role > DTAKE_ROLE_COLLECTION || width > 64 || (type == DTAKE_FIELD_VECTOR) != (width > 0))
        return false;
    memcpy(field->name, name, name_len);
    field->name[name_len] = '\0';
    field->type = (dtake_field_type)type;
    field->repeated = repeated != 0;
    field->role = (dtake_field_role)role;
    field->width = width;
    field->null_count = nulls;
    dtake_field wanted = {
        .name = field->name, .type = field->type, .repeated = field->repeated, .width = width
    };
    return dtake__parse_column(head, &wanted, chunk->starts, chunk->frames, &field->coded);
}

static bool parse_fields(dtake__head *head, dtake__chunk *chunk)
{
    if (!dtake__take_u32(head, &chunk->field_count) || chunk->field_count > MAX_FIELDS)
        return false;
    chunk->fields = dtake__arena_alloc(&chunk->arena, (chunk->field_count + 1) * sizeof *chunk->fields);
    if (chunk->fields == NULL)
        return false;
    memset(chunk->fields, 0, (chunk->field_count + 1) * sizeof *chunk->fields);
    chunk->time_field = chunk->geometry_field = chunk->name_field = -1;
    for (uint32_t i = 0; i < chunk->field_count; i++) {
        dtake__chunk_field *f = &chunk->fields[i];
        if (!parse_field(head, chunk, f))
            return false;
        if (f->role == DTAKE_ROLE_TIME && f->type == DTAKE_FIELD_TIMESTAMP && !f->repeated)
            chunk->time_field = (int)i;
        else if (f->role == DTAKE_ROLE_GEOMETRY && f->type == DTAKE_FIELD_GEOMETRY && !f->repeated)
            chunk->geometry_field = (int)i;
        else if (f->role == DTAKE_ROLE_NAME && f->type == DTAKE_FIELD_STRING && !f->repeated)
            chunk->name_field = (int)i;
    }
    return chunk->time_field >= 0 && chunk->fields[chunk->time_field].coded.flags == 0;
}

static bool parse_ids(dtake__head *head, dtake__chunk *chunk)
{
    if (chunk->id_kind == DTAKE__IDS_FROM_NAME)
        return chunk->name_field >= 0;
    uint32_t *sums = dtake__arena_alloc(&chunk->arena, chunk->frames * sizeof *sums);
    if (sums == NULL || !take_place(head, &chunk->id_offset))
        return false;
    for (uint32_t f = 0; f < chunk->frames; f++)
        if (!dtake__take_u32(head, &sums[f]))
            return false;
    chunk->id_checksums = sums;
    return true;
}

static bool parse_boxes(dtake__head *head, dtake__chunk *chunk)
{
    for (uint32_t f = 0; f < chunk->frames; f++) {
        const uint8_t *at;
        float sides[4];
        if (!take_bytes(head, sizeof sides, &at))
            return false;
        memcpy(sides, at, sizeof sides);
        chunk->boxes[f] = (dtake_box){ sides[0], sides[1], sides[2], sides[3] };
    }
    return true;
}

static bool parse_all(dtake__head *head, dtake__chunk *chunk)
{
    const uint8_t *magic;
    uint8_t id_kind, flags;
    if (!take_bytes(head, 4, &magic) || memcmp(magic, "DTK1", 4) != 0 ||
        !dtake__take_u32(head, &chunk->rows) || chunk->rows == 0 || chunk->rows > DTAKE__CHUNK_MAX_ROWS ||
        !dtake__take_u8(head, &id_kind) || id_kind > DTAKE__IDS_FROM_NAME || !dtake__take_u8(head, &flags))
        return false;
    chunk->frames = dtake__frames_of(chunk->rows);
    chunk->id_kind = (dtake__id_kind)id_kind;
    chunk->has_order = (flags & HAS_ORDER) != 0;
    chunk->has_boxes = (flags & HAS_BOXES) != 0;
    dtake__frame_starts(chunk->starts, chunk->rows);
    if (!parse_fields(head, chunk) || !parse_ids(head, chunk))
        return false;
    if (chunk->has_order && (!take_place(head, &chunk->order_offset) ||
                             !dtake__parse_ints(head, chunk->starts, chunk->frames, &chunk->order)))
        return false;
    if (chunk->has_boxes && (chunk->geometry_field < 0 || !parse_boxes(head, chunk)))
        return false;
    if ((flags & HAS_FILTER) != 0 &&
        (!take_place(head, &chunk->filter_offset) || !dtake__take_u32(head, &chunk->filter_bytes) ||
         !dtake__take_u32(head, &chunk->filter_checksum) || chunk->filter_bytes % DTAKE__FILTER_BLOCK != 0 ||
         chunk->filter_bytes > DTAKE__CHUNK_MAX_ROWS * 8 || chunk->name_field < 0))
        return false;
    return head->at == head->end;
}

dtake_status dtake__chunk_parse(dtake__chunk **out, int64_t id, const void *bytes, size_t len,
                                const char *what, dtake_error *err)
{
    dtake__chunk *chunk = dtake__calloc(1, sizeof *chunk);
    dtake__head head = { .arena = NULL };
    uint32_t sum;
    if (chunk == NULL || len < sizeof sum || (chunk->bytes = dtake__alloc(len)) == NULL) {
        dtake__free(chunk);
        return len < sizeof sum ? dtake__fail(err, DTAKE_E_INTEGRITY, "read %s: its head is missing", what)
                                : dtake__fail_nomem(err, "read a chunk");
    }
    memcpy(chunk->bytes, bytes, len);
    memcpy(&sum, chunk->bytes + len - sizeof sum, sizeof sum);
    chunk->id = id;
    chunk->memory_bytes = len * 4;
    atomic_init(&chunk->references, 1);
    head = (dtake__head){ chunk->bytes, chunk->bytes + len - sizeof sum, &chunk->arena };
    bool whole = dtake__checksum(chunk->bytes, len - sizeof sum) == sum;
    bool parsed = whole && parse_all(&head, chunk);
    chunk->texts = head.texts;
    if (!parsed) {
        dtake__chunk_release(chunk);
        return dtake__fail(err, DTAKE_E_INTEGRITY,
                           "read %s: its head %s: the file is damaged; `datatake catalog check` "
                           "tells all, `datatake catalog repair` saves the rest",
                           what, whole ? "cannot be understood" : "has another checksum");
    }
    *out = chunk;
    return DTAKE_OK;
}

dtake__chunk *dtake__chunk_retain(dtake__chunk *chunk)
{
    atomic_fetch_add(&chunk->references, 1);
    return chunk;
}

void dtake__chunk_release(dtake__chunk *chunk)
{
    if (chunk == NULL || atomic_fetch_sub(&chunk->references, 1) != 1)
        return;
    dtake__memory_free(chunk->memory);
    dtake__texts_forget(chunk->texts);
    dtake__arena_dispose(&chunk->arena);
    dtake__free(chunk->bytes);
    dtake__free(chunk);
}

int dtake__chunk_find(const dtake__chunk *chunk, const dtake_field *field)
{
    for (uint32_t i = 0; i < chunk->field_count; i++) {
        const dtake__chunk_field *f = &chunk->fields[i];
        if (strcmp(f->name, field->name) == 0)
            return f->type == field->type && f->repeated == field->repeated && f->width == field->width
                       ? (int)i
                       : -1;
    }
    return -1;
}

dtake_status dtake__chunk_column(const dtake__chunk *chunk, int field, const dtake__frames *runs,
                                 size_t count, const bool *wanted, dtake__body *bytes, dtake__arena *arena,
                                 dtake_column *out, dtake_error *err)
{
    bytes->offset = chunk->fields[field].offset;
    bytes->field = chunk->fields[field].name;
    return dtake__decode_column(&chunk->fields[field].coded, runs, count, wanted, bytes, arena, out, err);
}

dtake_status dtake__chunk_times(const dtake__chunk *chunk, const dtake__frames *runs, size_t count,
                                const bool *wanted, dtake__body *bytes, int64_t *out, dtake_error *err)
{
    const dtake__chunk_field *field = &chunk->fields[chunk->time_field];
    bytes->offset = field->offset;
    bytes->field = field->name;
    return dtake__read_numbers(&field->coded.numbers, runs, count, wanted, bytes, out, err);
}

static dtake_status ids_from_names(const dtake__chunk *chunk, const dtake__frames *runs, size_t count,
                                   const bool *wanted, dtake__body *bytes, uint8_t (*out)[16],
                                   dtake_error *err)
{
    dtake__arena arena = { 0 };
    dtake_column names = { 0 };
    dtake_status st =
        dtake__chunk_column(chunk, chunk->name_field, runs, count, wanted, bytes, &arena, &names, err);
    for (int64_t i = 0; i < names.rows && st == DTAKE_OK; i++) {
        size_t len;
        const char *name = dtake__get_bytes(&names, i, &len);
        dtake__id_put_name(out[i], name, len);
    }
    dtake__arena_dispose(&arena);
    return st;
}

/* From `i` on; `rows` when there is none. */
static size_t first_wanted(const bool *wanted, size_t rows, size_t i)
{
    const bool *at = wanted != NULL && i < rows ? memchr(wanted + i, true, rows - i) : NULL;
    return wanted == NULL ? i : at != NULL ? (size_t)(at - wanted) : rows;
}

dtake_status dtake__chunk_ids(const dtake__chunk *chunk, const dtake__frames *runs, size_t count,
                              const bool *wanted, dtake__body *bytes, const int64_t *times,
                              uint8_t (*out)[16], dtake_error *err)
{
    size_t rows = dtake__rows_of(chunk->starts, runs, count);
    size_t size = chunk->id_kind == DTAKE__IDS_WHOLE ? 16 : DTAKE__ID_HASH_BYTES;
    dtake_status st;
    if (chunk->id_kind == DTAKE__IDS_FROM_NAME) {
        st = ids_from_names(chunk, runs, count, wanted, bytes, out, err);
    } else {
        /* Hashes are read to the end of the room and spread from its beginning. */
        uint8_t *packed = (uint8_t *)out + rows * (16 - size);
        bytes->offset = 0;
        bytes->field = "id";
        st = dtake__read_fixed((uint32_t)chunk->id_offset, chunk->id_checksums, size, chunk->starts, runs,
                               count, bytes, packed, err);
        for (size_t i = first_wanted(wanted, rows, 0); i < rows && st == DTAKE_OK && size < 16;
             i = first_wanted(wanted, rows, i + 1))
            memmove(out[i] + DTAKE__ID_TIME_BYTES, packed + i * size, size);
    }
    for (size_t i = first_wanted(wanted, rows, 0);
         i < rows && st == DTAKE_OK && chunk->id_kind != DTAKE__IDS_WHOLE;
         i = first_wanted(wanted, rows, i + 1))
        dtake__id_put_time(out[i], times[i]);
    return st;
}

dtake_status dtake__chunk_order(const dtake__chunk *chunk, dtake__body *bytes, int64_t *out, dtake_error *err)
{
    dtake__frames all = { 0, chunk->frames };
    bytes->offset = chunk->order_offset;
    bytes->field = "(order)";
    dtake_status st = dtake__read_ints(&chunk->order, &all, 1, NULL, bytes, out, err);
    for (uint32_t i = 0; i < chunk->rows && st == DTAKE_OK; i++)
        if (out[i] < 0 || out[i] >= chunk->rows)
            st = dtake__damaged(bytes, "a row number is out of range", err);
    return st;
}
