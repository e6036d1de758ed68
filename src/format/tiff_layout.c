#include "format/tiff_directory.h"

#include "core/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_METADATA_BYTES = 1 << 20,
    MAX_VALUES_BYTES = 256 << 20, /* of one directory: 12 bytes a tile */
};

/* Only what is true of this layout. (GDAL's own has masks between the tiles; ours lie behind their image.) */
static const char ghost_text[] =
    "LAYOUT=IFDS_BEFORE_DATA\nBLOCK_ORDER=ROW_MAJOR\nBLOCK_LEADER=SIZE_AS_UINT4\n"
    "BLOCK_TRAILER=LAST_4_BYTES_REPEATED\nKNOWN_INCOMPATIBLE_EDITION=NO\n ";

typedef struct layout {
    const dtake__tiff_spec *spec;
    dtake__tiff_level *level;
    size_t level_count;
    dtake__geokeys keys;
    dtake_buf metadata;
    dtake__tiff_directory directory;
    int64_t file_bytes;
} layout;

static dtake_status check_spec(const dtake__tiff_spec *spec, dtake_error *err)
{
    bool is_float = spec->type == DTAKE_F32 || spec->type == DTAKE_F64;
    if (spec->tile_side <= 0 || spec->tile_side % 16 != 0 || spec->tile_side > UINT16_MAX)
        return dtake__fail(err, DTAKE_E_USAGE, "write TIFF: tiles of %d pixels; a multiple of 16 is needed",
                           spec->tile_side);
    if (spec->bands <= 0 || spec->bands > DTAKE__TIFF_MAX_BANDS)
        return dtake__fail(err, DTAKE_E_USAGE, "write TIFF: %d bands", spec->bands);
    if (spec->rgb && (spec->bands < 3 || is_float || dtake_type_bytes(spec->type) > 2))
        return dtake__fail(err, DTAKE_E_USAGE, "write TIFF: RGB needs three bands of 8 or 16 bits");
    if (spec->predictor == 3 ? !is_float : spec->predictor != 1 && (spec->predictor != 2 || is_float))
        return dtake__fail(err, DTAKE_E_USAGE, "write TIFF: predictor %d for %s", spec->predictor,
                           dtake_type_name(spec->type));
    if (spec->compression != DTAKE__TIFF_NONE && spec->compression != DTAKE__TIFF_DEFLATE &&
        spec->compression != DTAKE__TIFF_ZSTD)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "write TIFF: compression %d is not supported",
                           spec->compression);
    return DTAKE_OK;
}

static dtake_status check_levels(const layout *l, dtake_error *err)
{
    int64_t side = l->spec->tile_side;
    for (size_t i = 0; i < l->level_count; i++) {
        const dtake__tiff_level *level = &l->level[i];
        if (level->width <= 0 || level->height <= 0 || level->width >= DTAKE__TIFF_MAX_SIDE ||
            level->height >= DTAKE__TIFF_MAX_SIDE)
            return dtake__fail(err, DTAKE_E_USAGE, "write TIFF: %" PRId64 " x %" PRId64 " pixels",
                               level->width, level->height);
        int64_t tiles = ((level->width + side - 1) / side) * ((level->height + side - 1) / side);
        if (tiles > DTAKE__TIFF_MAX_TILES)
            return dtake__fail(err, DTAKE_E_LIMIT, "write TIFF: %" PRId64 " tiles are over the limit of %d",
                               tiles, DTAKE__TIFF_MAX_TILES);
        if (tiles != level->tile_count || (i == 0 && level->is_mask))
            return dtake__fail(err, DTAKE_E_USAGE,
                               "write TIFF: level %zu has %" PRId64 " tiles, not %" PRId64, i,
                               level->tile_count, tiles);
    }
    return DTAKE_OK;
}

