#include "cli/help.h"

#include "cli/options.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 96, OPTION_COLUMN = 32 };

/* Words wrapped at WIDTH, the first line starting at `column`, the others indented by `indent`. */
static dtake_status put_wrapped(dtake_buf *out, const char *text, size_t column, size_t indent)
{
    dtake_status st = DTAKE_OK;
    while (*text != '\0' && st == DTAKE_OK) {
        size_t len = strcspn(text, " \n");
        if (column > indent && column + len + 1 > WIDTH) {
            st = dtake__buf_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            st = dtake__buf_puts(out, " ");
            column++;
        }
        if (st == DTAKE_OK)
            st = dtake__buf_append(out, text, len);
        column += len;
        text += len;
        if (*text == '\n' && st == DTAKE_OK) {
            st = dtake__buf_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        }
        text += *text != '\0';
    }
    return st == DTAKE_OK ? dtake__buf_puts(out, "\n") : st;
}

static dtake_status put_synopsis(dtake_buf *out, const dtake__command *command)
{
    return dtake__buf_printf(out, "Usage: datatake %s [OPTION...]%s%s\n", command->name,
                             command->inputs[0] != '\0' ? " " : "", command->inputs);
}

static dtake_status put_option(dtake_buf *out, const dtake__option *option)
{
    char left[128], help[512], letter[8] = "    ";
    if (option->letter != '\0')
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    int len = snprintf(left, sizeof left, "  %s--%s%s%s", letter, option->name,
                       option->value != NULL ? " " : "", option->value != NULL ? option->value : "");
    const char *rest = option->choices;
    char choices[128] = "";
    if (rest != NULL)
        dtake__next_piece(&rest, ' ', choices, sizeof choices);
    snprintf(help, sizeof help, "%s%s%s%s%s%s%s", option->help, choices[0] != '\0' ? "; one of " : "",
             choices, option->initial != NULL ? " (default: " : "",
             option->initial != NULL ? option->initial : "", option->initial != NULL ? ")" : "",
             option->kind == DTAKE__LIST || option->kind == DTAKE__TEXTS ? "; may be repeated" : "");
    dtake_status st = dtake__buf_puts(out, left);
    if (st == DTAKE_OK && len >= OPTION_COLUMN - 1)
        st = dtake__buf_printf(out, "\n%*s", OPTION_COLUMN, "");
    else if (st == DTAKE_OK)
        st = dtake__buf_printf(out, "%*s", OPTION_COLUMN - len, "");
    return st == DTAKE_OK ? put_wrapped(out, help, OPTION_COLUMN, OPTION_COLUMN) : st;
}

static dtake_status put_group(dtake_buf *out, const dtake__option_group *group)
{
    dtake_status st = dtake__buf_printf(out, "\n%s:\n", group->title);
    for (size_t i = 0; i < group->count && st == DTAKE_OK; i++)
        if (!group->options[i].hidden)
            st = put_option(out, &group->options[i]);
    return st;
}

static dtake_status put_examples(dtake_buf *out, const dtake__command *command, size_t most)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < most && command->examples[i].line != NULL && st == DTAKE_OK; i++)
        st = dtake__buf_printf(out, "  # %s\n  %s\n", command->examples[i].does, command->examples[i].line);
    return st;
}

dtake_status dtake__help_program(dtake_buf *out)
{
    dtake_status st = dtake__buf_puts(
        out, "datatake finds satellite images in a catalogue, cuts windows out of many at once, and writes\n"
             "them as files.\n\n"
             "Usage: datatake COMMAND [OPTION...] [INPUT...]\n\nCommands:\n");
    for (size_t i = 0; i < dtake__command_count && st == DTAKE_OK; i++)
        if (!dtake__commands[i].hidden)
            st = dtake__buf_printf(out, "  %-12s %s\n", dtake__commands[i].name, dtake__commands[i].summary);
    if (st == DTAKE_OK)
        st = dtake__buf_puts(out, "\nExamples:\n");
    static const char *const shown[] = { "get", "ingest", "search" };
    for (size_t i = 0; i < sizeof shown / sizeof shown[0] && st == DTAKE_OK; i++)
        st = put_examples(out, dtake__command_find(shown[i]), 1);
    return st == DTAKE_OK
               ? dtake__buf_puts(out, "\ndatatake COMMAND -h: the most used of a command; --help: all of it. "
                                      "datatake --version\n")
               : st;
}

static dtake_status put_usual_options(dtake_buf *out, const dtake__command *command)
{
    static const char *const usual[] = { "bbox",    "bands",  "visualize", "scale",   "datetime", "cloud",
                                         "of",      "output", "mode",      "explain", "modes",    "plot",
                                         "dataset", "filter", "fields",    "count",   "time",     "geometry",
                                         "name",    "yes",    "all",       "sources", "json",     "files",
                                         "catalog", "listen", "origin" };
    dtake_status st = dtake__buf_puts(out, "\nOptions (--help shows all):\n");
    for (size_t i = 0; i < sizeof usual / sizeof usual[0] && st == DTAKE_OK; i++) {
        const dtake__option *option = dtake__option_find(command, usual[i]);
        if (option != NULL && strcmp(option->name, usual[i]) == 0)
            st = put_option(out, option);
    }
    return st == DTAKE_OK ? put_option(out, &dtake__options_common.options[0]) : st;
}

dtake_status dtake__help_short(dtake_buf *out, const dtake__command *command)
{
    dtake_status st =
        dtake__buf_printf(out, "datatake %s: %s\n\nExamples:\n", command->name, command->summary);
    if (st == DTAKE_OK)
        st = put_examples(out, command, 3);
    if (st == DTAKE_OK)
        st = dtake__buf_puts(out, "\n");
    if (st == DTAKE_OK)
        st = put_synopsis(out, command);
    return st == DTAKE_OK ? put_usual_options(out, command) : st;
}

static dtake_status put_exit_statuses(dtake_buf *out)
{
    dtake_status st = dtake__buf_puts(out, "\nExit status:\n");
    for (size_t i = 0; i < dtake__exit_status_count && st == DTAKE_OK; i++)
        st = dtake__buf_printf(out, "  %3d  %s\n", dtake__exit_statuses[i].number,
                               dtake__exit_statuses[i].meaning);
    return st;
}

dtake_status dtake__help_full(dtake_buf *out, const dtake__command *command)
{
    dtake_status st = dtake__buf_printf(out, "datatake %s: %s\n\n", command->name, command->summary);
    if (st == DTAKE_OK)
        st = put_synopsis(out, command);
    if (st == DTAKE_OK)
        st = dtake__buf_puts(out, "\n");
    if (st == DTAKE_OK)
        st = put_wrapped(out, command->description, 0, 0);
    for (size_t g = 0; g < DTAKE_MAX_GROUPS && command->groups[g] != NULL && st == DTAKE_OK; g++)
        st = put_group(out, command->groups[g]);
    if (st == DTAKE_OK)
        st = put_group(out, &dtake__options_common);
    if (st == DTAKE_OK)
        st = dtake__buf_puts(out, "\nExamples:\n");
    if (st == DTAKE_OK)
        st = put_examples(out, command, DTAKE_MAX_EXAMPLES);
    return st == DTAKE_OK ? put_exit_statuses(out) : st;
}
