/* Image.visualize: the formula of docs/visualize.md, sample by sample; of whole numbers by a table. */
#include "raster/colors.h"
#include "raster/eval_function.h"
#include "raster/stretch.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

enum { MOST_ENTRIES = 1 << 18 };

/* One channel of the output. */
typedef struct channel {
    dtake__stretch stretch;
    int place;            /* in a palette's colours; -1: gray */
    const uint8_t *table; /* of the samples `low`, low + 1 ...; NULL: none */
    double low;
    size_t entries;
} channel;

static double compute(const channel *c, double v)
{
    uint8_t rgb[3];
    if (c->place < 0)
        return dtake__stretch_gray(&c->stretch, v);
    dtake__stretch_color(&c->stretch, v, rgb);
    return rgb[c->place];
}

static void run(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    const channel *c = node->data;
    const double *restrict v = in[0].v;
    double *restrict to = out->v, last = (double)c->entries - 1;
    if (c->table == NULL) {
        for (size_t i = 0; i < count; i++)
            to[i] = compute(c, v[i]);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        double at = v[i] - c->low;
        at = at > 0 ? at : 0;
        to[i] = c->table[(int32_t)(at < last ? at : last)];
    }
}
static const dtake__px_op op_visualize = { .name = "Image.visualize", .run = run };

/* The mask times param[0]. */
static void run_fade(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        out->v[i] = in[0].v[i];
        out->m[i] = (uint8_t)((in[0].m == NULL ? 255 : in[0].m[i]) * node->param[0] + 0.5);
    }
}
static const dtake__px_op op_fade = { .name = "opacity", .run = run_fade, .own_mask = true };

/* --- arguments --- */

static dtake_status read_numbers(dtake__call *call, int arg, double *out, int32_t *out_count,
                                 dtake_error *err)
{
    size_t count;
    if (call->arg[arg].null)
        return DTAKE_OK;
    const double *number = dtake__call_numbers(call, &call->arg[arg], &count, err);
    if (number == NULL)
        return DTAKE_E_USAGE;
    if (count > 3)
        return dtake__fail(err, DTAKE_E_USAGE, "%s has %zu values for at most 3 bands",
                           call->function->param[arg].name, count);
    memcpy(out, number, count * sizeof *out);
    *out_count = (int32_t)count;
    return DTAKE_OK;
}

static dtake_status add_color(dtake_visualize *v, const char *text, size_t len, dtake_error *err)
{
    char word[40];
    const char *near;
    if (len >= sizeof word || v->palette_count == DTAKE_MAX_PALETTE)
        return dtake__fail(err, DTAKE_E_USAGE, "palette: a colour too many, or too long");
    memcpy(word, text, len);
    word[len] = '\0';
    if (!dtake__color_parse(word, v->palette[v->palette_count], &near))
        return dtake__fail(err, DTAKE_E_USAGE, "palette: '%s' is no colour", word);
    v->palette_count++;
    return DTAKE_OK;
}

/* A list of colours, or one string with commas between them. */
static dtake_status read_palette(dtake__call *call, dtake_visualize *v, dtake_error *err)
{
    dtake__value list;
    if (call->arg[8].null)
        return DTAKE_OK;
    dtake_status st = dtake__eval_cast(call->eval, &call->arg[8], DTAKE__LIST, &list, err);
    for (size_t i = 0; st == DTAKE_OK && i < list.list.count; i++) {
        const dtake__value *color = &list.list.item[i];
        if (color->null || color->kind != DTAKE__STRING)
            return dtake__fail(err, DTAKE_E_USAGE, "palette: colours are strings");
        for (const char *at = color->text; at != NULL && st == DTAKE_OK;) {
            size_t len = strcspn(at, ",");
            st = add_color(v, at + strspn(at, " "), len - strspn(at, " "), err);
            at = at[len] == ',' ? at + len + 1 : NULL;
        }
    }
    return st;
}

static dtake_status read_arguments(dtake__call *call, dtake_visualize *v, dtake_error *err)
{
    *v = (dtake_visualize){ .enabled = true, .opacity = call->arg[7].null ? 1 : call->arg[7].number };
    dtake_status st = read_numbers(call, 2, v->gain, &v->gain_count, err);
    if (st == DTAKE_OK)
        st = read_numbers(call, 3, v->bias, &v->bias_count, err);
    if (st == DTAKE_OK)
        st = read_numbers(call, 4, v->min, &v->min_count, err);
    if (st == DTAKE_OK)
        st = read_numbers(call, 5, v->max, &v->max_count, err);
    if (st == DTAKE_OK)
        st = read_numbers(call, 6, v->gamma, &v->gamma_count, err);
    return st == DTAKE_OK ? read_palette(call, v, err) : st;
}

