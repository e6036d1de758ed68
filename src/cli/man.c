/* Manual pages in roff, from the command table. */
#include "cli/help.h"
#include "cli/options.h"
#include "core/text.h"

#include <datatake/runtime.h>

#include <string.h>

/* Text as roff shows it literally: backslashes and hyphens escaped, no line taken for a request. */
static dtake_status put_roff(dtake_buf *out, const char *text)
{
    dtake_status st = DTAKE_OK;
    for (const char *c = text; *c != '\0' && st == DTAKE_OK; c++) {
        bool line_start = c == text || c[-1] == '\n';
        if (line_start && (*c == '.' || *c == '\''))
            st = dtake__buf_puts(out, "\\&");
        if (st != DTAKE_OK)
            break;
        st = *c == '\\'   ? dtake__buf_puts(out, "\\e")
             : *c == '-'  ? dtake__buf_puts(out, "\\-")
             : *c == '\'' ? dtake__buf_puts(out, "\\(aq")
                          : dtake__buf_append(out, c, 1);
    }
    return st;
}

/* The parts one after another; a part that starts with \1 is roff already. */
static dtake_status put_parts(dtake_buf *out, const char *const *parts, size_t count)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        st = parts[i][0] == '\1' ? dtake__buf_puts(out, parts[i] + 1) : put_roff(out, parts[i]);
    return st;
}

