/* Writes a few small inputs for each fuzz target that profits from them: seeds DIR */
#include "seeds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/tiff_fixture.h"
#include "geo/geometry.h"
#include "io/journal.h"

void save_seed(const char *root, const char *target, int number, const void *bytes, size_t len)
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
        save_seed(root, "tiff_parse", kind, f->bytes, f->len > 2048 ? f->len : 2048);
        free(f);
    }
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
    save_seed(root, "geokeys", 0, bytes, sizeof bytes);
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
    save_seed(root, "journal", 0, text, len);
    save_seed(root, "journal", 1, text, len - 5);
}

static void save_texts(const char *root)
{
    static const struct {
        const char *target, *text;
    } texts[] = {
        { "http_request",
          "GET /files/a%20b/../c.tif?f=json HTTP/1.1\r\nHost: localhost:80\r\nRange: bytes=0-9,100-,-5\r\n"
          "If-Range: \"a\"\r\nConnection: close\r\n\r\n" },
        { "http_request",
          "POST http://h:1/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
          "5;a=\"b\"\r\nhello\r\n0\r\nX: y\r\n\r\n" },
        { "http_request", "\r\nHEAD / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc" },
        { "http_headers", "bytes 0-99/1000" },
        { "http_headers", "Wed, 21 Oct 2015 07:28:00 GMT" },
        { "http_headers", "HTTP/1.1 206 Partial Content" },
        { "http_headers", "<html><title>a</title><p>Slow down &amp; wait</p>" },
        { "geojson",
          "{\"type\":\"Polygon\",\"coordinates\":[[[170,-10],[-170,-10],[-170,10],[170,10],[170,-10]]]}" },
        { "geojson", "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"geometry\":{"
                     "\"type\":\"MultiPolygon\","
                     "\"coordinates\":[[[[0,0],[9,0],[9,9],[0,0]],[[2,1],[3,1],[3,2],[2,1]]]]}}]}" },
        { "wkt", "SRID=4326;POLYGON Z ((0 0 1,4 0 1,4 4 1,0 0 1),(1 1 1,2 1 1,2 2 1,1 1 1))" },
        { "wkt",
          "GEOMETRYCOLLECTION (POINT (170 80),MULTIPOINT ((1 2),EMPTY),LINESTRING M (0 90 1,-180 80 2))" },
        { "wkt", "0106000020e61000000100000001030000000100000004000000000000000000f03f000000000000f03f0000000"
                 "00000004000"
                 "0000000000f03f00000000000000400000000000000040000000000000f03f000000000000f03f" },
        { "cql2_text",
          "eo:cloud_cover<=20.5 AND platform='sentinel-2a' OR NOT (a=1 AND \"b c\" IS NOT NULL)" },
        { "cql2_text",
          "S_INTERSECTS(geometry, POLYGON((170 -10, 190 -10, 190 10, 170 -10))) and "
          "T_DURING(datetime, INTERVAL('2024-01-01', '..')) and s_within(g, BBOX(170, -10, -170, 10))" },
        { "cql2_text", "casei(name) not like casei('S2%\\_x') and a * -b ^ 2 div 3 + 1 between 1e3 and 5 or "
                       "A_CONTAINS(bands, ('red', (1, 2))) and x in (1, 'a''b', DATE('2024-01-01'), TRUE)" },
        { "cql2_json",
          "{\"op\":\"and\",\"args\":[{\"op\":\"<=\",\"args\":[{\"property\":\"a\"},20.5]},{\"args\":["
          "{\"property\":\"b\"},[1,\"x\"]],\"op\":\"in\"},{\"op\":\"s_intersects\",\"args\":[{\"property\":"
          "\"g\"},"
          "{\"type\":\"Point\",\"coordinates\":[1,2]}]}]}" },
        { "cql2_json", "{\"op\":\"t_during\",\"args\":[{\"property\":\"t\"},{\"interval\":[\"2024-01-01T00:"
                       "00:00Z\",\"..\"]}]}" },
        { "cql2_json",
          "{\"op\":\"like\",\"args\":[{\"op\":\"casei\",\"args\":[{\"property\":\"n\"}]},{\"op\":\"casei\","
          "\"args\":[\"x\\\\'%\"]}]}" },
        { "stac_item",
          "{\"type\":\"Feature\",\"stac_version\":\"1.0.0\",\"id\":\"a\",\"bbox\":[170,-10,-170,10],"
          "\"geometry\":null,"
          "\"properties\":{\"datetime\":\"2024-01-01T00:00:00Z\",\"eo:cloud_cover\":3.5},\"links\":[],"
          "\"assets\":"
          "{\"B08\":{\"href\":\"../"
          "b.tif\",\"eo:bands\":[{\"name\":\"B08\",\"common_name\":\"nir\"}],\"file:size\":9},"
          "\"visual\":{\"href\":\"c.tif\",\"bands\":[{\"name\":\"red\"},{\"eo:common_name\":\"green\"}]}}}" },
        { "stac_rows",
          "{\"type\":\"Feature\",\"stac_version\":\"1.0.0\",\"id\":\"a\",\"collection\":\"c\",\"geometry\":"
          "{\"type\":\"Polygon\",\"coordinates\":[[[15,46],[16,46,2.5],[16,47],[15,46]]]},\"bbox\":[15,46,16,"
          "47],"
          "\"properties\":{\"datetime\":\"2023-08-15T10:06:20.123Z\",\"eo:cloud_cover\":12,\"t\":[1,2],"
          "\"created\":\"2023-08-15T22:00:00.000Z\",\"x\":null,\"p\":[{\"n\":\"E\\u00e9\"}]},\"links\":[],"
          "\"assets\":{\"B04\":{\"href\":\"../B04.tif\",\"roles\":[\"data\"]}},\"foreign\":{\"a\":1}}\n"
          "{\"type\":\"Feature\",\"id\":7,\"geometry\":null,\"properties\":{\"start_datetime\":"
          "\"2024-01-01T00:00:00Z\",\"datetime\":null,\"t\":[1.5,\"a\"],\"eo:cloud_cover\":1e400}}" },
        { "schema", "{\"fields\":[{\"name\":\"time\",\"type\":\"timestamp\",\"role\":\"time\"},{\"name\":"
                    "\"a\",\"type\":\"enum\","
                    "\"repeated\":true,\"values\":{\"A\\u00fc\":1,\"B\":-2}},{\"name\":\"v\",\"type\":"
                    "\"vector\",\"width\":3,"
                    "\"not_queryable\":true,\"unit\":\"m\",\"description\":\"d\",\"example\":\"e\"}]}" },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        save_seed(root, texts[i].target, (int)i, texts[i].text, strlen(texts[i].text));
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
    save_seed(root, "receipt", 0, receipt, sizeof receipt - 1);
}

/* As text, then as the bytes that the target reads. */
static void save_wkb(const char *root)
{
    static const char *const texts[] = {
        "POINT ZM (1 2 3 4)",
        "MULTIPOLYGON (((179 0,180 0,180 1,179 0)),((-180 0,-179 0,-180 1,-180 0)))",
        "SRID=4326;GEOMETRYCOLLECTION (LINESTRING (0 60,90 60),POLYGON ((0 80,90 80,180 80,-90 80,0 80)))",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        dtake__geometry geometry;
        dtake_buf ewkb = DTAKE_BUF_INIT(4096);
        if (dtake__geometry_from_text(texts[i], strlen(texts[i]), &geometry, NULL) != DTAKE_OK ||
            dtake__geometry_to_ewkb(&geometry, &ewkb, NULL) != DTAKE_OK)
            exit(1);
        save_seed(root, "wkb", 2 * (int)i, geometry.wkb, geometry.bytes);
        save_seed(root, "wkb", 2 * (int)i + 1, ewkb.data, ewkb.len);
        dtake__geometry_dispose(&geometry);
        dtake__buf_dispose(&ewkb);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    save_tiffs(argv[1]);
    save_chunks(argv[1]);
    save_tiles(argv[1]);
    save_records(argv[1]);
    save_geokeys(argv[1]);
    save_texts(argv[1]);
    save_wkb(argv[1]);
    save_journal(argv[1]);
    save_receipt(argv[1]);
    return 0;
}
