/* What the options that make pixels mean. */
#include "access/shade_graph.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "raster/expression.h"

#include <stdio.h>
#include <string.h>

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
    return o->composite != NULL || o->expression != NULL || o->graph != NULL || o->outline != NULL ||
           o->paint != NULL || o->mask_clouds || o->sample_type != NULL;
}

bool dtake__shade_next(const char **rest, char name[DTAKE__SHADE_NAME], dtake__span *text)
{
    *rest += strspn(*rest, " ;");
    size_t len = strcspn(*rest, ";"), word = strcspn(*rest, "=;<>!");
    bool named = word < len && (*rest)[word] == '=' && (*rest)[word + 1] != '=' && word < DTAKE__SHADE_NAME;
    while (named && word > 0 && (*rest)[word - 1] == ' ')
        word--;
    for (size_t i = 0; i < word && named; i++)
        named = strchr("+-*/%() ?:", (*rest)[i]) == NULL;
    snprintf(name, DTAKE__SHADE_NAME, "%.*s", named ? (int)word : 0, *rest);
    const char *from = named ? strchr(*rest, '=') + 1 : *rest;
    *text = (dtake__span){ from, (size_t)(*rest + len - from) };
    *rest += len;
    return len > 0;
}

dtake_status dtake__shade_names(const dtake_get_options *o, dtake__strings *out, dtake_error *err)
{
    char name[DTAKE__SHADE_NAME];
    dtake__span text;
    dtake_status st = DTAKE_OK;
    const char *rest = o->expression;
    while (st == DTAKE_OK && dtake__shade_next(&rest, name, &text)) {
        char *one = dtake__strndup(text.text, text.len);
        st = one != NULL ? dtake__expression_names(one, out, err) : dtake__fail_nomem(err, "an expression");
        dtake__free(one);
    }
    return st;
}

dtake_status dtake__outline_style_read(const char *text, dtake__outline_style *out, dtake_error *err)
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

static const struct {
    const char *name, *function;
} composites[] = { { "median", "reduce.median" },
                   { "mean", "reduce.mean" },
                   { "count", "reduce.count" },
                   { "mosaic", "ImageCollection.mosaic" },
                   { "quality", "ImageCollection.qualityMosaic" } };
enum { COMPOSITES = sizeof composites / sizeof composites[0] };

const char *dtake__composite_function(const dtake_get_options *o)
{
    for (size_t i = 0; i < COMPOSITES; i++)
        if (strcmp(composites[i].name, o->composite) == 0)
            return composites[i].function;
    return NULL;
}

static dtake_status check_composite(const dtake_get_options *o, dtake_error *err)
{
    if (dtake__composite_function(o) == NULL)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "composite: the method '%.40s' is none of median, mean, count, mosaic, quality",
                           o->composite);
    if (o->band_count == 0 && o->expression == NULL && o->graph == NULL)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "composite: name bands with --bands, or give an --expression or a --graph");
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
    dtake__outline_style line;
    dtake__strings names = { 0 };
    dtake_status st = o->outline != NULL ? dtake__outline_style_read(o->outline, &line, err) : DTAKE_OK;
    if (st == DTAKE_OK && o->outline != NULL && !o->has_bbox && o->intersects == NULL)
        st = dtake__fail(err, DTAKE_E_USAGE, "--outline draws the area of --bbox or --intersects; give one");
    if (st == DTAKE_OK && o->expression != NULL)
        st = dtake__shade_names(o, &names, err);
    dtake__strings_dispose(&names);
    if (st == DTAKE_OK && o->graph != NULL)
        st = dtake__shade_graph_check(o, err);
    if (st == DTAKE_OK && o->composite != NULL)
        st = check_composite(o, err);
    if (st == DTAKE_OK && dtake__shade_wanted(o) && o->raw)
        st = dtake__fail(
            err, DTAKE_E_USAGE,
            "--raw stores files as they are: it goes with no --expression, --graph, --outline, --paint "
            "or --mask-clouds");
    return st;
}
