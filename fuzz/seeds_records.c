/* Seeds of the readers of items and rows: plain, gzip, zstd. */
#include "seeds.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

static const char item[] = "{\"type\":\"Feature\",\"id\":\"S2A_\\u00e9\\ud83d\\ude80\",\"bbox\":[-82.48,8.35,"
                           "1e-7,46.853622974188006],"
                           "\"properties\":{\"datetime\":\"2024-01-01T00:00:00Z\",\"n\":[-0,"
                           "18446744073709551615,1E+5,true,null,\"\xC3\xA9\"]}}";

static const char collection[] = "{\"type\":\"FeatureCollection\",\n \"features\" : [\n  "
                                 "{\"a\":\"]}\\\"\"},\n  {\"b\":[{}]}\n ],\"links\":[1]}\n";

static const char rows[] = "scene_id,note\r\n2025-01-01t104441,\"two\r\nlines, \"\"quoted\"\"\"\n5\" pipe,\n";

/* The kind and the size of the pieces come first; see fuzz_lines.c. */
static void save_stream(const char *root, int number, char kind, const void *bytes, size_t len)
{
    char seed[4096] = { kind, 40 };
    memcpy(seed + 2, bytes, len);
    save_seed(root, "lines", number, seed, len + 2);
}

static void save_compressed(const char *root)
{
    char packed[2048];
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    if (c == NULL)
        exit(1);
    size_t len = libdeflate_gzip_compress(c, item, sizeof item - 1, packed, sizeof packed);
    save_stream(root, 10, 0, packed, len);
    len += libdeflate_gzip_compress(c, rows, sizeof rows - 1, packed + len, sizeof packed - len);
    save_stream(root, 11, 1, packed, len);
    libdeflate_free_compressor(c);
    len = ZSTD_compress(packed, sizeof packed, collection, sizeof collection - 1, 3);
    save_stream(root, 12, 2, packed, len);
}

void save_records(const char *root)
{
    static const char *const expressions[] = {
        "strptime(concat(a, ' ', substr(b, -6, 4)), '%Y-%m-%d %H%M')\n2025-01-01,\"x104441\",\"\"\"q\"\"\"",
        "box(a - 1, -b * 2.5e1, (a + c) / 3, number(c))\n1,2,3",
        "coalesce(split(upper(a), '_', -1), between(b, '<', '>'), replace(trim(c), 'x', 'yy'))\nA_b,<c>, xdx",
    };
    save_seed(root, "json", 0, item, sizeof item - 1);
    save_seed(root, "json", 1, collection, sizeof collection - 1);
    save_seed(root, "json", 2, "-9007199254740993.00000000000000000001e-12", 42);
    for (int i = 0; i < 3; i++)
        save_seed(root, "csv", i, expressions[i], strlen(expressions[i]));
    save_stream(root, 0, 0, "\xEF\xBB\xBF{}\r\n\n{\"a\":1}", 15);
    save_stream(root, 1, 1, rows, sizeof rows - 1);
    save_stream(root, 2, 2, collection, sizeof collection - 1);
    save_stream(root, 3, 2, item, sizeof item - 1);
    save_compressed(root);
}
