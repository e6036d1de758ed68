#include "format/tiff_parts.h"

#include <string.h>

enum {
    MAX_GHOST_BYTES = 1024,
    SMALL_SIDE = 512, /* an image not larger needs no overviews */
};

/* GDAL writes what a reader may rely on as text between header and first directory:
 * "GDAL_STRUCTURAL_METADATA_SIZE=000140 bytes\n" and that many bytes of KEY=VALUE lines. */
static bool ghost_says_cog(const dtake__tiff_source *source)
{
    static const char prefix[] = "GDAL_STRUCTURAL_METADATA_SIZE=";
    char text[MAX_GHOST_BYTES + 1];
    int64_t first = source->big_tiff ? 16 : 8;
    size_t len = sizeof prefix - 1 + strlen("000000 bytes\n");
    const uint8_t *head = dtake__segments_find(source->segments, first, len);
    if (head == NULL || memcmp(head, prefix, sizeof prefix - 1) != 0)
        return false;
    size_t size = 0;
    for (const uint8_t *digit = head + sizeof prefix - 1;
         *digit >= '0' && *digit <= '9' && size < MAX_GHOST_BYTES; digit++)
        size = size * 10 + (size_t)(*digit - '0');
    if (size > MAX_GHOST_BYTES)
        return false;
    const uint8_t *body = dtake__segments_find(source->segments, first + (int64_t)len, size);
    if (body == NULL)
        return false;
    memcpy(text, body, size);
    text[size] = '\0';
    return strstr(text, "LAYOUT=IFDS_BEFORE_DATA") != NULL &&
           strstr(text, "KNOWN_INCOMPATIBLE_EDITION=YES") == NULL;
}

/* Where a directory's data begin and end; false when it has none. */
static bool data_extent(const dtake__tiff_dir *dir, uint64_t *first, uint64_t *end)
{
    *first = UINT64_MAX;
    *end = 0;
    for (int64_t i = 0; i < dir->tile_count; i++) {
        if (dir->tile_bytes[i] == 0)
            continue;
        if (dir->tile_first[i] < *first)
            *first = dir->tile_first[i];
        if (dir->tile_first[i] + dir->tile_bytes[i] > *end)
            *end = dir->tile_first[i] + dir->tile_bytes[i];
    }
    return *end > 0;
}

bool dtake__tiff_is_cog(const dtake__tiff *tiff, const dtake__tiff_source *source, int64_t last_ifd_end)
{
    if (ghost_says_cog(source))
        return true;
    uint64_t main_first, main_end, first, end;
    if (tiff->dir[0].strips || !data_extent(&tiff->dir[0], &main_first, &main_end))
        return false;
    if (main_first < (uint64_t)last_ifd_end)
        return false;
    bool enough = tiff->dir[0].width <= SMALL_SIDE && tiff->dir[0].height <= SMALL_SIDE;
    for (size_t i = 1; i < tiff->dir_count; i++) {
        const dtake__tiff_dir *dir = &tiff->dir[i];
        enough |= dir->role == DTAKE__TIFF_OVERVIEW;
        if (dir->strips && dir->role != DTAKE__TIFF_OTHER)
            return false;
        if (dir->role == DTAKE__TIFF_OVERVIEW && data_extent(dir, &first, &end) &&
            (first < (uint64_t)last_ifd_end || first > main_first))
            return false;
    }
    return enough;
}
