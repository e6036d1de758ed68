/* GNU conventions: --name value, --name=value, -n value, -nvalue, -qv; options may follow inputs; -- ends
 * them. */
#include "cli/args.h"

#include "core/alloc.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct parse {
    dtake__args *args;
    int argc, at; /* `at`: the next argument */
    char *const *argv;
    dtake_error *err;
};

enum { NAME_BYTES = 64, BOX_BYTES = 256 };

/* -82.48 and -.5 are numbers, also as the head of a list; -o and --of are not. */
static bool looks_like_number(const char *text)
{
    if (*text == '-' || *text == '+')
        text++;
    return isdigit((unsigned char)text[0]) || (text[0] == '.' && isdigit((unsigned char)text[1]));
}

static bool looks_like_option(const char *text)
{
    return text[0] == '-' && text[1] != '\0' && !looks_like_number(text);
}

static dtake_status add_input(struct parse *p, const char *text)
{
    dtake__args *args = p->args;
    char **grown = dtake__realloc_array(args->inputs, args->input_count + 1, sizeof *grown);
    if (grown != NULL)
        args->inputs = grown;
    char *copy = grown != NULL ? dtake__strdup(text) : NULL;
    if (copy == NULL)
        return dtake__fail_nomem(p->err, "inputs");
    args->inputs[args->input_count++] = copy;
    return DTAKE_OK;
}

/* --bbox W S E N: as many numbers as follow, so that five of them are noticed. */
static const char *join_numbers(struct parse *p, const char *first, char *out, size_t size)
{
    size_t len = (size_t)snprintf(out, size, "%s", first);
    double number;
    if (!dtake__parse_f64(first, &number))
        return first;
    while (p->at < p->argc && len < size && dtake__parse_f64(p->argv[p->at], &number))
        len += (size_t)snprintf(out + len, size - len, ",%s", p->argv[p->at++]);
    return out;
}

static dtake_status set_option(struct parse *p, const dtake__option *option, const char *value,
                               const char *name)
{
    char box[BOX_BYTES];
    bool separate = value == NULL;
    if (option->kind == DTAKE__FLAG) {
        value = separate ? "true" : value;
    } else if (separate) {
        if (p->at == p->argc || (looks_like_option(p->argv[p->at]) && !option->dash_value))
            return dtake__fail(p->err, DTAKE_E_USAGE, "%s needs a value: %s %s", name, name, option->value);
        value = p->argv[p->at++];
        if (option->kind == DTAKE__BOX)
            value = join_numbers(p, value, box, sizeof box);
    }
    return dtake__args_set(p->args, option, value, DTAKE__FROM_COMMAND_LINE, name, p->err);
}

static dtake_status parse_long(struct parse *p, const char *text)
{
    char name[NAME_BYTES];
    const char *equals = strchr(text, '=');
    size_t len = equals != NULL ? (size_t)(equals - text) : strlen(text);
    snprintf(name, sizeof name, "--%.*s", (int)(len < NAME_BYTES ? len : NAME_BYTES), text);
    const dtake__option *option = dtake__option_find(p->args->command, name + 2);
    if (option == NULL) {
        const char *near = dtake__suggest_option(p->args->command, name + 2);
        return near != NULL
                   ? dtake__fail(p->err, DTAKE_E_USAGE, "unknown option '%s'; did you mean '--%s'?", name,
                                 near)
                   : dtake__fail(p->err, DTAKE_E_USAGE, "unknown option '%s'; see datatake %s --help", name,
                                 p->args->command->name);
    }
    if (strcmp(option->name, "help") == 0) {
        p->args->help = DTAKE__HELP_FULL;
        return DTAKE_OK;
    }
    return set_option(p, option, equals != NULL ? equals + 1 : NULL, name);
}

static dtake_status parse_letters(struct parse *p, const char *text)
{
    for (; *text != '\0'; text++) {
        char name[3] = { '-', *text, '\0' };
        const dtake__option *option = dtake__option_find_letter(p->args->command, *text);
        if (option == NULL)
            return dtake__fail(p->err, DTAKE_E_USAGE, "unknown option '%s'; see datatake %s --help", name,
                               p->args->command->name);
        if (strcmp(option->name, "help") == 0) {
            p->args->help = DTAKE__HELP_SHORT;
            return DTAKE_OK;
        }
        bool is_flag = option->kind == DTAKE__FLAG;
        const char *value = is_flag || text[1] == '\0' ? NULL : text + 1 + (text[1] == '=');
        dtake_status st = set_option(p, option, value, name);
        if (st != DTAKE_OK || !is_flag)
            return st;
    }
    return DTAKE_OK;
}

static dtake_status check_inputs(const dtake__args *args, dtake_error *err)
{
    const dtake__command *command = args->command;
    if (args->input_count < (size_t)command->min_inputs)
        return dtake__fail(err, DTAKE_E_USAGE, "%s: no input given: datatake %s %s; see datatake %s -h",
                           command->name, command->name, command->inputs, command->name);
    if (command->max_inputs >= 0 && args->input_count > (size_t)command->max_inputs)
        return dtake__fail(err, DTAKE_E_USAGE, "%s: unexpected argument '%s'", command->name,
                           args->inputs[command->max_inputs]);
    return DTAKE_OK;
}

dtake_status dtake__args_parse(dtake__args *out, const dtake__command *command, int argc, char *const *argv,
                               dtake_error *err)
{
    *out = (dtake__args){ .command = command };
    struct parse p = { .args = out, .argc = argc, .argv = argv, .err = err };
    bool options_ended = false;
    dtake_status st = DTAKE_OK;
    while (st == DTAKE_OK && p.at < argc && out->help == DTAKE__HELP_NONE) {
        const char *arg = argv[p.at++];
        if (options_ended || !looks_like_option(arg))
            st = add_input(&p, arg);
        else if (strcmp(arg, "--") == 0)
            options_ended = true;
        else
            st = arg[1] == '-' ? parse_long(&p, arg + 2) : parse_letters(&p, arg + 1);
    }
    return st == DTAKE_OK && out->help == DTAKE__HELP_NONE ? check_inputs(out, err) : st;
}
