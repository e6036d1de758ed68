#include "output/geotiff.h"

#include "core/alloc.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/error.h"
#include "format/tiff_write.h"
#include "geo/crs.h"
#include "output/early.h"
#include "output/pyramid.h"
#include "output/stamp.h"
#include "output/store.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADER_LIMIT = 256 << 20,
    CRS_LIMIT = 1 << 16,
};

/* One image of the file: a level's pixels or its mask. */
typedef struct sheet {
    size_t level;
    bool is_mask;
    int64_t first_tile, tiles; /* in the order of encoding */
    int64_t first_row;         /* of tiles */
} sheet;

struct dtake__geotiff {
    const dtake__output *output;
    dtake__pyramid pyramid;
    sheet sheet[2 * DTAKE__PYRAMID_LEVELS];
    size_t sheets;
    int64_t tiles, rows;
    dtake_buf *encoded;   /* one a tile */
    atomic_int *row_left; /* how many tiles of each row of tiles are not encoded, sheet after sheet */
    uint64_t *tile_bytes, *tile_first;
    dtake__tiff_spec spec;
    dtake_buf crs_wkt;
    char datetime[40];
    const char **band_names; /* with one for alpha */
};

static dtake_status fill_crs(dtake__geotiff *tiff, dtake_error *err)
{
    const char *crs = tiff->output->crs;
    if (!crs || !*crs)
        return DTAKE_OK;
    dtake__crs_facts facts;
    dtake_status st = dtake__crs_facts_of(crs, &facts, err);
    if (st != DTAKE_OK)
        return st;
    tiff->spec.epsg = facts.epsg;
    tiff->spec.geographic = facts.geographic;
    if (facts.epsg)
        return DTAKE_OK;
    st = dtake__crs_to_wkt(crs, true, &tiff->crs_wkt, err);
    tiff->spec.crs_wkt = dtake__buf_str(&tiff->crs_wkt);
    return st;
}

/* TIFF's "2024:07:31 15:59:00". */
static void fill_time(dtake__geotiff *tiff)
{
    int64_t time_ns = tiff->output->time_ns;
    if (time_ns == INT64_MIN || time_ns == 0)
        return;
    dtake__time_format(time_ns, tiff->datetime, sizeof tiff->datetime);
    tiff->datetime[4] = tiff->datetime[7] = ':';
    tiff->datetime[10] = ' ';
    tiff->datetime[19] = '\0';
    tiff->spec.datetime = tiff->datetime;
}

/* The caller names the image's bands; alpha comes on top. */
static dtake_status fill_names(dtake__geotiff *tiff, dtake_error *err)
{
    if (!tiff->output->band_names)
        return DTAKE_OK;
    tiff->band_names = dtake__calloc((size_t)tiff->pyramid.bands, sizeof *tiff->band_names);
    if (!tiff->band_names)
        return dtake__fail_nomem(err, "band names");
    for (int32_t band = 0; band < tiff->pyramid.bands; band++)
        tiff->band_names[band] =
            band < tiff->pyramid.level[0].bands ? tiff->output->band_names[band] : "alpha";
    tiff->spec.band_names = tiff->band_names;
    return DTAKE_OK;
}

static dtake_status fill_spec(dtake__geotiff *tiff, dtake_error *err)
{
    const dtake__output *output = tiff->output;
    const dtake_pixels *full = &tiff->pyramid.level[0];
    dtake__tiff_spec *spec = &tiff->spec;
    *spec = dtake__tile_spec(full->type, tiff->pyramid.bands, tiff->pyramid.tile_side,
                             output->format == DTAKE_COG);
    spec->rgb = output->rgb && full->bands == 3 && (full->type == DTAKE_U8 || full->type == DTAKE_U16);
    spec->alpha = tiff->pyramid.alpha;
    spec->has_transform = output->has_transform;
    spec->transform = output->transform;
    spec->has_nodata = output->has_nodata;
    spec->nodata = output->nodata;
    spec->description = output->receipt;
    spec->metadata = output->metadata;
    if (output->early != NULL && !dtake__early_is(output->early, spec, full))
        return dtake__fail(err, DTAKE_E_OTHER, "its tiles were compressed for another kind of file");
    dtake_status st = fill_names(tiff, err);
    fill_time(tiff);
    return st == DTAKE_OK ? fill_crs(tiff, err) : st;
}

