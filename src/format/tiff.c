#include "format/tiff_parts.h"

#include "core/alloc.h"
#include "core/error.h"

#include <inttypes.h>
#include <string.h>

enum { SUBFILE_REDUCED = 1, SUBFILE_PAGE = 2, SUBFILE_MASK = 4 };

/* Tiles of all directories together: a full image, its overviews and their masks. Without it a small file
 * whose directories share their arrays could claim gigabytes. */
#define MAX_TILES_IN_FILE ((int64_t)3 * DTAKE__TIFF_MAX_TILES)

typedef struct walk {
    dtake__tiff_source source;
    dtake__tiff *tiff;
    int64_t seen[DTAKE__TIFF_MAX_DIRECTORIES]; /* places of the directories read so far */
    size_t seen_count;
    int64_t tiles, last_ifd_end;
    dtake__tiff_ifd ifd;
} walk;

void dtake__tiff_dispose(dtake__tiff *tiff)
{
    for (size_t i = 0; i < tiff->dir_count; i++)
        dtake__tiff_dir_dispose(&tiff->dir[i]);
    for (int32_t i = 0; tiff->band != NULL && i < tiff->bands_named; i++)
        dtake__free((char *)tiff->band[i].name);
    dtake__free(tiff->dir);
    dtake__free(tiff->band);
    dtake__free(tiff->gcp);
    dtake__free(tiff->geokey_directory);
    dtake__free(tiff->geokey_doubles);
    dtake__free(tiff->geokey_ascii);
    dtake__free(tiff->gdal_metadata);
    *tiff = (dtake__tiff){ 0 };
}

dtake_status dtake__tiff_text(const dtake__tiff_source *source, const dtake__tiff_ifd *ifd,
                              dtake__tiff_tag tag, char **out)
{
    const dtake__tiff_entry *entry = dtake__tiff_ifd_find(ifd, tag);
    if (entry == NULL || dtake__tiff_value_bytes(entry->type) != 1)
        return DTAKE_OK;
    const char *text = (const char *)dtake__tiff_entry_bytes(source, entry);
    size_t len = strnlen(text, entry->count);
    if (len == 0)
        return DTAKE_OK;
    *out = dtake__strndup(text, len);
    return *out != NULL ? DTAKE_OK : dtake__fail_nomem(source->err, "read TIFF directory");
}

static dtake_status role_of(const walk *w, bool sub_ifd, dtake__tiff_role *out)
{
    uint64_t type, old;
    dtake_status st = dtake__tiff_ifd_integer(&w->source, &w->ifd, DTAKE__TAG_SUBFILE_TYPE, 0, &type);
    if (st == DTAKE_OK)
        st = dtake__tiff_ifd_integer(&w->source, &w->ifd, DTAKE__TAG_OLD_SUBFILE_TYPE, 1, &old);
    if (st != DTAKE_OK)
        return st;
    if (dtake__tiff_ifd_find(&w->ifd, DTAKE__TAG_SUBFILE_TYPE) == NULL)
        type = old == 2 ? SUBFILE_REDUCED : old == 3 ? SUBFILE_PAGE : 0;
    if (w->tiff->dir_count == 0)
        *out = DTAKE__TIFF_MAIN;
    else if (type & SUBFILE_MASK)
        *out = type & SUBFILE_REDUCED ? DTAKE__TIFF_OVERVIEW_MASK : DTAKE__TIFF_MASK;
    else if ((type & SUBFILE_REDUCED) || (sub_ifd && type == 0))
        *out = DTAKE__TIFF_OVERVIEW;
    else
        *out = DTAKE__TIFF_OTHER;
    return DTAKE_OK;
}

/* A reduced image or mask that does not fit the first one is another page, as a thumbnail in other colours
 * is. */
static bool fits_main(const dtake__tiff_dir *dir, const dtake__tiff_dir *main)
{
    if (dir->width > main->width || dir->height > main->height)
        return false;
    if (dir->role == DTAKE__TIFF_OVERVIEW)
        return dir->bands == main->bands && dir->type == main->type;
    if (dir->role == DTAKE__TIFF_MASK && (dir->width != main->width || dir->height != main->height))
        return false;
    return dir->type == DTAKE_U8 && dir->bands == 1;
}

