#include "cli/args.h"

#include "cli/units.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"

#include <datatake/grid.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The spelling of the table if `text` is one of the choices in any case, else NULL. */
static bool find_choice(const char *choices, const char *text, char *out, size_t size)
{
    char all[256];
    snprintf(all, sizeof all, "%s", choices);
    for (char *c = all; *c != '\0'; c++)
        if (*c == ' ')
            *c = '|';
    for (const char *rest = all; dtake__next_piece(&rest, '|', out, size);)
        if (dtake__equal_nocase(out, text))
            return true;
    return false;
}

static dtake_status check_choice(const dtake__option *option, const char *text, char *out, size_t size,
                                 const char *name, dtake_error *err)
{
    if (find_choice(option->choices, text, out, size))
        return DTAKE_OK;
    char shown[128];
    const char *rest = option->choices;
    dtake__next_piece(&rest, ' ', shown, sizeof shown);
    return dtake__fail(err, DTAKE_E_USAGE, "%s '%s': expected one of %s", name, text, shown);
}

static dtake_status check_number(const dtake__option *option, const char *text, const char *name,
                                 dtake_error *err)
{
    double value;
    int64_t whole;
    bool any = option->min == 0 && option->max == 0;
    if (option->kind == DTAKE__SIZE) {
        if (!dtake__parse_size(text, &whole))
            return dtake__fail(err, DTAKE_E_USAGE, "%s '%s': expected bytes such as 500k, 50M or 96Mi", name,
                               text);
        value = (double)whole;
    } else if (option->kind == DTAKE__INTEGER) {
        if (!dtake__parse_i64(text, &whole))
            return dtake__fail(err, DTAKE_E_USAGE, "%s '%s': expected a whole number", name, text);
        value = (double)whole;
    } else if (!dtake__parse_f64(text, &value)) {
        return dtake__fail(err, DTAKE_E_USAGE, "%s '%s': expected a number", name, text);
    }
    if (!any && !(value >= option->min && value <= option->max)) {
        char min[32], max[32];
        dtake__format_f64(option->min, min, sizeof min);
        dtake__format_f64(option->max, max, sizeof max);
        return dtake__fail(err, DTAKE_E_USAGE, "%s %s: expected a number from %s to %s", name, text, min,
                           max);
    }
    return DTAKE_OK;
}

static bool parse_flag(const char *text, bool *out)
{
    static const char *const yes[] = { "true", "1", "yes", "on" }, *const no[] = { "false", "0", "no",
                                                                                   "off" };
    for (size_t i = 0; i < 4; i++)
        if (dtake__equal_nocase(text, yes[i]) || dtake__equal_nocase(text, no[i])) {
            *out = dtake__equal_nocase(text, yes[i]);
            return true;
        }
    return false;
}

/* The one value that is to be stored for one piece of text. */
static dtake_status check_value(const dtake__option *option, const char *text, const char **out, char *space,
                                size_t size, const char *name, dtake_error *err)
{
    bool on;
    dtake_box box;
    *out = text;
    switch (option->kind) {
    case DTAKE__FLAG:
        if (!parse_flag(text, &on))
            return dtake__fail(err, DTAKE_E_USAGE, "%s '%s': expected true or false", name, text);
        *out = on ? "true" : "false";
        return DTAKE_OK;
    case DTAKE__CHOICE:
    case DTAKE__CHOICES:
        *out = space;
        return check_choice(option, text, space, size, name, err);
    case DTAKE__INTEGER:
    case DTAKE__NUMBER:
    case DTAKE__SIZE:
        return check_number(option, text, name, err);
    case DTAKE__BOX:
        return dtake_box_parse(text, &box, err);
    default:
        if (text[0] == '\0')
            return dtake__fail(err, DTAKE_E_USAGE, "%s: the value is empty", name);
        return DTAKE_OK;
    }
}

static void arg_clear(dtake__arg *arg)
{
    for (size_t i = 0; i < arg->count; i++)
        dtake__free(arg->values[i]);
    dtake__free(arg->values);
    dtake__free(arg->where);
    *arg = (dtake__arg){ .option = arg->option };
}