static void add_sheet(dtake__geotiff *tiff, size_t level, bool is_mask)
{
    int64_t tiles =
        (int64_t)dtake__pyramid_across(&tiff->pyramid, level) * dtake__pyramid_down(&tiff->pyramid, level);
    tiff->sheet[tiff->sheets++] = (sheet){ level, is_mask, tiff->tiles, tiles, tiff->rows };
    tiff->tiles += tiles;
    tiff->rows += dtake__pyramid_down(&tiff->pyramid, level);
}

static dtake_status count_rows(dtake__geotiff *tiff, dtake_error *err)
{
    tiff->row_left = dtake__calloc((size_t)tiff->rows, sizeof *tiff->row_left);
    if (tiff->row_left == NULL)
        return dtake__fail_nomem(err, "a tile index");
    for (size_t i = 0; i < tiff->sheets; i++)
        for (int64_t row = 0; row < dtake__pyramid_down(&tiff->pyramid, tiff->sheet[i].level); row++)
            atomic_init(&tiff->row_left[tiff->sheet[i].first_row + row],
                        dtake__pyramid_across(&tiff->pyramid, tiff->sheet[i].level));
    return DTAKE_OK;
}

/* Large images give their pixels back row by row while others are encoded. Alpha is made of the mask. */
static void row_encoded(dtake__geotiff *tiff, const sheet *s, int64_t tile)
{
    int64_t row = (tile - s->first_tile) / dtake__pyramid_across(&tiff->pyramid, s->level);
    if (atomic_fetch_sub(&tiff->row_left[s->first_row + row], 1) == 1)
        dtake__pyramid_forget(&tiff->pyramid, s->level, s->is_mask, row);
}

static dtake_status prepare(dtake__geotiff *tiff, dtake__output *output, dtake_error *err)
{
    dtake_pixels *pixels = &output->pixels;
    bool wide_rgb = pixels->type == DTAKE_U8 || pixels->type == DTAKE_U16;
    bool nearest = pixels->type == DTAKE_U8 && pixels->bands == 1 && !output->visualized;
    if (output->early != NULL && output->has_nodata) { /* it has been written where it belongs */
        dtake__free(pixels->mask);
        pixels->mask = NULL;
        pixels->mask_bands = 0;
    }
    dtake_status st = dtake__pyramid_init(&tiff->pyramid, pixels, output->has_nodata, output->nodata,
                                          output->rgb && pixels->bands == 3 && wide_rgb,
                                          output->format == DTAKE_COG, nearest, err);
    if (st != DTAKE_OK)
        return st;
    for (size_t level = 0; level < tiff->pyramid.levels; level++) {
        add_sheet(tiff, level, false);
        if (tiff->pyramid.mask)
            add_sheet(tiff, level, true);
    }
    tiff->encoded = dtake__calloc((size_t)tiff->tiles, sizeof *tiff->encoded);
    tiff->tile_bytes = dtake__calloc((size_t)tiff->tiles, sizeof *tiff->tile_bytes);
    tiff->tile_first = dtake__calloc((size_t)tiff->tiles, sizeof *tiff->tile_first);
    if (!tiff->encoded || !tiff->tile_bytes || !tiff->tile_first)
        return dtake__fail_nomem(err, "a tile index");
    st = count_rows(tiff, err);
    return st == DTAKE_OK ? fill_spec(tiff, err) : st;
}

dtake_status dtake__geotiff_open(dtake__geotiff **out, dtake__output *output, dtake_error *err)
{
    dtake__geotiff *tiff = dtake__calloc(1, sizeof *tiff);
    if (!tiff) {
        dtake_pixels_dispose(&output->pixels);
        return dtake__fail_nomem(err, "a GeoTIFF");
    }
    tiff->output = output;
    tiff->crs_wkt = DTAKE_BUF_INIT(CRS_LIMIT);
    dtake_status st = prepare(tiff, output, err);
    if (st != DTAKE_OK) {
        dtake__geotiff_close(tiff);
        return st;
    }
    *out = tiff;
    return DTAKE_OK;
}

int64_t dtake__geotiff_tiles(const dtake__geotiff *tiff)
{
    return tiff->tiles;
}

static const sheet *sheet_of(const dtake__geotiff *tiff, int64_t tile)
{
    size_t i = 0;
    while (tile >= tiff->sheet[i].first_tile + tiff->sheet[i].tiles)
        i++;
    return &tiff->sheet[i];
}