static dtake_status add_directory(walk *w, bool sub_ifd)
{
    dtake__tiff *tiff = w->tiff;
    dtake__tiff_dir *dirs = dtake__realloc_array(tiff->dir, tiff->dir_count + 1, sizeof *dirs);
    if (dirs == NULL)
        return dtake__fail_nomem(w->source.err, "read TIFF directory");
    tiff->dir = dirs;
    dtake__tiff_dir *dir = &dirs[tiff->dir_count];
    *dir = (dtake__tiff_dir){ 0 };
    dtake__tiff_role role;
    dtake_status st = role_of(w, sub_ifd, &role);
    if (st != DTAKE_OK)
        return st;
    tiff->dir_count++;
    dtake_error *err = w->source.err, failure;
    w->source.err = &failure; /* a stranger among the pages is no failure */
    if (role != DTAKE__TIFF_OTHER)
        st = dtake__tiff_dir_read(dir, &w->source, &w->ifd);
    w->source.err = err;
    dir->role = role;
    bool stranger =
        role != DTAKE__TIFF_MAIN && (st == DTAKE_E_UNSUPPORTED || (st == DTAKE_OK && !fits_main(dir, dirs)));
    if (role == DTAKE__TIFF_OTHER || stranger) {
        dtake__tiff_dir_dispose(dir);
        dir->role = DTAKE__TIFF_OTHER;
        return DTAKE_OK;
    }
    if (st != DTAKE_OK) {
        dtake__error_copy(err, &failure);
        return st;
    }
    w->tiles += dir->tile_count;
    if (w->tiles > MAX_TILES_IN_FILE)
        return dtake__fail(w->source.err, DTAKE_E_LIMIT, "TIFF: over %" PRId64 " tiles in all directories",
                           MAX_TILES_IN_FILE);
    return st;
}

/* Reads the directory at `first` into w->ifd and tiff->dir. */
static dtake_status visit(walk *w, int64_t first, bool sub_ifd)
{
    for (size_t i = 0; i < w->seen_count; i++)
        if (w->seen[i] == first)
            return dtake__fail(w->source.err, DTAKE_E_FORMAT,
                               "TIFF: the directories run in a circle (at %" PRId64 ")", first);
    if (w->seen_count == DTAKE__TIFF_MAX_DIRECTORIES)
        return dtake__fail(w->source.err, DTAKE_E_LIMIT, "TIFF: more than %d directories",
                           DTAKE__TIFF_MAX_DIRECTORIES);
    w->seen[w->seen_count++] = first;
    dtake_status st = dtake__tiff_ifd_read(&w->source, first, &w->ifd);
    if (st != DTAKE_OK)
        return st;
    if (w->ifd.end > w->last_ifd_end)
        w->last_ifd_end = w->ifd.end;
    return add_directory(w, sub_ifd);
}

static dtake_status visit_sub_ifds(walk *w)
{
    uint64_t first[DTAKE__TIFF_MAX_DIRECTORIES];
    const dtake__tiff_entry *entry = dtake__tiff_ifd_find(&w->ifd, DTAKE__TAG_SUB_IFDS);
    if (entry == NULL || !dtake__tiff_entry_is_integer(entry))
        return DTAKE_OK;
    if (entry->count > DTAKE__TIFF_MAX_DIRECTORIES)
        return dtake__fail(w->source.err, DTAKE_E_LIMIT, "TIFF: more than %d directories",
                           DTAKE__TIFF_MAX_DIRECTORIES);
    uint64_t count = entry->count;
    for (uint64_t i = 0; i < count; i++)
        first[i] = dtake__tiff_entry_integer(&w->source, entry, i);
    for (uint64_t i = 0; i < count; i++) {
        if (first[i] > INT64_MAX / 4)
            return dtake__fail(w->source.err, DTAKE_E_FORMAT,
                               "TIFF: a sub-directory is past the end of the file");
        dtake_status st = visit(w, (int64_t)first[i], true);
        if (st != DTAKE_OK)
            return st;
    }
    return DTAKE_OK;
}

static dtake_status read_all(walk *w, int64_t first)
{
    dtake_status st = visit(w, first, false);
    int64_t next = w->ifd.next;
    if (st == DTAKE_OK)
        st = dtake__tiff_geo_read(w->tiff, &w->source, &w->ifd);
    if (st == DTAKE_OK)
        st = dtake__tiff_bands_read(w->tiff, &w->source, &w->ifd);
    if (st == DTAKE_OK)
        st = visit_sub_ifds(w);
    while (st == DTAKE_OK && next != 0) {
        st = visit(w, next, false);
        next = w->ifd.next;
    }
    return st;
}

dtake_status dtake__tiff_parse(dtake__tiff *out, const dtake__segments *segments, int64_t *need_first,
                               int64_t *need_count, dtake_error *err)
{
    int64_t first = 0;
    *out = (dtake__tiff){ 0 };
    walk *w = dtake__calloc(1, sizeof *w);
    if (w == NULL)
        return dtake__fail_nomem(err, "read TIFF directories");
    w->tiff = out;
    dtake_status st = dtake__tiff_source_open(&w->source, segments, &first, err);
    if (st == DTAKE_OK) {
        out->big_tiff = w->source.big_tiff;
        out->big_endian = w->source.big_endian;
        st = read_all(w, first);
    }
    if (st == DTAKE_OK)
        out->cog = dtake__tiff_is_cog(out, &w->source, w->last_ifd_end);
    if (st == DTAKE_E_RANGE) {
        *need_first = w->source.need_first;
        *need_count = w->source.need_count;
    }
    if (st != DTAKE_OK)
        dtake__tiff_dispose(out);
    dtake__free(w);
    return st;
}