static dtake__arg *find_or_add(dtake__args *args, const dtake__option *option)
{
    for (size_t i = 0; i < args->count; i++)
        if (args->args[i].option == option)
            return &args->args[i];
    dtake__arg *grown = dtake__realloc_array(args->args, args->count + 1, sizeof *grown);
    if (grown == NULL)
        return NULL;
    args->args = grown;
    grown[args->count] = (dtake__arg){ .option = option };
    return &grown[args->count++];
}

static bool push_value(dtake__arg *arg, const char *text)
{
    char **grown = dtake__realloc_array(arg->values, arg->count + 1, sizeof *grown);
    if (grown == NULL)
        return false;
    arg->values = grown;
    grown[arg->count] = dtake__strdup(text);
    return grown[arg->count] != NULL && ++arg->count > 0;
}

static dtake_status push_checked(dtake__arg *arg, const char *text, const char *name, dtake_error *err)
{
    char space[64];
    const char *value;
    dtake_status st = check_value(arg->option, text, &value, space, sizeof space, name, err);
    if (st == DTAKE_OK && !push_value(arg, value))
        st = dtake__fail_nomem(err, name);
    return st;
}

dtake_status dtake__args_set(dtake__args *args, const dtake__option *option, const char *text,
                             dtake__origin origin, const char *name, dtake_error *err)
{
    bool has_commas = option->kind == DTAKE__LIST || option->kind == DTAKE__CHOICES;
    bool is_list = has_commas || option->kind == DTAKE__TEXTS;
    dtake__arg *arg = find_or_add(args, option);
    if (arg == NULL)
        return dtake__fail_nomem(err, name);
    if (!is_list || arg->origin != origin)
        arg_clear(arg);
    arg->origin = origin;
    dtake__free(arg->where);
    arg->where = dtake__strdup(name);
    if (arg->where == NULL)
        return dtake__fail_nomem(err, name);
    if (!has_commas)
        return push_checked(arg, text, name, err);

    char piece[256];
    for (const char *rest = text; dtake__next_piece(&rest, ',', piece, sizeof piece);) {
        if (piece[0] == '\0' || strlen(piece) == sizeof piece - 1)
            return dtake__fail(err, DTAKE_E_USAGE, "%s '%s': %s", name, text,
                               piece[0] == '\0' ? "a name between the commas is missing"
                                                : "a name is too long");
        dtake_status st = push_checked(arg, piece, name, err);
        if (st != DTAKE_OK)
            return st;
    }
    return DTAKE_OK;
}

void dtake__args_dispose(dtake__args *args)
{
    for (size_t i = 0; i < args->count; i++)
        arg_clear(&args->args[i]);
    dtake__free(args->args);
    for (size_t i = 0; i < args->input_count; i++)
        dtake__free(args->inputs[i]);
    dtake__free(args->inputs);
    *args = (dtake__args){ 0 };
}

const dtake__arg *dtake__args_find(const dtake__args *args, const char *name)
{
    for (size_t i = 0; i < args->count; i++)
        if (args->args[i].count > 0 && strcmp(args->args[i].option->name, name) == 0)
            return &args->args[i];
    return NULL;
}

const char *dtake__args_text(const dtake__args *args, const char *name)
{
    const dtake__arg *arg = dtake__args_find(args, name);
    return arg != NULL ? arg->values[0] : NULL;
}

bool dtake__args_flag(const dtake__args *args, const char *name)
{
    const char *text = dtake__args_text(args, name);
    return text != NULL && strcmp(text, "true") == 0;
}

int64_t dtake__args_i64(const dtake__args *args, const char *name, int64_t otherwise)
{
    const char *text = dtake__args_text(args, name);
    int64_t value = otherwise;
    if (text != NULL && !dtake__parse_size(text, &value))
        dtake__parse_i64(text, &value);
    return value;
}

double dtake__args_f64(const dtake__args *args, const char *name, double otherwise)
{
    const char *text = dtake__args_text(args, name);
    double value = otherwise;
    if (text != NULL)
        dtake__parse_f64(text, &value);
    return value;
}

const char *const *dtake__args_list(const dtake__args *args, const char *name, size_t *count)
{
    const dtake__arg *arg = dtake__args_find(args, name);
    *count = arg != NULL ? arg->count : 0;
    return arg != NULL ? (const char *const *)arg->values : NULL;
}
