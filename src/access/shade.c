#include "access/shade.h"

#include "access/image.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "graph/text.h"
#include "raster/eval_program.h"
#include "raster/eval_value.h"
#include "raster/expression.h"
#include "raster/kernels.h"

#include <stdio.h>
#include <string.h>

enum { MAX_OUTPUTS = DTAKE_MAX_BANDS, MAX_NAME = 64, BLOCK_PX = 1 << 16 };

const char *const dtake__cloud_bands[] = { "SCL", "scl", "qa_pixel", "QA_PIXEL", "Fmask", "QA60", NULL };

bool dtake__is_cloud_band(const char *name)
{
    for (const char *const *cloud = dtake__cloud_bands; *cloud != NULL; cloud++)
        if (strcmp(*cloud, name) == 0)
            return true;
    return false;
}

bool dtake__shade_wanted(const dtake_get_options *o)
{
    return o->composite != NULL || o->expression != NULL || o->outline != NULL || o->paint != NULL ||
           o->mask_clouds;
}

/* --- options --- */

/* The next "name=expression" of several with ';' between them. False: there is none. */
static bool next_expression(const char **rest, char name[MAX_NAME], dtake__span *text)
{
    *rest += strspn(*rest, " ;");
    size_t len = strcspn(*rest, ";"), word = strcspn(*rest, "=;<>!");
    bool named = word < len && (*rest)[word] == '=' && (*rest)[word + 1] != '=' && word < MAX_NAME;
    while (named && word > 0 && (*rest)[word - 1] == ' ')
        word--;
    for (size_t i = 0; i < word && named; i++)
        named = strchr("+-*/%() ?:", (*rest)[i]) == NULL;
    snprintf(name, MAX_NAME, "%.*s", named ? (int)word : 0, *rest);
    const char *from = named ? strchr(*rest, '=') + 1 : *rest;
    *text = (dtake__span){ from, (size_t)(*rest + len - from) };
    *rest += len;
    return len > 0;
}

dtake_status dtake__shade_names(const dtake_get_options *o, dtake__strings *out, dtake_error *err)
{
    char name[MAX_NAME];
    dtake__span text;
    dtake_status st = DTAKE_OK;
    const char *rest = o->expression;
    while (st == DTAKE_OK && next_expression(&rest, name, &text)) {
        char *one = dtake__strndup(text.text, text.len);
        st = one != NULL ? dtake__expression_names(one, out, err) : dtake__fail_nomem(err, "an expression");
        dtake__free(one);
    }
    return st;
}

typedef struct outline {
    char color[32];
    double width;
} outline;

static dtake_status read_outline(const char *text, outline *out, dtake_error *err)
{
    char width[32] = "2";
    const char *rest = text;
    dtake__next_piece(&rest, ',', out->color, sizeof out->color);
    if (rest != NULL)
        dtake__next_piece(&rest, ',', width, sizeof width);
    if (rest != NULL || !dtake__parse_f64(width, &out->width) || !(out->width > 0 && out->width <= 1000))
        return dtake__fail(err, DTAKE_E_USAGE, "--outline %.60s: COLOR,WIDTH is needed, such as blue,2",
                           text);
    return DTAKE_OK;
}

/* "color=1,width=2": a number, or the name of a property that is one. */
static dtake_status read_paint(dtake__graph *graph, const char *text, dtake__named arg[4], size_t *count,
                               dtake_error *err)
{
    char piece[80];
    double number;
    for (const char *rest = text; rest != NULL && rest[0] != '\0';) {
        dtake__next_piece(&rest, ',', piece, sizeof piece);
        const char *value = strchr(piece, '=');
        bool color = dtake__starts_with(piece, "color="), width = dtake__starts_with(piece, "width=");
        if (value == NULL || (!color && !width) || *count == 4)
            return dtake__fail(err, DTAKE_E_USAGE, "--paint: '%.60s' is not color=VALUE or width=PIXELS",
                               piece);
        arg[(*count)++] =
            (dtake__named){ color ? "color" : "width", dtake__parse_f64(value + 1, &number)
                                                           ? dtake__graph_number(graph, number)
                                                           : dtake__graph_text(graph, value + 1) };
    }
    return DTAKE_OK;
}