static dtake_status write_magic(const layout *l, dtake_buf *out)
{
    char ghost[256] = "";
    if (l->spec->cog)
        snprintf(ghost, sizeof ghost, "GDAL_STRUCTURAL_METADATA_SIZE=%06zu bytes\n%s", sizeof ghost_text - 1,
                 ghost_text);
    size_t start = l->directory.big ? 16 : 8, first = start + strlen(ghost) + (strlen(ghost) & 1);
    uint8_t magic[16] = { 'I', 'I', 42, 0, (uint8_t)first, (uint8_t)(first >> 8) };
    if (l->directory.big)
        memcpy(magic, (uint8_t[16]){ 'I', 'I', 43, 0, 8, 0, 0, 0, (uint8_t)first, (uint8_t)(first >> 8) },
               16);
    dtake__buf_clear(out);
    dtake_status st = dtake__buf_append(out, magic, start);
    return st == DTAKE_OK ? dtake__buf_append(out, ghost, first - start) : st;
}

static dtake_status write_header(layout *l, dtake_buf *out)
{
    dtake_status st = write_magic(l, out);
    for (size_t i = 0; st == DTAKE_OK && i < l->level_count; i++) {
        st = dtake__tiff_directory_fill(&l->directory, &l->level[i], i, &l->keys,
                                        dtake__buf_str(&l->metadata));
        if (st == DTAKE_OK)
            st = dtake__tiff_directory_append(&l->directory, i + 1 == l->level_count, out);
    }
    return st;
}

static uint64_t place_tiles(dtake__tiff_level *level, uint64_t at)
{
    for (int64_t i = 0; i < level->tile_count; i++) {
        level->tile_first[i] = level->tile_bytes[i] > 0 ? at : 0;
        at += level->tile_bytes[i];
    }
    return at;
}

/* Cloud optimised: small images before large ones, a mask behind its image. */
static uint64_t place_data(layout *l, uint64_t at)
{
    if (!l->spec->cog) {
        for (size_t i = 0; i < l->level_count; i++)
            at = place_tiles(&l->level[i], at);
        return at;
    }
    for (size_t i = l->level_count; i-- > 0;) {
        bool has_mask = !l->level[i].is_mask && i + 1 < l->level_count && l->level[i + 1].is_mask;
        if (l->level[i].is_mask)
            continue;
        at = place_tiles(&l->level[i], at);
        if (has_mask)
            at = place_tiles(&l->level[i + 1], at);
    }
    return at;
}

/* The header's length does not depend on the offsets in it: it is written once to be measured. */
static dtake_status lay_out(layout *l, dtake_buf *header)
{
    for (size_t i = 0; i < l->level_count; i++)
        memset(l->level[i].tile_first, 0, (size_t)l->level[i].tile_count * sizeof *l->level[i].tile_first);
    dtake_status st = write_header(l, header);
    if (st != DTAKE_OK)
        return st;
    l->file_bytes = (int64_t)place_data(l, header->len);
    if (l->file_bytes > UINT32_MAX && !l->directory.big) {
        l->directory.big = true;
        return lay_out(l, header);
    }
    return write_header(l, header);
}

dtake_status dtake__tiff_layout(const dtake__tiff_spec *spec, dtake__tiff_level *level, size_t level_count,
                                dtake_buf *header, int64_t *file_bytes, dtake_error *err)
{
    layout l = { .spec = spec, .level = level, .level_count = level_count };
    l.metadata = DTAKE_BUF_INIT(MAX_METADATA_BYTES);
    l.directory.spec = spec;
    l.directory.values = DTAKE_BUF_INIT(MAX_VALUES_BYTES);
    dtake_status st = check_spec(spec, err);
    if (st == DTAKE_OK)
        st = check_levels(&l, err);
    if (st == DTAKE_OK)
        st = dtake__geokeys_make(&l.keys, spec, err);
    if (st != DTAKE_OK)
        goto done;
    st = dtake__gdal_metadata_make(spec, &l.metadata);
    if (st == DTAKE_OK)
        st = lay_out(&l, header);
    if (st != DTAKE_OK)
        dtake__fail(err, st, "write TIFF: the directories");
    *file_bytes = l.file_bytes;
done:
    dtake__buf_dispose(&l.keys.ascii);
    dtake__buf_dispose(&l.metadata);
    dtake__buf_dispose(&l.directory.values);
    return st;
}
