/* Graphs as text, evaluated: a small image of three bands to pixels, whatever is asked of it. */
#include "graph/text.h"
#include "raster/eval_fixture.h"

#include <string.h>

enum { SIDE = 8, PLANE = SIDE * SIDE };

static void run(dtake__eval *eval, const dtake__image_value *image)
{
    static uint16_t x[PLANE];
    static int16_t y[PLANE];
    static float z[PLANE];
    static uint8_t mask[PLANE];
    dtake__program *program = NULL;
    dtake__px_plane plane[DTAKE__FIXTURE_SOURCES] = { 0 };
    const dtake_window whole = { 0, 0, SIDE, SIDE };
    for (int i = 0; i < PLANE; i++) {
        x[i] = (uint16_t)(i * 1040);
        y[i] = (int16_t)(-32768 + i * 1040);
        z[i] = (float)i * 1e30F - 3e31F;
        mask[i] = i % 5 == 0 ? 0 : 255;
    }
    const dtake__raster_grid grid = grid_of_a(SIDE, SIDE);
    const dtake__px *root = &image->band[0].px;
    if (dtake__program_new(&program, dtake__eval_expressions(eval), root, 1, &grid, NULL) != DTAKE_OK)
        return;
    for (size_t i = 0; i < dtake__program_sources(program) && i < DTAKE__FIXTURE_SOURCES; i++) {
        plane[i] = plane_of_a(program, i, whole, x, mask, y, z);
    }
    double data[PLANE];
    uint8_t out_mask[PLANE];
    dtake_type type = dtake__px_storage(dtake__px_node_of(dtake__eval_expressions(eval), root[0])->type);
    const dtake__kernel_out out = { type, data, out_mask, SIDE };
    (void)dtake__program_run(program, whole, plane, &out, NULL, NULL);
    dtake__program_free(program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dtake__eval *eval = NULL;
    const dtake__image_value *image;
    dtake__graph *graph = size < 4096 ? dtake__graph_new(&dtake__functions) : NULL;
    dtake__node node = graph != NULL ? dtake__graph_parse(graph, (const char *)data, size) : 0;
    if (node != 0 && dtake__eval_new(&eval, graph, load_a, NULL, NULL) == DTAKE_OK &&
        dtake__eval_image(eval, node, &image, NULL) == DTAKE_OK && image->count > 0)
        run(eval, image);
    dtake__eval_free(eval);
    dtake__graph_free(graph);
    return 0;
}