static const struct {
    const char *name, *function;
} composites[] = { { "median", "reduce.median" },
                   { "mean", "reduce.mean" },
                   { "count", "reduce.count" },
                   { "mosaic", "ImageCollection.mosaic" },
                   { "quality", "ImageCollection.qualityMosaic" } };
enum { COMPOSITES = sizeof composites / sizeof composites[0] };

static const char *composite_function(const dtake_get_options *o)
{
    for (size_t i = 0; i < COMPOSITES; i++)
        if (strcmp(composites[i].name, o->composite) == 0)
            return composites[i].function;
    return NULL;
}

static dtake_status check_composite(const dtake_get_options *o, dtake_error *err)
{
    if (composite_function(o) == NULL)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "composite: the method '%.40s' is none of median, mean, count, mosaic, quality",
                           o->composite);
    if (o->band_count == 0 && o->expression == NULL)
        return dtake__fail(err, DTAKE_E_USAGE, "composite: name bands with --bands, or give an --expression");
    for (size_t i = 1; i < o->band_count; i++)
        if (strcmp(o->bands[i], o->bands[0]) == 0)
            return dtake__fail(err, DTAKE_E_USAGE, "composite: the band %.40s is named twice", o->bands[0]);
    if ((strcmp(o->composite, "quality") == 0) != (o->quality != NULL))
        return dtake__fail(
            err, DTAKE_E_USAGE,
            "composite: --quality names the band that decides, and goes with the method quality");
    return DTAKE_OK;
}

dtake_status dtake__shade_check(const dtake_get_options *o, dtake_error *err)
{
    outline line;
    dtake__strings names = { 0 };
    dtake_status st = o->outline != NULL ? read_outline(o->outline, &line, err) : DTAKE_OK;
    if (st == DTAKE_OK && o->outline != NULL && !o->has_bbox && o->intersects == NULL)
        st = dtake__fail(err, DTAKE_E_USAGE, "--outline draws the area of --bbox or --intersects; give one");
    if (st == DTAKE_OK && o->expression != NULL)
        st = dtake__shade_names(o, &names, err);
    dtake__strings_dispose(&names);
    if (st == DTAKE_OK && o->composite != NULL)
        st = check_composite(o, err);
    if (st == DTAKE_OK && dtake__shade_wanted(o) && o->raw)
        st =
            dtake__fail(err, DTAKE_E_USAGE,
                        "--raw stores files as they are: it goes with no --expression, --outline, --paint or "
                        "--mask-clouds");
    return st;
}

/* --- the graph --- */

typedef struct shading {
    const dtake_get_options *options;
    const dtake__grid *grid;
    const dtake__shade_band *band;
    size_t count;
    size_t each; /* bands of one image */
    dtake__graph *graph;
    dtake__raster_grid place;
} shading;

static dtake__node call1(shading *s, const char *function, dtake__node a)
{
    return dtake__graph_call(s->graph, function, &(dtake__named){ NULL, a }, 1);
}

static dtake__node call2(shading *s, const char *function, dtake__node a, dtake__node b)
{
    const dtake__named arg[2] = { { NULL, a }, { NULL, b } };
    return dtake__graph_call(s->graph, function, arg, 2);
}

static dtake__node numbers(shading *s, const double *value, size_t count)
{
    dtake__node item[8];
    for (size_t i = 0; i < count; i++)
        item[i] = dtake__graph_number(s->graph, value[i]);
    return dtake__graph_list(s->graph, item, count);
}

/* 1 where the ground is seen. Sentinel-2 scene classes: 3 cloud shadow, 8 and 9 cloud, 10 cirrus. Landsat
 * QA_PIXEL: bits 1 dilated cloud, 2 cirrus, 3 cloud, 4 shadow. HLS Fmask: 1 cloud, 2 beside one, 3 shadow.
 * QA60: 10, 11. */
