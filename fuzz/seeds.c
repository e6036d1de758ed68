/* Writes a few small inputs for each fuzz target that profits from them: seeds DIR */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/tiff_fixture.h"
#include "format/tiff_write.h"
#include "io/journal.h"

static void save(const char *root, const char *target, int number, const void *bytes, size_t len)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", root, target);
    mkdir(root, 0777);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/seed-%02d", root, target, number);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, len, file) != len || fclose(file) != 0) {
        fprintf(stderr, "seeds: cannot write %s\n", path);
        exit(1);
    }
}

static void save_tiffs(const char *root)
{
    static const double scale[] = { 10, 10, 0 }, tie[] = { 0, 0, 0, 500000, 4600000, 0 };
    static const uint64_t keys[] = { 1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32633 };
    for (int kind = 0; kind < 4; kind++) {
        fixture *f = fixture_new(kind & 1, kind & 2);
        for (int level = 0; level < 3; level++) {
            fixture_image(f);
            fixture_short(f, DTAKE__TAG_SUBFILE_TYPE, level == 2 ? 4 : (uint64_t)level);
            if (level == 0) {
                fixture_doubles(f, DTAKE__TAG_PIXEL_SCALE, 3, scale);
                fixture_doubles(f, DTAKE__TAG_TIE_POINTS, 6, tie);
                fixture_ints(f, DTAKE__TAG_GEO_KEYS, DTAKE__VALUE_SHORT, 12, keys);
                fixture_text(f, DTAKE__TAG_GDAL_METADATA,
                             "<Item name=\"S\" sample=\"0\" role=\"scale\">0.1</Item>");
                fixture_text(f, DTAKE__TAG_GDAL_NODATA, "nan");
            }
            fixture_directory(f, true);
        }
        save(root, "tiff_parse", kind, f->bytes, f->len > 2048 ? f->len : 2048);
        free(f);
    }
}

static void save_tiles(const char *root)
{
    static const uint8_t lzw[] = { 1, 0, 0, 1, 1, 0x80, 0x00, 0x40, 0x20, 0x10, 0x18, 0x08, 0x08 };
    dtake__encoder *encoder = dtake__encoder_new(6);
    for (int zstd = 0; zstd < 2; zstd++) {
        dtake__tiff_spec spec = { .tile_side = 16,
                                  .bands = 1,
                                  .type = DTAKE_U16,
                                  .predictor = 2,
                                  .compression = zstd ? DTAKE__TIFF_ZSTD : DTAKE__TIFF_DEFLATE };
        uint16_t pixels[256];
        uint8_t head[] = { (uint8_t)(zstd ? 5 : 3), DTAKE_U16, 16, 15, 15 };
        dtake_buf out = DTAKE_BUF_INIT(1 << 16);
        for (int i = 0; i < 256; i++)
            pixels[i] = (uint16_t)(i * i);
        if (dtake__buf_append(&out, head, sizeof head) == DTAKE_OK &&
            dtake__tile_encode(encoder, &spec, pixels, false, &out, NULL) == DTAKE_OK)
            save(root, "tile_decode", zstd, out.data, out.len);
        dtake__buf_dispose(&out);
    }
    save(root, "tile_decode", 2, lzw, sizeof lzw);
    dtake__encoder_free(encoder);
}

static void save_geokeys(const char *root)
{
    static const uint16_t keys[] = { 1,    1,     0, 5, 1024, 0, 1, 1,     2048, 0, 1, 32767,
                                     2057, 34736, 1, 0, 3072, 0, 1, 32767, 3075, 0, 1, 24 };
    double axis = 6371007.181;
    uint8_t bytes[2 + sizeof keys + sizeof axis + 4] = { sizeof keys / 2, 1 };
    memcpy(bytes + 2, keys, sizeof keys);
    memcpy(bytes + 2 + sizeof keys, &axis, sizeof axis);
    memcpy(bytes + 2 + sizeof keys + sizeof axis, "abc|", 4);
    save(root, "geokeys", 0, bytes, sizeof bytes);
}

/* As the fuzz target's object has it. */
static void save_journal(const char *root)
{
    static const dtake__journal_object scene = {
        .href = "http://127.0.0.1/B04.tif", .etag = "\"5f-1\"", .options = "raw", .bytes = 1000000
    };
    char path[4096], text[4096];
    dtake__journal *journal;
    snprintf(path, sizeof path, "%s/journal.tmp", root);
    if (dtake__journal_begin(&journal, path, &scene, NULL) != DTAKE_OK)
        exit(1);
    for (int i = 1; i <= 3; i++)
        dtake__journal_done(journal, 300000 * i, NULL);
    dtake__journal_close(journal);
    FILE *file = fopen(path, "rb");
    size_t len = file != NULL ? fread(text, 1, sizeof text, file) : 0;
    if (len == 0 || fclose(file) != 0)
        exit(1);
    unlink(path);
    save(root, "journal", 0, text, len);
    save(root, "journal", 1, text, len - 5);
}

static void save_receipt(const char *root)
{
    static const char receipt[] =
        "{\"receipt\":1,\"program\":\"datatake "
        "0.1.0\",\"id\":\"S2B\",\"asset\":\"\",\"time\":\"2023-08-10T09:58:11.59Z\","
        "\"options\":{\"unmask\":-1.0,\"has_unmask\":true,\"bbox\":[15.1,45.3,15.4,45.5],\"visualize\":{"
        "\"min\":[0.0],"
        "\"max\":[5000.0],\"opacity\":1.0,\"palette\":[0,255]},\"format\":\"gtiff\"},\"sources\":[{\"href\":"
        "\"/B08.tif\",\"name\":\"B8\",\"band\":0,\"bytes\":1899550,\"etag\":\"\\\"1c\\\"\",\"overview\":0,"
        "\"window\":[65,512,197,186]}],";
    save(root, "receipt", 0, receipt, sizeof receipt - 1);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    save_tiffs(argv[1]);
    save_tiles(argv[1]);
    save_geokeys(argv[1]);
    save_journal(argv[1]);
    save_receipt(argv[1]);
    return 0;
}
