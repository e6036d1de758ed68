/* The real files of ../shared, where it is there: facts as FILES.tsv states them, and every tile decodes. */
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "core/text.h"
#include "format/tile.h"

#define SHARED_DATA "../shared/data/"

enum {
    PATH,
    BYTES,
    FORMAT,
    SIZE,
    BANDS,
    TYPE,
    CRS,
    PIXEL,
    BLOCK,
    COMPRESSION,
    PREDICTOR,
    LAYOUT,
    NODATA,
    OVERVIEWS,
    COLUMNS
};

typedef struct facts {
    char column[COLUMNS][512];
} facts;

static bool next_line(FILE *table, facts *out)
{
    char line[4096];
    if (fgets(line, sizeof line, table) == NULL)
        return false;
    line[strcspn(line, "\n")] = '\0';
    const char *rest = line;
    for (int i = 0; i < COLUMNS; i++)
        if (!dtake__next_piece(&rest, '\t', out->column[i], sizeof out->column[i]))
            out->column[i][0] = '\0';
    return true;
}

static uint8_t *read_file(const char *path, size_t *len)
{
    char name[1024];
    snprintf(name, sizeof name, SHARED_DATA "%s", path);
    FILE *file = fopen(name, "rb");
    if (file == NULL)
        fail_msg("cannot open %s", name);
    fseek(file, 0, SEEK_END);
    *len = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*len);
    CHECK_EQ(fread(bytes, 1, *len, file), *len);
    fclose(file);
    return bytes;
}

static const char *compression_name(int32_t compression)
{
    switch (compression) {
    case DTAKE__TIFF_NONE:
        return "NONE";
    case DTAKE__TIFF_LZW:
        return "LZW";
    case DTAKE__TIFF_DEFLATE:
    case DTAKE__TIFF_OLD_DEFLATE:
        return "DEFLATE";
    default:
        return "?";
    }
}

static void expect(const facts *f, int column, const char *got)
{
    if (!dtake__equal_nocase(f->column[column], got))
        fail_msg("%s: column %d is '%s', read '%s'", f->column[PATH], column, f->column[column], got);
}

static void check_facts(const facts *f, const dtake__tiff *tiff)
{
    const dtake__tiff_dir *dir = &tiff->dir[0];
    char text[512] = "";
    snprintf(text, sizeof text, "%dx%d", (int)dir->width, (int)dir->height);
    expect(f, SIZE, text);
    snprintf(text, sizeof text, "%d", dir->bands);
    expect(f, BANDS, text);
    expect(f, TYPE, dir->type == DTAKE_U8 ? "Byte" : dtake_type_name(dir->type));
    snprintf(text, sizeof text, "%dx%d", dir->tile_width, dir->tile_height);
    expect(f, BLOCK, text);
    if (f->column[COMPRESSION][0] != '\0')
        expect(f, COMPRESSION, compression_name(dir->compression));
    snprintf(text, sizeof text, "%d", dir->predictor);
    if (f->column[PREDICTOR][0] != '\0')
        expect(f, PREDICTOR, text);
    if (strcmp(f->column[LAYOUT], "COG") == 0)
        CHECK(tiff->cog);
    double nodata;
    CHECK_EQ(tiff->has_nodata, f->column[NODATA][0] != '\0');
    if (tiff->has_nodata)
        CHECK(dtake__parse_f64(f->column[NODATA], &nodata) &&
              (nodata == tiff->nodata || (isnan(nodata) && isnan(tiff->nodata))));
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < tiff->dir_count; i++)
        if (tiff->dir[i].role == DTAKE__TIFF_OVERVIEW)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%dx%d", at ? " " : "",
                                   (int)tiff->dir[i].width, (int)tiff->dir[i].height);
    expect(f, OVERVIEWS, text);
    dtake_buf crs = DTAKE_BUF_INIT(1 << 16);
    int32_t epsg;
    CHECK_OK(dtake__tiff_crs(tiff, &epsg, &crs, NULL));
    if (strncmp(f->column[CRS], "EPSG:", 5) == 0)
        expect(f, CRS, dtake__buf_str(&crs));
    dtake__buf_dispose(&crs);
}

static void check_tiles(const facts *f, const dtake__tiff *tiff, const uint8_t *bytes,
                        dtake__decoder *decoder)
{
    for (size_t i = 0; i < tiff->dir_count; i++) {
        const dtake__tiff_dir *dir = &tiff->dir[i];
        for (int64_t t = 0; t < dir->tile_count; t++) {
            dtake_error err;
            uint8_t *out = malloc(dtake__tile_decoded_bytes(dir, t));
            if (dir->tile_bytes[t] > 0 && dtake__tile_decode(decoder, dir, t, bytes + dir->tile_first[t],
                                                             dir->tile_bytes[t], out, &err) != DTAKE_OK)
                fail_msg("%s: %s", f->column[PATH], err.message);
            free(out);
        }
    }
}

static void every_tiff_is_as_its_facts_say_and_decodes(void **state)
{
    (void)state;
    FILE *table = fopen(SHARED_DATA "imagery/FILES.tsv", "r");
    facts f;
    int files = 0;
    if (table == NULL) {
        print_message("no ../shared here: skipped\n");
        skip();
    }
    dtake__decoder *decoder = dtake__decoder_new();
    while (next_line(table, &f)) {
        if (strcmp(f.column[FORMAT], "GTiff") != 0)
            continue;
        size_t len;
        uint8_t *bytes = read_file(f.column[PATH], &len);
        dtake__segment segment = { 0, len, bytes };
        dtake__segments segments = { &segment, 1, (int64_t)len };
        int64_t first, count;
        dtake__tiff tiff;
        dtake_error err = { 0 };
        if (dtake__tiff_parse(&tiff, &segments, &first, &count, &err) != DTAKE_OK)
            fail_msg("%s: %s", f.column[PATH], err.message);
        check_facts(&f, &tiff);
        check_tiles(&f, &tiff, bytes, decoder);
        dtake__tiff_dispose(&tiff);
        free(bytes);
        files++;
    }
    CHECK(files > 300);
    dtake__decoder_free(decoder);
    fclose(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tiff_is_as_its_facts_say_and_decodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