static dtake__node seen(shading *s, dtake__node clouds, const char *name)
{
    static const double classes[] = { 3, 8, 9, 10 }, none[] = { 0, 0, 0, 0 };
    if (dtake__equal_nocase(name, "scl")) {
        const dtake__named arg[4] = { { "image", clouds },
                                      { "from", numbers(s, classes, 4) },
                                      { "to", numbers(s, none, 4) },
                                      { "defaultValue", dtake__graph_number(s->graph, 1) } };
        return dtake__graph_call(s->graph, "Image.remap", arg, 4);
    }
    double bits = dtake__equal_nocase(name, "qa_pixel") ? 30 : dtake__equal_nocase(name, "fmask") ? 14 : 3072;
    return call2(s, "Image.eq", call2(s, "Image.bitwiseAnd", clouds, dtake__graph_number(s->graph, bits)),
                 dtake__graph_number(s->graph, 0));
}

static dtake__node without_clouds(shading *s, dtake__node image)
{
    const dtake__named ends[3] = { { NULL, image },
                                   { NULL, dtake__graph_number(s->graph, 0) },
                                   { NULL, dtake__graph_number(s->graph, -1) } };
    dtake__node clouds = call2(s, "Image.select", image, dtake__graph_number(s->graph, -1));
    return call2(s, "Image.updateMask", dtake__graph_call(s->graph, "Image.slice", ends, 3),
                 seen(s, clouds, s->band[s->each - 1].name));
}

static dtake__node one_expression(shading *s, dtake__node image, const char *name, dtake__span text)
{
    dtake__node variable = dtake__graph_text(s->graph, "image");
    const dtake__named arg[4] = { { NULL, dtake__graph_span(s->graph, text) },
                                  { NULL, variable },
                                  { NULL, dtake__graph_list(s->graph, &variable, 1) },
                                  { NULL, dtake__graph_bool(s->graph, true) } };
    const dtake__named on = { "image", image };
    dtake__node out =
        dtake__graph_apply(s->graph, dtake__graph_call(s->graph, "Image.parseExpression", arg, 4), &on, 1);
    return name[0] != '\0' ? call2(s, "Image.rename", out, dtake__graph_text(s->graph, name)) : out;
}

static dtake__node expressions(shading *s, dtake__node image)
{
    dtake__node item[MAX_OUTPUTS];
    size_t count = 0;
    char name[MAX_NAME];
    dtake__span text;
    for (const char *rest = s->options->expression; next_expression(&rest, name, &text);) {
        if (count == MAX_OUTPUTS)
            return dtake__graph_fail(s->graph, DTAKE_E_LIMIT, "more than %d expressions", MAX_OUTPUTS);
        item[count++] = one_expression(s, image, name, text);
    }
    return count == 1 ? item[0] : call1(s, "Image.cat", dtake__graph_list(s->graph, item, count));
}

static dtake__node visualized(shading *s, dtake__node image)
{
    const dtake_visualize *v = &s->options->visualize;
    dtake__named arg[10] = { { "image", image } };
    size_t count = 1;
    const struct {
        const char *name;
        const double *value;
        int32_t count;
    } lists[] = { { "min", v->min, v->min_count },
                  { "max", v->max, v->max_count },
                  { "gain", v->gain, v->gain_count },
                  { "bias", v->bias, v->bias_count },
                  { "gamma", v->gamma, v->gamma_count } };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (lists[i].count > 0 && lists[i].count <= 8)
            arg[count++] =
                (dtake__named){ lists[i].name, numbers(s, lists[i].value, (size_t)lists[i].count) };
    if (v->opacity != 1)
        arg[count++] = (dtake__named){ "opacity", dtake__graph_number(s->graph, v->opacity) };
    if (v->palette_count > 0) {
        dtake__node color[DTAKE_MAX_PALETTE];
        for (int32_t i = 0; i < v->palette_count; i++) {
            char text[8];
            snprintf(text, sizeof text, "%02x%02x%02x", v->palette[i][0], v->palette[i][1], v->palette[i][2]);
            color[i] = dtake__graph_text(s->graph, text);
        }
        arg[count++] =
            (dtake__named){ "palette", dtake__graph_list(s->graph, color, (size_t)v->palette_count) };
    }
    return dtake__graph_call(s->graph, "Image.visualize", arg, count);
}

