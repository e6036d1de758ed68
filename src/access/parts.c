#include "access/parts.h"

#include "access/shade_graph.h"

#include "core/alloc.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/text.h"

#include <string.h>

dtake_status dtake__parts_names(const dtake_get_options *o, dtake__strings *out, dtake_error *err)
{
    char name[DTAKE__SHADE_NAME];
    dtake__span text;
    dtake_status st = DTAKE_OK;
    for (const char *rest = o->expression;
         rest != NULL && st == DTAKE_OK && dtake__shade_next(&rest, name, &text);)
        st = dtake__strings_add(out, name, strlen(name));
    for (size_t i = 0; o->expression == NULL && i < o->band_count && st == DTAKE_OK; i++)
        st = dtake__strings_add(out, o->bands[i], strlen(o->bands[i]));
    return st == DTAKE_OK ? st : dtake__fail_nomem(err, "the names of bands");
}

typedef struct list {
    const char *name;
    double *value;
    int32_t *count;
} list;
enum { LISTS = 5 };

static void lists_of(dtake_visualize *v, list out[LISTS])
{
    const list all[LISTS] = { { "min", v->min, &v->min_count },
                              { "max", v->max, &v->max_count },
                              { "gain", v->gain, &v->gain_count },
                              { "bias", v->bias, &v->bias_count },
                              { "gamma", v->gamma, &v->gamma_count } };
    memcpy(out, all, sizeof all);
}

static char *named_expression(const char *all, const char *wanted)
{
    char name[DTAKE__SHADE_NAME];
    dtake__span text;
    dtake_buf out = DTAKE_BUF_INIT(SIZE_MAX / 2);
    char *found = NULL;
    while (found == NULL && dtake__shade_next(&all, name, &text))
        if (strcmp(name, wanted) == 0 &&
            dtake__buf_printf(&out, "%s=%.*s", name, (int)text.len, text.text) == DTAKE_OK)
            found = dtake__strdup(dtake__buf_str(&out));
    dtake__buf_dispose(&out);
    return found;
}

dtake_status dtake__parts_options(const dtake_get_options *o, const char *name, dtake_get_options *out,
                                  char **expression, dtake_error *err)
{
    dtake__strings names = { 0 };
    list lists[LISTS];
    size_t index = 0;
    *out = *o;
    *expression = NULL;
    dtake_status st = dtake__parts_names(o, &names, err);
    while (st == DTAKE_OK && index < names.count && strcmp(names.at[index], name) != 0)
        index++;
    lists_of(&out->visualize, lists);
    for (size_t i = 0; i < LISTS && st == DTAKE_OK; i++)
        if (*lists[i].count > 1 && index < (size_t)*lists[i].count) {
            lists[i].value[0] = lists[i].value[index];
            *lists[i].count = 1;
        }
    dtake__strings_dispose(&names);
    if (st != DTAKE_OK || o->expression == NULL)
        return st;
    out->expression = *expression = named_expression(o->expression, name);
    return out->expression != NULL ? DTAKE_OK : dtake__fail_nomem(err, "an expression");
}

static dtake_status check_names(const dtake__strings *names, dtake_error *err)
{
    for (size_t i = 0; i < names->count; i++)
        for (size_t k = 0; k <= i; k++)
            if (names->at[i][0] == '\0' || (k < i && strcmp(names->at[i], names->at[k]) == 0))
                return dtake__fail(
                    err, DTAKE_E_USAGE,
                    "--per-band calls files after the --expression that each holds: give every one a "
                    "name of its own (ndvi=...)");
    return DTAKE_OK;
}

dtake_status dtake__parts_check(const dtake_get_options *o, dtake_error *err)
{
    dtake__strings names = { 0 };
    dtake_visualize visualize = o->visualize;
    list lists[LISTS];
    if (o->graph != NULL || o->quality != NULL)
        return dtake__fail(
            err, DTAKE_E_USAGE,
            o->graph != NULL
                ? "--per-band: what bands a --graph gives is known when it is evaluated: select one"
                : "--per-band: --quality decides for all bands of an image");
    dtake_status st = dtake__parts_names(o, &names, err);
    if (st == DTAKE_OK && o->expression != NULL)
        st = check_names(&names, err);
    lists_of(&visualize, lists);
    for (size_t i = 0; i < LISTS && st == DTAKE_OK; i++)
        if (*lists[i].count > 1 && (size_t)*lists[i].count != names.count)
            st = dtake__fail(err, DTAKE_E_USAGE, "--visualize %s: %d values for %zu bands", lists[i].name,
                             *lists[i].count, names.count);
    dtake__strings_dispose(&names);
    return st;
}