#define PUT(out, ...)                                                                                        \
    put_parts((out), (const char *const[]){ __VA_ARGS__ },                                                   \
              sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

static dtake_status put_paragraphs(dtake_buf *out, const char *text)
{
    char paragraph[2048];
    dtake_status st = DTAKE_OK;
    for (const char *rest = text;
         st == DTAKE_OK && dtake__next_piece(&rest, '\n', paragraph, sizeof paragraph);)
        st = PUT(out, "\1.PP\n", paragraph, "\1\n");
    return st;
}

static dtake_status put_option(dtake_buf *out, const dtake__option *option)
{
    char letter[2] = { option->letter, '\0' }, choices[128] = "";
    const char *rest = option->choices;
    if (rest != NULL)
        dtake__next_piece(&rest, ' ', choices, sizeof choices);
    dtake_status st = PUT(out, "\1.TP\n");
    if (st == DTAKE_OK && letter[0] != '\0')
        st = PUT(out, "\1\\fB", "-", letter, "\1\\fR, ");
    if (st == DTAKE_OK)
        st = PUT(out, "\1\\fB", "--", option->name, "\1\\fR");
    if (st == DTAKE_OK && option->value != NULL)
        st = PUT(out, "\1 \\fI", option->value, "\1\\fR");
    if (st == DTAKE_OK)
        st = PUT(out, "\1\n", option->help);
    if (st == DTAKE_OK && choices[0] != '\0')
        st = PUT(out, "; one of ", choices);
    if (st == DTAKE_OK && (option->kind == DTAKE__LIST || option->kind == DTAKE__TEXTS))
        st = PUT(out, "; may be repeated");
    if (st == DTAKE_OK && option->initial != NULL)
        st = PUT(out, " (default: ", option->initial, ")");
    char alias[64];
    const char *aliases = option->aliases;
    while (st == DTAKE_OK && dtake__next_piece(&aliases, ' ', alias, sizeof alias))
        st = PUT(out, "; also --", alias);
    return st == DTAKE_OK ? PUT(out, "\1.\n") : st;
}

static dtake_status put_group(dtake_buf *out, const dtake__option_group *group)
{
    dtake_status st = PUT(out, "\1.SS ", group->title, "\1\n");
    for (size_t i = 0; i < group->count && st == DTAKE_OK; i++)
        if (!group->options[i].hidden)
            st = put_option(out, &group->options[i]);
    return st;
}

static dtake_status put_examples(dtake_buf *out, const dtake__command *command)
{
    dtake_status st = PUT(out, "\1.SH EXAMPLES\n");
    for (size_t i = 0; i < DTAKE_MAX_EXAMPLES && command->examples[i].line != NULL && st == DTAKE_OK; i++)
        st = PUT(out, "\1.TP\n", command->examples[i].does, "\1\n.nf\n", command->examples[i].line,
                 "\1\n.fi\n");
    return st;
}

static dtake_status put_foot(dtake_buf *out)
{
    dtake_status st = PUT(out, "\1.SH EXIT STATUS\n");
    for (size_t i = 0; i < dtake__exit_status_count && st == DTAKE_OK; i++) {
        st = dtake__buf_printf(out, ".TP\n.B %d\n", dtake__exit_statuses[i].number);
        if (st == DTAKE_OK)
            st = PUT(out, dtake__exit_statuses[i].meaning, "\1\n");
    }
    if (st == DTAKE_OK)
        st = PUT(out, "\1.SH ENVIRONMENT\n");
    for (size_t i = 0; i < dtake__environment_count && st == DTAKE_OK; i++)
        st = PUT(out, "\1.TP\n.B ", dtake__environments[i].name, "\1\n", dtake__environments[i].meaning,
                 "\1\n");
    if (st == DTAKE_OK)
        st = PUT(
            out, "\1.SH FILES\n.TP\n.B datatake.toml\n", "settings of this folder",
            "\1\n.TP\n.I $XDG_CONFIG_HOME/datatake/config.toml\n", "settings of the user (~/.config)",
            "\1\n.TP\n.I /etc/datatake/config.toml\n", "settings of the machine", "\1\n.PP\n",
            "An option on the command line counts most, then the environment, then the files in this order.",
            "\1\n");
    return st;
}

static dtake_status put_head(dtake_buf *out, const char *page, const char *summary)
{
    return PUT(out, "\1.TH ", page, "\1 1 \"\" \"datatake ", dtake_version(), "\1\" \"Datatake\"\n.SH NAME\n",
               page, "\1 \\- ", summary, "\1\n");
}

dtake_status dtake__man_program(dtake_buf *out)
{
    dtake_status st = put_head(out, "datatake", "find satellite images and cut windows out of many at once");
    if (st == DTAKE_OK)
        st = PUT(out, "\1.SH SYNOPSIS\n.B datatake\n.I COMMAND\n[\\fIOPTION\\fR...] [\\fIINPUT\\fR...]\n.SH "
                      "COMMANDS\n");
    for (size_t i = 0; i < dtake__command_count && st == DTAKE_OK; i++)
        if (!dtake__commands[i].hidden)
            st = PUT(out, "\1.TP\n.BR ", "datatake-", dtake__commands[i].name, "\1 (1)\n",
                     dtake__commands[i].summary, "\1\n");
    if (st == DTAKE_OK)
        st = put_group(out, &dtake__options_common);
    if (st == DTAKE_OK)
        st = put_examples(out, &dtake__commands[0]);
    return st == DTAKE_OK ? put_foot(out) : st;
}

dtake_status dtake__man_command(dtake_buf *out, const dtake__command *command)
{
    char page[64] = "datatake-";
    strncat(page, command->name, sizeof page - 16);
    dtake_status st = put_head(out, page, command->summary);
    if (st == DTAKE_OK)
        st = PUT(out, "\1.SH SYNOPSIS\n.B datatake ", command->name, "\1\n[\\fIOPTION\\fR...] ",
                 command->inputs, "\1\n.SH DESCRIPTION\n");
    if (st == DTAKE_OK)
        st = put_paragraphs(out, command->description);
    if (st == DTAKE_OK)
        st = PUT(out, "\1.SH OPTIONS\n");
    for (size_t g = 0; g < DTAKE_MAX_GROUPS && command->groups[g] != NULL && st == DTAKE_OK; g++)
        st = put_group(out, command->groups[g]);
    if (st == DTAKE_OK)
        st = put_group(out, &dtake__options_common);
    if (st == DTAKE_OK)
        st = put_examples(out, command);
    if (st == DTAKE_OK)
        st = put_foot(out);
    return st == DTAKE_OK ? PUT(out, "\1.SH SEE ALSO\n.BR datatake (1)\n") : st;
}