static dtake__node area_of(shading *s)
{
    const dtake_get_options *o = s->options;
    if (!o->has_bbox) /* GeoJSON is a dictionary of the graph's text */
        return dtake__graph_parse(s->graph, o->intersects, strlen(o->intersects));
    const dtake__named arg[4] = { { "west", dtake__graph_number(s->graph, o->bbox.west) },
                                  { "south", dtake__graph_number(s->graph, o->bbox.south) },
                                  { "east", dtake__graph_number(s->graph, o->bbox.west > o->bbox.east
                                                                              ? o->bbox.east + 360
                                                                              : o->bbox.east) },
                                  { "north", dtake__graph_number(s->graph, o->bbox.north) } };
    return dtake__graph_call(s->graph, "GeometryConstructors.BBox", arg, 4);
}

static dtake_status add_drawings(shading *s, dtake__node *image, dtake_error *err)
{
    const dtake_get_options *o = s->options;
    dtake_status st = DTAKE_OK;
    if (o->paint != NULL) {
        dtake__named arg[4] = { { "image", *image } };
        size_t count = 2;
        arg[1] =
            (dtake__named){ "featureCollection", dtake__graph_parse(s->graph, o->paint, strlen(o->paint)) };
        if (o->paint_style != NULL)
            st = read_paint(s->graph, o->paint_style, arg, &count, err);
        *image = st == DTAKE_OK ? dtake__graph_call(s->graph, "Image.paint", arg, count) : 0;
    }
    if (st == DTAKE_OK && o->outline != NULL) {
        outline line;
        st = read_outline(o->outline, &line, err);
        const dtake__named style[4] = { { "collection", area_of(s) },
                                        { "color", dtake__graph_text(s->graph, line.color) },
                                        { "width", dtake__graph_number(s->graph, line.width) },
                                        { "fillColor", dtake__graph_text(s->graph, "00000000") } };
        *image = call2(s, "Image.blend", *image, dtake__graph_call(s->graph, "Collection.style", style, 4));
    }
    return st;
}

static dtake__node one_image(shading *s, size_t index)
{
    char id[16];
    snprintf(id, sizeof id, "%zu", index);
    dtake__node image = call1(s, "Image.load", dtake__graph_text(s->graph, id));
    if (s->options->mask_clouds)
        image = without_clouds(s, image);
    return s->options->expression != NULL ? expressions(s, image) : image;
}

static dtake__node composite(shading *s)
{
    const dtake_get_options *o = s->options;
    dtake__node item[DTAKE__MAX_SOURCES];
    size_t count = s->count / s->each;
    for (size_t i = 0; i < count; i++)
        item[i] = one_image(s, i);
    dtake__node images = dtake__graph_list(s->graph, item, count);
    return o->quality != NULL
               ? call2(s, composite_function(o), images, dtake__graph_text(s->graph, o->quality))
               : call1(s, composite_function(o), images);
}

static dtake_status make_graph(shading *s, dtake__node *out, dtake_error *err)
{
    const dtake_get_options *o = s->options;
    s->graph = dtake__graph_new(&dtake__functions);
    if (s->graph == NULL)
        return dtake__fail_nomem(err, "a graph");
    dtake__node image = o->composite != NULL ? composite(s) : one_image(s, 0);
    if (o->has_unmask)
        image = call2(s, "Image.unmask", image, dtake__graph_number(s->graph, o->unmask));
    if (o->visualize.enabled)
        image = visualized(s, image);
    dtake_status st = add_drawings(s, &image, err);
    *out = image;
    return st == DTAKE_OK ? dtake__graph_status(s->graph, err) : st;
}

/* --- pixels --- */

static dtake_status load(void *ctx, dtake__eval *eval, const char *id, dtake__image_value *out,
                         dtake_error *err)
{
    shading *s = ctx;
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

static dtake_status run_blocks(const shading *s, const dtake__program *program, dtake_pixels *out,
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

static dtake_status compute(dtake__shaded *out, const shading *s, dtake__eval *eval,
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
    shading s = { .options = o, .grid = grid, .band = band, .count = count, .each = count };
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
    dtake_status st = make_graph(&s, &node, err);
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
