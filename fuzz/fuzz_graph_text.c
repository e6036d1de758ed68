/* Graphs as text: what is read is written, and reads back as the very same node. */
#include "graph/text.h"

#include <stdlib.h>

#define IMAGE(name)                                                                                          \
    {                                                                                                        \
        name, DTAKE__IMAGE, NULL                                                                             \
    }

static const dtake__function add = { "Image.add", DTAKE__IMAGE, { IMAGE("image1"), IMAGE("image2") } };
static const dtake__function add_bands = { "Image.addBands",
                                           DTAKE__IMAGE,
                                           { IMAGE("dstImg"), IMAGE("srcImg") } };
static const dtake__function constant = { "Image.constant", DTAKE__IMAGE, { { "value", DTAKE__OBJECT } } };
static const dtake__function map = { "Map",
                                     DTAKE__FEATURE_COLLECTION,
                                     { { "c", DTAKE__FEATURE_COLLECTION, "null" },
                                       { "f", DTAKE__ALGORITHM } } };
static const dtake__function *const functions[] = { &add, &add_bands, &constant, &map };
static const dtake__registry registry = { functions, sizeof functions / sizeof functions[0] };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dtake_buf out = DTAKE_BUF_INIT(1 << 20);
    dtake__graph *graph = dtake__graph_new(&registry);
    dtake__node node = graph != NULL ? dtake__graph_parse(graph, (const char *)data, size) : 0;
    if (node != 0 && dtake__graph_write(graph, node, &out) == DTAKE_OK &&
        dtake__graph_parse(graph, (const char *)out.data, out.len) != node &&
        dtake__graph_status(graph, NULL) != DTAKE_E_LIMIT)
        abort();
    dtake__buf_dispose(&out);
    dtake__graph_free(graph);
    return 0;
}