/* A tile that was compressed while others were still made. */
static dtake_status take_early(dtake__geotiff *tiff, int64_t tile, dtake_error *err)
{
    tiff->encoded[tile] = dtake__early_take(tiff->output->early, tile);
    tiff->tile_bytes[tile] = tiff->encoded[tile].len;
    return tiff->encoded[tile].len > 0
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_OTHER, "tile %lld was not compressed", (long long)tile);
}

dtake_status dtake__geotiff_encode(dtake__geotiff *tiff, int64_t tile, dtake_error *err)
{
    const sheet *s = sheet_of(tiff, tile);
    if (tiff->output->early != NULL && s->level == 0 && !s->is_mask)
        return take_early(tiff, tile - s->first_tile, err);
    size_t side = (size_t)tiff->pyramid.tile_side;
    size_t raw =
        side * side * (s->is_mask ? 1 : (size_t)tiff->pyramid.bands * dtake_type_bytes(tiff->spec.type));
    int level = tiff->output->deflate_level;
    dtake__encoder *encoder = dtake__encoder_of_thread(level > 0 ? level : DTAKE__DEFLATE_LEVEL);
    void *pixels = encoder ? dtake__alloc(raw) : NULL;
    if (!pixels)
        return dtake__fail_nomem(err, "a tile");
    if (s->is_mask)
        dtake__pyramid_mask_tile(&tiff->pyramid, s->level, tile - s->first_tile, pixels);
    else
        dtake__pyramid_tile(&tiff->pyramid, s->level, tile - s->first_tile, pixels);
    row_encoded(tiff, s, tile);
    dtake_buf *encoded = &tiff->encoded[tile];
    *encoded = DTAKE_BUF_INIT(2 * raw + 65536);
    dtake_status st = dtake__tile_encode(encoder, &tiff->spec, pixels, s->is_mask, encoded, err);
    dtake__free(pixels);
    tiff->tile_bytes[tile] = encoded->len;
    /* The buffer grew by doubling or to the worst case; thousands of them wait at once. */
    if (st == DTAKE_OK)
        dtake__buf_shrink(encoded);
    return st;
}

/* The order of sheets in the file is the layout's choice. */
static int by_place(const void *a, const void *b)
{
    const dtake__tiff_level *x = *(dtake__tiff_level *const *)a, *y = *(dtake__tiff_level *const *)b;
    return (x->tile_first[0] > y->tile_first[0]) - (x->tile_first[0] < y->tile_first[0]);
}

static dtake_status add_tiles(dtake__store *store, dtake__geotiff *tiff, const dtake__tiff_level *level,
                              dtake_error *err)
{
    int64_t first = level->tile_first - tiff->tile_first;
    for (int64_t i = first; i < first + level->tile_count; i++) {
        dtake_status st = dtake__store_add(store, tiff->encoded[i].data, tiff->encoded[i].len, err);
        if (st != DTAKE_OK)
            return st;
        dtake__buf_dispose(&tiff->encoded[i]);
    }
    return DTAKE_OK;
}

/* The digest of the file with zeros for its digits, into the receipt in the header. */
static dtake_status stamp(const dtake__geotiff *tiff, dtake_buf *header,
                          const dtake__tiff_level *const *order, dtake_error *err)
{
    const char *receipt = tiff->output->receipt;
    char hex[DTAKE__SHA256_HEX];
    if (receipt == NULL)
        return DTAKE_OK;
    size_t len = strlen(receipt), digits = dtake__stamp_digits(receipt, len);
    uint8_t *at = memmem(header->data, header->len, receipt, len);
    dtake__digest *digest = at != NULL && digits != SIZE_MAX ? dtake__digest_new("sha256") : NULL;
    if (digest == NULL)
        return dtake__fail_nomem(err, "a digest");
    dtake__digest_add(digest, header->data, header->len);
    for (size_t i = 0; i < tiff->sheets; i++) {
        int64_t first = order[i]->tile_first - tiff->tile_first;
        for (int64_t k = first; k < first + order[i]->tile_count; k++)
            dtake__digest_add(digest, tiff->encoded[k].data, tiff->encoded[k].len);
    }
    dtake__digest_finish(digest, hex, sizeof hex);
    memcpy(at + digits, hex, sizeof hex - 1);
    return DTAKE_OK;
}

