/* Options as a graph. */
#include "access/image.h"
#include "access/shade_graph.h"

#include "core/error.h"
#include "core/text.h"
#include "graph/text.h"
#include "raster/eval_value.h"
#include "raster/kernels.h"

#include <stdio.h>
#include <string.h>

enum { MAX_OUTPUTS = DTAKE_MAX_BANDS };

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

static dtake__node call1(dtake__shading *s, const char *function, dtake__node a)
{
    return dtake__graph_call(s->graph, function, &(dtake__named){ NULL, a }, 1);
}

static dtake__node call2(dtake__shading *s, const char *function, dtake__node a, dtake__node b)
{
    const dtake__named arg[2] = { { NULL, a }, { NULL, b } };
    return dtake__graph_call(s->graph, function, arg, 2);
}

static dtake__node numbers(dtake__shading *s, const double *value, size_t count)
{
    dtake__node item[8];
    for (size_t i = 0; i < count; i++)
        item[i] = dtake__graph_number(s->graph, value[i]);
    return dtake__graph_list(s->graph, item, count);
}

/* 1 where the ground is seen. Sentinel-2 scene classes: 3 cloud shadow, 8 and 9 cloud, 10 cirrus. Landsat
 * QA_PIXEL: bits 1 dilated cloud, 2 cirrus, 3 cloud, 4 shadow. HLS Fmask: 1 cloud, 2 beside one, 3 shadow.
 * QA60: 10, 11. */
static dtake__node seen(dtake__shading *s, dtake__node clouds, const char *name)
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

static dtake__node without_clouds(dtake__shading *s, dtake__node image)
{
    const dtake__named ends[3] = { { NULL, image },
                                   { NULL, dtake__graph_number(s->graph, 0) },
                                   { NULL, dtake__graph_number(s->graph, -1) } };
    dtake__node clouds = call2(s, "Image.select", image, dtake__graph_number(s->graph, -1));
    return call2(s, "Image.updateMask", dtake__graph_call(s->graph, "Image.slice", ends, 3),
                 seen(s, clouds, s->band[s->each - 1].name));
}

static dtake__node one_expression(dtake__shading *s, dtake__node image, const char *name, dtake__span text)
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

static dtake__node expressions(dtake__shading *s, dtake__node image)
{
    dtake__node item[MAX_OUTPUTS];
    size_t count = 0;
    char name[DTAKE__SHADE_NAME];
    dtake__span text;
    for (const char *rest = s->options->expression; dtake__shade_next(&rest, name, &text);) {
        if (count == MAX_OUTPUTS)
            return dtake__graph_fail(s->graph, DTAKE_E_LIMIT, "more than %d expressions", MAX_OUTPUTS);
        item[count++] = one_expression(s, image, name, text);
    }
    return count == 1 ? item[0] : call1(s, "Image.cat", dtake__graph_list(s->graph, item, count));
}

static dtake__node visualized(dtake__shading *s, dtake__node image)
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

dtake__node dtake__shade_area(dtake__shading *s, bool box)
{
    const dtake_get_options *o = s->options;
    if (!box) /* GeoJSON is a dictionary of the graph's text */
        return dtake__graph_parse(s->graph, o->intersects, strlen(o->intersects));
    const dtake__named arg[4] = { { "west", dtake__graph_number(s->graph, o->bbox.west) },
                                  { "south", dtake__graph_number(s->graph, o->bbox.south) },
                                  { "east", dtake__graph_number(s->graph, o->bbox.west > o->bbox.east
                                                                              ? o->bbox.east + 360
                                                                              : o->bbox.east) },
                                  { "north", dtake__graph_number(s->graph, o->bbox.north) } };
    return dtake__graph_call(s->graph, "GeometryConstructors.BBox", arg, 4);
}

static dtake_status add_drawings(dtake__shading *s, dtake__node *image, dtake_error *err)
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
        dtake__outline_style line;
        st = dtake__outline_style_read(o->outline, &line, err);
        const dtake__named style[4] = { { "collection", dtake__shade_area(s, o->has_bbox) },
                                        { "color", dtake__graph_text(s->graph, line.color) },
                                        { "width", dtake__graph_number(s->graph, line.width) },
                                        { "fillColor", dtake__graph_text(s->graph, "00000000") } };
        *image = call2(s, "Image.blend", *image, dtake__graph_call(s->graph, "Collection.style", style, 4));
    }
    return st;
}

static dtake__node one_image(dtake__shading *s, size_t index)
{
    char id[16];
    snprintf(id, sizeof id, "%zu", index);
    dtake__node image = call1(s, "Image.load", dtake__graph_text(s->graph, id));
    if (s->options->mask_clouds)
        image = without_clouds(s, image);
    if (s->options->graph != NULL)
        return dtake__shade_parse(s, image);
    return s->options->expression != NULL ? expressions(s, image) : image;
}

static dtake__node composite(dtake__shading *s)
{
    const dtake_get_options *o = s->options;
    dtake__node item[DTAKE__MAX_SOURCES];
    size_t count = s->count / s->each;
    for (size_t i = 0; i < count; i++)
        item[i] = one_image(s, i);
    dtake__node images = dtake__graph_list(s->graph, item, count);
    return o->quality != NULL
               ? call2(s, dtake__composite_function(o), images, dtake__graph_text(s->graph, o->quality))
               : call1(s, dtake__composite_function(o), images);
}

/* "uint16": Image.toUint16. */
static dtake__node cast(dtake__shading *s, dtake__node image)
{
    static const char *const functions[] = {
        [DTAKE_U8] = "Image.toUint8",  [DTAKE_I8] = "Image.toInt8",    [DTAKE_U16] = "Image.toUint16",
        [DTAKE_I16] = "Image.toInt16", [DTAKE_U32] = "Image.toUint32", [DTAKE_I32] = "Image.toInt32",
        [DTAKE_F32] = "Image.toFloat", [DTAKE_F64] = "Image.toDouble"
    };
    dtake_type type = DTAKE_F64;
    dtake__type_of_name(s->options->sample_type, &type);
    return call1(s, functions[type], image);
}

dtake_status dtake__shade_graph(dtake__shading *s, dtake__node *out, dtake_error *err)
{
    const dtake_get_options *o = s->options;
    s->graph = dtake__graph_new(&dtake__functions);
    if (s->graph == NULL)
        return dtake__fail_nomem(err, "a graph");
    dtake__node image = o->composite != NULL ? composite(s) : one_image(s, 0);
    if (o->graph != NULL && o->intersects != NULL) /* it sees all of the image */
        image = call2(s, "Image.clip", image, dtake__shade_area(s, false));
    if (o->has_unmask)
        image = call2(s, "Image.unmask", image, dtake__graph_number(s->graph, o->unmask));
    if (o->has_unmask && o->intersects != NULL) /* outside of the area there is no value to take */
        image = call2(s, "Image.clip", image, dtake__shade_area(s, false));
    if (o->visualize.enabled)
        image = visualized(s, image);
    dtake_status st = add_drawings(s, &image, err);
    if (st == DTAKE_OK && o->sample_type != NULL)
        image = cast(s, image);
    *out = image;
    return st == DTAKE_OK ? dtake__graph_status(s->graph, err) : st;
}
