/* The graph of the options, block after block. */
#include "access/image.h"
#include "access/shade_graph.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "raster/eval_program.h"
#include "raster/eval_value.h"
#include "raster/kernels.h"

#include <string.h>

enum { BLOCK_PX = 1 << 16 };

static dtake_status load(void *ctx, dtake__eval *eval, const char *id, dtake__image_value *out,
                         dtake_error *err)
{
    dtake__shading *s = ctx;
    int64_t number = 0;
    dtake__parse_i64(id, &number);
    const dtake__shade_band *band = s->band + (size_t)number * s->each;
    out->band = dtake__slab_alloc(dtake__eval_slab(eval), s->each, sizeof *out->band);
    if (out->band == NULL)
        return dtake__fail_nomem(err, "an image");
    for (size_t i = 0; i < s->each; i++)
        out->band[i] = (dtake__band_value){
            .name = s->band[i].name,
            .grid = &s->place,
            .px = dtake__px_add(dtake__eval_expressions(eval),
                                &(dtake__px_node){ .op = &dtake__op_source,
                                                   .data = &band[i],
                                                   .type = dtake__px_type_of(band[i].type) })
        };
    out->count = s->each;
    return DTAKE_OK;
}

static dtake_type output_type(const dtake__expressions *e, const dtake__image_value *image)
{
    dtake_type type = DTAKE_U8;
    for (size_t i = 0; i < image->count; i++) {
        dtake_type one = dtake__px_storage(dtake__px_node_of(e, image->band[i].px)->type);
        type = i == 0 ? one : dtake__type_union(type, one);
    }
    return type;
}

static dtake_status run_blocks(const dtake__shading *s, const dtake__program *program, dtake_pixels *out,
                               bool *masked, dtake_error *err)
{
    size_t sources = dtake__program_sources(program), plane = (size_t)(out->width * out->height);
    dtake__px_plane *source = dtake__calloc(sources, sizeof *source);
    dtake__kernel_out *to = dtake__calloc((size_t)out->bands, sizeof *to);
    dtake_status st = source != NULL && to != NULL ? DTAKE_OK : dtake__fail_nomem(err, "a block of pixels");
    for (size_t i = 0; i < sources && st == DTAKE_OK; i++) {
        const dtake__shade_band *band = dtake__program_source_at(program, i).node->data;
        source[i] = (dtake__px_plane){ .window = { 0, 0, out->width, out->height },
                                       .type = band->type,
                                       .data = band->data,
                                       .mask = band->mask };
    }
    int64_t rows = BLOCK_PX / out->width + 1;
    for (int64_t row = 0; row < out->height && st == DTAKE_OK; row += rows) {
        dtake_window block = { 0, row, out->width, rows < out->height - row ? rows : out->height - row };
        bool any = false;
        for (int32_t b = 0; b < out->bands; b++) {
            size_t at = (size_t)b * plane + (size_t)(row * out->width);
            to[b] = (dtake__kernel_out){ out->type, (char *)out->data + at * dtake_type_bytes(out->type),
                                         out->mask + at, out->width };
        }
        st = dtake__program_run(program, block, source, to, &any, err);
        *masked = *masked || any;
    }
    (void)s;
    dtake__free(source);
    dtake__free(to);
    return st;
}

/* Masks that are all the same are one. */
static void simplify_mask(dtake_pixels *pixels, bool masked)
{
    size_t plane = (size_t)(pixels->width * pixels->height);
    bool same = true;
    for (int32_t b = 1; b < pixels->bands && masked && same; b++)
        same = memcmp(pixels->mask, pixels->mask + (size_t)b * plane, plane) == 0;
    if (!masked) {
        dtake__free(pixels->mask);
        pixels->mask = NULL;
        pixels->mask_bands = 0;
    } else if (same) {
        pixels->mask_bands = 1;
    }
}

