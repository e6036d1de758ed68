/* The image "a" of the evaluator's test and fuzz target: bands x uint16, y int16, z float32. */
#ifndef DTAKE_RASTER_EVAL_FIXTURE_H
#define DTAKE_RASTER_EVAL_FIXTURE_H

#include "core/error.h"
#include "raster/eval_program.h"
#include "raster/eval_value.h"

#include <string.h>

enum { DTAKE__FIXTURE_SOURCES = 64 }; /* three bands on any of a program's grids */

/* Pixels of 10 m from (500000, 5000000) on. */
static inline dtake__raster_grid grid_of_a(int64_t width, int64_t height)
{
    return (dtake__raster_grid){ "EPSG:32633", { 500000, 10, 0, 5000000, 0, -10 }, width, height };
}

static inline dtake_status load_a(void *ctx, dtake__eval *eval, const char *id, dtake__image_value *out,
                                  dtake_error *err)
{
    static const char *const names[] = { "x", "y", "z" };
    static const dtake_type types[] = { DTAKE_U16, DTAKE_I16, DTAKE_F32 };
    if (strcmp(id, "a") != 0)
        return dtake__fail(err, DTAKE_E_NOT_FOUND, "there is no image '%s'", id);
    out->band = dtake__slab_alloc(dtake__eval_slab(eval), 3, sizeof *out->band);
    dtake__raster_grid *grid = dtake__slab_alloc(dtake__eval_slab(eval), 1, sizeof *grid);
    if (out->band == NULL || grid == NULL)
        return dtake__fail_nomem(err, "an image");
    *grid = grid_of_a(8, 8);
    for (int i = 0; i < 3; i++)
        out->band[i] = (dtake__band_value){ .name = names[i],
                                            .grid = grid,
                                            .px = dtake__px_add(
                                                dtake__eval_expressions(eval),
                                                &(dtake__px_node){ .op = &dtake__op_source,
                                                                   .data = ctx,
                                                                   .param = { i },
                                                                   .type = dtake__px_type_of(types[i]) }) };
    out->count = 3;
    out->id = id;
    return DTAKE_OK;
}

/* The pixels of the band that a source of a program stands for, on a grid of the same pixels whose corner may
 * lie elsewhere. */
static inline dtake__px_plane plane_of_a(const dtake__program *program, size_t source, dtake_window whole,
                                         const uint16_t *x, const uint8_t *x_mask, const int16_t *y,
                                         const float *z)
{
    const dtake_affine *t = &dtake__program_source_at(program, source).grid->transform;
    if (t->col_x == 10 && t->row_y == -10) {
        whole.col = (int64_t)((500000 - t->x0) / 10);
        whole.row = (int64_t)((t->y0 - 5000000) / 10);
    }
    switch ((int)dtake__program_source_at(program, source).node->param[0]) {
    case 0:
        return (dtake__px_plane){ whole, DTAKE_U16, x, x_mask, NULL, NULL };
    case 1:
        return (dtake__px_plane){ whole, DTAKE_I16, y, NULL, NULL, NULL };
    default:
        return (dtake__px_plane){ whole, DTAKE_F32, z, NULL, NULL, NULL };
    }
}

#endif
