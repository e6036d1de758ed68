#include "raster/eval_run.h"

#include "core/alloc.h"
#include "core/error.h"

enum { ROWS_PX = 1 << 16 };

static dtake_status read_and_run(dtake__eval *eval, const dtake__program *program, dtake_window window,
                                 dtake_window *need, dtake__px_plane *plane, const dtake__kernel_out *out,
                                 dtake_error *err)
{
    dtake_status st = dtake__program_windows(program, window, need);
    if (st != DTAKE_OK)
        return dtake__fail_nomem(err, "a block of pixels");
    for (size_t i = 0; i < dtake__program_sources(program) && st == DTAKE_OK; i++) {
        dtake__program_source source = dtake__program_source_at(program, i);
        if (need[i].width > 0)
            st = dtake__eval_read(eval, &source, need[i], &plane[i], err);
    }
    return st == DTAKE_OK ? dtake__program_run(program, window, plane, out, NULL, err) : st;
}

dtake_status dtake__eval_run(dtake__eval *eval, const dtake__program *program, dtake_window window,
                             const dtake__kernel_out *out, dtake_error *err)
{
    size_t sources = dtake__program_sources(program);
    dtake_window *need = dtake__calloc(sources + 1, sizeof *need);
    dtake__px_plane *plane = dtake__calloc(sources + 1, sizeof *plane);
    dtake_status st = need != NULL && plane != NULL
                          ? read_and_run(eval, program, window, need, plane, out, err)
                          : dtake__fail_nomem(err, "a block of pixels");
    for (size_t i = 0; i < sources && plane != NULL; i++)
        dtake__px_plane_dispose(&plane[i]);
    dtake__free(need);
    dtake__free(plane);
    return st;
}

dtake_status dtake__rows_run(const dtake__rows *r, bool *masked, dtake_error *err)
{
    const dtake_pixels *out = r->out;
    size_t all = (size_t)out->width * (size_t)out->height, sample = dtake_type_bytes(out->type);
    dtake__kernel_out *to = dtake__calloc((size_t)out->bands, sizeof *to);
    dtake_status st = to != NULL ? DTAKE_OK : dtake__fail_nomem(err, "a block of pixels");
    int64_t rows = ROWS_PX / r->block.width + 1;
    for (int64_t row = 0; row < r->block.height && st == DTAKE_OK; row += rows) {
        dtake_window part = { r->block.col, r->block.row + row, r->block.width,
                              rows < r->block.height - row ? rows : r->block.height - row };
        bool any = false;
        for (int32_t b = 0; b < out->bands; b++) {
            size_t at = all * (size_t)b + (size_t)((part.row - r->row) * out->width + part.col - r->col);
            to[b] =
                (dtake__kernel_out){ out->type, (char *)out->data + at * sample, out->mask + at, out->width };
        }
        if (r->go_on != NULL)
            st = r->go_on(r->ctx, err);
        if (st == DTAKE_OK)
            st = dtake__program_run(r->program, part, r->source, to, &any, err);
        *masked = *masked || any;
    }
    dtake__free(to);
    return st;
}