static dtake_status store_all(dtake__geotiff *tiff, dtake_buf *header, dtake__tiff_level *level,
                              int64_t file_bytes, dtake__written *written, dtake_error *err)
{
    const dtake__tiff_level *order[2 * DTAKE__PYRAMID_LEVELS];
    for (size_t i = 0; i < tiff->sheets; i++)
        order[i] = &level[i];
    qsort(order, tiff->sheets, sizeof *order, by_place);
    dtake_status stamped = stamp(tiff, header, order, err);
    if (stamped != DTAKE_OK)
        return stamped;
    dtake__store store;
    dtake_status st = dtake__store_open(&store, tiff->output->path, file_bytes, tiff->output->replace, err);
    if (st == DTAKE_OK)
        st = dtake__store_add(&store, header->data, header->len, err);
    for (size_t i = 0; st == DTAKE_OK && i < tiff->sheets; i++)
        st = add_tiles(&store, tiff, order[i], err);
    return st == DTAKE_OK ? dtake__store_finish(&store, written, err) : st;
}

/* Where everything goes; the pixels are freed first. */
static dtake_status lay_out(dtake__geotiff *tiff, dtake__tiff_level level[2 * DTAKE__PYRAMID_LEVELS],
                            dtake_buf *header, int64_t *file_bytes, dtake_error *err)
{
    for (size_t i = 0; i < tiff->sheets; i++) {
        const sheet *s = &tiff->sheet[i];
        level[i] = (dtake__tiff_level){
            .width = tiff->pyramid.level[s->level].width,
            .height = tiff->pyramid.level[s->level].height,
            .tile_bytes = tiff->tile_bytes + s->first_tile,
            .tile_count = s->tiles,
            .tile_first = tiff->tile_first + s->first_tile,
            .is_mask = s->is_mask,
        };
    }
    dtake__pyramid_dispose(&tiff->pyramid);
    dtake_status st = dtake__tiff_layout(&tiff->spec, level, tiff->sheets, header, file_bytes, err);
    if (st != DTAKE_OK)
        dtake__error_prefix(err, "write %s", tiff->output->path);
    return st;
}

dtake_status dtake__geotiff_store(dtake__geotiff *tiff, dtake__written *written, dtake_error *err)
{
    dtake__tiff_level level[2 * DTAKE__PYRAMID_LEVELS];
    dtake_buf header = DTAKE_BUF_INIT(HEADER_LIMIT);
    int64_t file_bytes = 0;
    dtake_status st = lay_out(tiff, level, &header, &file_bytes, err);
    if (st == DTAKE_OK)
        st = store_all(tiff, &header, level, file_bytes, written, err);
    dtake__buf_dispose(&header);
    return st;
}

dtake_status dtake__geotiff_append(dtake__geotiff *tiff, dtake_buf *out, dtake_error *err)
{
    dtake__tiff_level level[2 * DTAKE__PYRAMID_LEVELS];
    const dtake__tiff_level *order[2 * DTAKE__PYRAMID_LEVELS];
    int64_t file_bytes = 0;
    dtake_buf header = DTAKE_BUF_INIT(HEADER_LIMIT);
    dtake_status st = lay_out(tiff, level, &header, &file_bytes, err);
    for (size_t i = 0; i < tiff->sheets; i++)
        order[i] = &level[i];
    if (st == DTAKE_OK) {
        qsort(order, tiff->sheets, sizeof *order, by_place);
        st = dtake__buf_append(out, header.data, header.len);
        for (size_t i = 0; i < tiff->sheets; i++) {
            int64_t first = order[i]->tile_first - tiff->tile_first;
            for (int64_t k = first; k < first + order[i]->tile_count && st == DTAKE_OK; k++)
                st = dtake__buf_append(out, tiff->encoded[k].data, tiff->encoded[k].len);
        }
        if (st != DTAKE_OK)
            dtake__fail(err, st, "write %s: no room for the file", tiff->output->path);
    }
    dtake__buf_dispose(&header);
    return st;
}

void dtake__geotiff_close(dtake__geotiff *tiff)
{
    if (!tiff)
        return;
    for (int64_t i = 0; tiff->encoded && i < tiff->tiles; i++)
        dtake__buf_dispose(&tiff->encoded[i]);
    dtake__pyramid_dispose(&tiff->pyramid);
    dtake__free(tiff->encoded);
    dtake__free(tiff->row_left);
    dtake__free(tiff->tile_bytes);
    dtake__free(tiff->tile_first);
    dtake__free(tiff->band_names);
    dtake__buf_dispose(&tiff->crs_wkt);
    dtake__free(tiff);
}