static dtake_status choose_bands(dtake__call *call, const dtake__band_value *out[3], size_t *count,
                                 dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    dtake__value list, chosen = { .kind = DTAKE__IMAGE, .image = image };
    if (!call->arg[1].null) {
        dtake_status st = dtake__eval_cast(call->eval, &call->arg[1], DTAKE__LIST, &list, err);
        const dtake__value args[2] = { call->arg[0], list };
        if (st == DTAKE_OK)
            st = dtake__eval_call(call->eval, "Image.select", args, 2, &chosen, err);
        if (st != DTAKE_OK)
            return st;
    }
    *count = chosen.image->count > 3 && call->arg[1].null ? 3 : chosen.image->count;
    if (*count != 1 && *count != 3)
        return dtake__fail(err, DTAKE_E_USAGE, "1 or 3 bands are needed, not %zu: choose them", *count);
    for (size_t i = 0; i < *count; i++)
        out[i] = &chosen.image->band[i];
    return DTAKE_OK;
}

/* --- channels --- */

static dtake_status make_table(dtake__call *call, channel *c, dtake__px_type type, dtake_error *err)
{
    if (type.precision != DTAKE__PX_INT || type.max - type.min >= MOST_ENTRIES)
        return DTAKE_OK;
    size_t entries = (size_t)(type.max - type.min) + 1;
    uint8_t *table = dtake__call_alloc(call, entries, 1, err);
    if (table == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < entries; i++)
        table[i] = (uint8_t)compute(c, type.min + (double)i);
    c->table = table;
    c->low = type.min;
    c->entries = entries;
    return DTAKE_OK;
}

static bool same_channel(const channel *a, const channel *b)
{
    return a != NULL && a->place < 0 && b->place < 0 && a->stretch.gain == b->stretch.gain &&
           a->stretch.a == b->stretch.a && a->stretch.b == b->stretch.b &&
           a->stretch.exponent == b->stretch.exponent;
}

static dtake_status visualize(dtake__call *call, dtake_error *err)
{
    static const char *const names[] = { "vis-red", "vis-green", "vis-blue" };
    const dtake__band_value *band[3];
    size_t count = 0;
    dtake_visualize *v = dtake__call_alloc(call, 1, sizeof *v, err); /* the palette is borrowed */
    dtake_status st = v != NULL ? read_arguments(call, v, err) : DTAKE_E_NOMEM;
    if (st == DTAKE_OK)
        st = choose_bands(call, band, &count, err);
    if (st == DTAKE_OK)
        st = dtake__visualize_check((int32_t)count, v, err);
    if (st != DTAKE_OK)
        return st;
    bool rgb = count == 3 || v->palette_count > 0 || call->arg[9].boolean;
    dtake__image_value *out = dtake__call_image(call, rgb ? 3 : 1, err);
    channel *last = NULL;
    for (size_t i = 0; out != NULL && i < out->count && st == DTAKE_OK; i++) {
        size_t from = count == 3 ? i : 0;
        dtake__px in[3] = { band[from]->px, 0, 0 };
        for (size_t k = 0, n = 1; k < count; k++)
            if (k != from)
                in[n++] = band[k]->px;
        dtake__px_type type = *dtake__call_type(call, in[0]);
        channel *c = dtake__call_alloc(call, 1, sizeof *c, err);
        if (c == NULL)
            return DTAKE_E_NOMEM;
        *c = (channel){ .stretch = dtake__stretch_of(v, (int32_t)from),
                        .place = v->palette_count > 0 ? (int)i : -1 };
        const dtake__px_type *before =
            i > 0 ? dtake__call_type(call, band[from > 0 ? from - 1 : 0]->px) : NULL;
        if (same_channel(last, c) && before->min == type.min && before->max == type.max)
            c = last;
        else
            st = make_table(call, c, type, err);
        last = c;
        out->band[i] = *band[from];
        out->band[i].name = out->count == 1 ? "vis-gray" : names[i];
        out->band[i].px = dtake__px_add(
            dtake__eval_expressions(call->eval),
            &(dtake__px_node){
                .op = &op_visualize, .in = in, .count = count, .data = c, .type = dtake__px_int(0, 255) });
        if (v->opacity < 1)
            out->band[i].px =
                dtake__call_px(call, &op_fade, dtake__px_int(0, 255), &out->band[i].px, 1, v->opacity);
    }
    return out != NULL ? st : DTAKE_E_NOMEM;
}
DTAKE__FUNCTION(image_visualize, "Image.visualize", IMAGE, visualize, { "image", DTAKE__IMAGE },
                { "bands", DTAKE__OBJECT, "null" }, { "gain", DTAKE__OBJECT, "null" },
                { "bias", DTAKE__OBJECT, "null" }, { "min", DTAKE__OBJECT, "null" },
                { "max", DTAKE__OBJECT, "null" }, { "gamma", DTAKE__OBJECT, "null" },
                { "opacity", DTAKE__NUMBER, "null" }, { "palette", DTAKE__OBJECT, "null" },
                { "forceRgbOutput", DTAKE__BOOLEAN, "false" });