static dtake_status name_bands(dtake__shaded *out, const dtake__image_value *image, dtake_error *err)
{
    out->name = dtake__calloc(image->count, sizeof *out->name);
    for (size_t i = 0; out->name != NULL && i < image->count; i++)
        if ((out->name[i] = dtake__strdup(image->band[i].name)) == NULL)
            return dtake__fail_nomem(err, "the names of bands");
    return out->name != NULL ? DTAKE_OK : dtake__fail_nomem(err, "the names of bands");
}

static dtake_status compute(dtake__shaded *out, const dtake__shading *s, dtake__eval *eval,
                            const dtake__image_value *image, dtake_error *err)
{
    dtake__program *program = NULL;
    bool masked = false;
    const dtake__expressions *e = dtake__eval_expressions(eval);
    dtake__px *root = dtake__calloc(image->count, sizeof *root);
    if (root == NULL)
        return dtake__fail_nomem(err, "an image");
    for (size_t i = 0; i < image->count; i++)
        root[i] = image->band[i].px;
    dtake_status st = dtake__program_new(&program, e, root, image->count, &s->place, err);
    if (st == DTAKE_OK)
        st = dtake__pixels_init(&out->pixels, s->grid->width, s->grid->height, (int32_t)image->count,
                                output_type(e, image), (int32_t)image->count, err);
    if (st == DTAKE_OK)
        st = run_blocks(s, program, &out->pixels, &masked, err);
    if (st == DTAKE_OK) {
        simplify_mask(&out->pixels, masked);
        st = name_bands(out, image, err);
    }
    dtake__program_free(program);
    dtake__free(root);
    return st;
}

/* The images of a composite have the same bands: where the first comes again the next image begins. */
static size_t bands_of_one(const dtake__shade_band *band, size_t count)
{
    size_t each = 1;
    while (each < count && strcmp(band[each].name, band[0].name) != 0)
        each++;
    return each;
}

dtake_status dtake__shade(dtake__shaded *out, const dtake_get_options *o, const dtake__grid *grid,
                          const dtake__shade_band *band, size_t count, dtake_error *err)
{
    dtake__shading s = { .options = o, .grid = grid, .band = band, .count = count, .each = count };
    if (o->composite != NULL)
        s.each = bands_of_one(band, count);
    if (count % s.each != 0 || count / s.each > DTAKE__MAX_SOURCES)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "a composite of files with several bands: name one band of each");
    dtake__eval *eval = NULL;
    dtake__node node = 0;
    const dtake__image_value *image = NULL;
    s.place = (dtake__raster_grid){ grid->crs, grid->transform, grid->width, grid->height };
    *out = (dtake__shaded){ 0 };
    dtake_status st = dtake__shade_graph(&s, &node, err);
    if (st == DTAKE_OK)
        st = dtake__eval_new(&eval, s.graph, load, &s, err);
    if (st == DTAKE_OK)
        st = dtake__eval_image(eval, node, &image, err);
    if (st == DTAKE_OK && image->count == 0)
        st = dtake__fail(err, DTAKE_E_EMPTY, "there is no band left");
    if (st == DTAKE_OK)
        st = compute(out, &s, eval, image, err);
    if (st != DTAKE_OK) {
        for (int32_t i = 0; out->name != NULL && i < out->pixels.bands; i++)
            dtake__free(out->name[i]);
        dtake__free(out->name);
        dtake_pixels_dispose(&out->pixels);
        *out = (dtake__shaded){ 0 };
    }
    dtake__eval_free(eval);
    dtake__graph_free(s.graph);
    return st;
}

int64_t dtake__shade_bytes(const dtake_get_options *o, const dtake__grid *grid, size_t bands)
{
    int64_t outputs = o->visualize.enabled || o->outline != NULL ? 3 : (int64_t)bands;
    for (const char *at = o->expression; at != NULL && (at = strchr(at, ';')) != NULL; at++)
        outputs++;
    int64_t sample = o->visualize.enabled ? 2 : 9; /* with its mask */
    return grid->width * grid->height * outputs * sample + (16 << 20);
}
