#include <datatake/get.h>

#include "core/error.h"
#include "core/text.h"
#include "raster/colors.h"
#include "raster/palettes.h"

#include <math.h>
#include <string.h>

enum { VALUE_BYTES = 4096 };

static const char *const keys[] = { "min", "max", "gain", "bias", "gamma", "palette", "opacity" };

static dtake_status read_number(const char *key, const char *text, double *out, dtake_error *err)
{
    double value;
    if (!dtake__parse_f64(text, &value) || !isfinite(value))
        return dtake__fail(err, DTAKE_E_USAGE, "visualize: %s takes numbers (several with ':'), got '%s'",
                           key, text);
    *out = value;
    return DTAKE_OK;
}

static dtake_status read_list(const char *key, const char *text, double *list, int32_t *count,
                              dtake_error *err)
{
    char piece[VALUE_BYTES];
    *count = 0;
    while (dtake__next_piece(&text, ':', piece, sizeof piece)) {
        if (*count == DTAKE_MAX_BANDS)
            return dtake__fail(err, DTAKE_E_USAGE, "visualize: %s has more than %d values", key,
                               DTAKE_MAX_BANDS);
        dtake_status st = read_number(key, piece, &list[*count], err);
        if (st != DTAKE_OK)
            return st;
        if (strcmp(key, "gamma") == 0 && list[*count] <= 0)
            return dtake__fail(err, DTAKE_E_USAGE, "visualize: gamma must be more than 0, got '%s'", piece);
        (*count)++;
    }
    return DTAKE_OK;
}

static dtake_status not_a_color(const char *word, const char *near, bool only, dtake_error *err)
{
    char names[200] = "";
    if (near != NULL)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "visualize: palette: '%s' is no colour (f00, ff0000 or a CSS name); did you mean "
                           "'%s'?",
                           word, near);
    if (only)
        dtake__palette_names(names, sizeof names);
    return dtake__fail(err, DTAKE_E_USAGE,
                       "visualize: palette: '%s' is no colour (f00, ff0000 or a CSS name)%s%s", word,
                       only ? ", nor one of " : "", names);
}

dtake_status dtake_palette_parse(const char *text, dtake_visualize *out, dtake_error *err)
{
    char piece[VALUE_BYTES];
    bool only = strchr(text, ':') == NULL;
    out->palette_count = only ? dtake__palette_find(text, out->palette) : 0;
    if (out->palette_count > 0)
        return DTAKE_OK;
    while (dtake__next_piece(&text, ':', piece, sizeof piece)) {
        if (out->palette_count == DTAKE_MAX_PALETTE)
            return dtake__fail(err, DTAKE_E_USAGE, "visualize: palette has more than %d colours",
                               DTAKE_MAX_PALETTE);
        const char *near = NULL;
        if (!dtake__color_parse(piece, out->palette[out->palette_count], &near))
            return not_a_color(piece, near, only, err);
        out->palette_count++;
    }
    return DTAKE_OK;
}

static dtake_status unknown_key(const char *key, dtake_error *err)
{
    const char *nearest = NULL;
    int least = 3;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        int distance = dtake__edit_distance(key, keys[i]);
        if (distance < least) {
            least = distance;
            nearest = keys[i];
        }
    }
    if (nearest)
        return dtake__fail(err, DTAKE_E_USAGE, "visualize: unknown key '%s'; did you mean '%s'?", key,
                           nearest);
    return dtake__fail(err, DTAKE_E_USAGE,
                       "visualize: unknown key '%s'; there are min, max, gain, bias, gamma, palette, opacity",
                       key);
}

static dtake_status read_pair(const char *key, const char *value, dtake_visualize *out, dtake_error *err)
{
    const struct {
        const char *key;
        double *list;
        int32_t *count;
    } lists[] = { { "min", out->min, &out->min_count },
                  { "max", out->max, &out->max_count },
                  { "gain", out->gain, &out->gain_count },
                  { "bias", out->bias, &out->bias_count },
                  { "gamma", out->gamma, &out->gamma_count } };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (strcmp(key, lists[i].key) == 0)
            return read_list(key, value, lists[i].list, lists[i].count, err);
    if (strcmp(key, "palette") == 0)
        return dtake_palette_parse(value, out, err);
    if (strcmp(key, "opacity") != 0)
        return unknown_key(key, err);
    dtake_status st = read_number(key, value, &out->opacity, err);
    if (st == DTAKE_OK && (out->opacity < 0 || out->opacity > 1))
        return dtake__fail(err, DTAKE_E_USAGE, "visualize: opacity must be 0 to 1, got '%s'", value);
    return st;
}

dtake_status dtake_visualize_parse(const char *text, dtake_visualize *out, dtake_error *err)
{
    dtake_visualize read = { .enabled = true, .opacity = 1 };
    bool seen[sizeof keys / sizeof keys[0]] = { false };
    char pair[VALUE_BYTES];
    if (strlen(text) >= sizeof pair)
        return dtake__fail(err, DTAKE_E_USAGE, "visualize: longer than %d characters", VALUE_BYTES - 1);
    while (dtake__next_piece(&text, ',', pair, sizeof pair)) {
        char *equals = strchr(pair, '=');
        if (!equals)
            return dtake__fail(err, DTAKE_E_USAGE,
                               "visualize: expected key=value (min=0,max=5000,gamma=1.35), got '%s'", pair);
        *equals = '\0';
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
            if (strcmp(pair, keys[i]) != 0)
                continue;
            if (seen[i])
                return dtake__fail(err, DTAKE_E_USAGE, "visualize: %s is given twice", pair);
            seen[i] = true;
        }
        dtake_status st = read_pair(pair, equals + 1, &read, err);
        if (st != DTAKE_OK)
            return st;
    }
    if ((read.min_count || read.max_count) && (read.gain_count || read.bias_count))
        return dtake__fail(err, DTAKE_E_USAGE, "visualize: give min and max, or gain and bias, not both");
    if (read.min_count && !read.max_count)
        return dtake__fail(err, DTAKE_E_USAGE, "visualize: min needs max");
    *out = read;
    return DTAKE_OK;
}
