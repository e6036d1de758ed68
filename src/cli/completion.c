/* Completion scripts, from the command table. */
#include "cli/help.h"
#include "core/error.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

/* "a|b|c hidden" as "a b c". */
static void shown_choices(const char *choices, char *out, size_t size)
{
    const char *rest = choices;
    dtake__next_piece(&rest, ' ', out, size);
    for (char *c = out; *c != '\0'; c++)
        if (*c == '|')
            *c = ' ';
}

static bool is_shown(const dtake__command *command)
{
    return !command->hidden;
}

static dtake_status put_command_names(dtake_buf *out)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < dtake__command_count && st == DTAKE_OK; i++)
        if (is_shown(&dtake__commands[i]))
            st = dtake__buf_printf(out, "%s ", dtake__commands[i].name);
    return st;
}

static bool takes_command_name(const dtake__command *command)
{
    return strcmp(command->inputs, "[COMMAND]") == 0;
}

static dtake_status bash_values(dtake_buf *out, const dtake__command *command)
{
    char words[128];
    size_t position = 0;
    dtake_status st = DTAKE_OK;
    for (const dtake__option *o; st == DTAKE_OK && (o = dtake__option_next(command, &position)) != NULL;) {
        if (o->hidden || o->kind == DTAKE__FLAG)
            continue;
        st = dtake__buf_printf(out, "        %s:--%s", command->name, o->name);
        if (st == DTAKE_OK && o->letter != '\0')
            st = dtake__buf_printf(out, "|%s:-%c", command->name, o->letter);
        if (st != DTAKE_OK)
            return st;
        if (o->choices != NULL) {
            shown_choices(o->choices, words, sizeof words);
            st = dtake__buf_printf(out, ") COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return ;;\n", words);
        } else if (o->kind == DTAKE__FILE || o->kind == DTAKE__FOLDER) {
            st = dtake__buf_printf(
                out, ") compopt -o filenames; COMPREPLY=($(compgen -%c -- \"$cur\")); return ;;\n",
                o->kind == DTAKE__FILE ? 'f' : 'd');
        } else {
            st = dtake__buf_puts(out, ") return ;;\n");
        }
    }
    return st;
}

static dtake_status bash_command(dtake_buf *out, const dtake__command *command)
{
    char words[128] = "";
    size_t position = 0;
    dtake_status st = dtake__buf_printf(out, "        %s) words='", command->name);
    for (const dtake__option *o; st == DTAKE_OK && (o = dtake__option_next(command, &position)) != NULL;)
        if (!o->hidden)
            st = dtake__buf_printf(out, "--%s ", o->name);
    if (st == DTAKE_OK)
        st = dtake__buf_puts(out, "' inputs='");
    if (st == DTAKE_OK && takes_command_name(command))
        st = put_command_names(out);
    if (st == DTAKE_OK && command->input_words != NULL) {
        shown_choices(command->input_words, words, sizeof words);
        st = dtake__buf_puts(out, words);
    }
    return st == DTAKE_OK ? dtake__buf_puts(out, "' ;;\n") : st;
}

static dtake_status put_bash(dtake_buf *out)
{
    dtake_status st =
        dtake__buf_puts(out, "# datatake completion for bash\n"
                             "_datatake() {\n"
                             "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} "
                             "command=${COMP_WORDS[1]} words inputs\n"
                             "    COMPREPLY=()\n"
                             "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                             "        COMPREPLY=($(compgen -W '");
    if (st == DTAKE_OK)
        st = put_command_names(out);
    if (st == DTAKE_OK)
        st = dtake__buf_puts(
            out, "--help --version' -- \"$cur\"))\n        return\n    fi\n    case $command:$prev in\n");
    for (size_t i = 0; i < dtake__command_count && st == DTAKE_OK; i++)
        if (is_shown(&dtake__commands[i]))
            st = bash_values(out, &dtake__commands[i]);
    if (st == DTAKE_OK)
        st = dtake__buf_puts(out, "    esac\n    case $command in\n");
    for (size_t i = 0; i < dtake__command_count && st == DTAKE_OK; i++)
        if (is_shown(&dtake__commands[i]))
            st = bash_command(out, &dtake__commands[i]);
    if (st != DTAKE_OK)
        return st;
    return dtake__buf_puts(out, "    esac\n"
                                "    if [[ $cur == -* ]]; then\n"
                                "        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                                "    elif [ -n \"$inputs\" ]; then\n"
                                "        COMPREPLY=($(compgen -W \"$inputs\" -- \"$cur\"))\n"
                                "    else\n"
                                "        compopt -o filenames\n"
                                "        COMPREPLY=($(compgen -f -- \"$cur\"))\n"
                                "    fi\n"
                                "}\n"
                                "complete -F _datatake datatake\n");
}

/* Text inside '...' of a shell; `escaped` characters also get a backslash (zsh: brackets and colons). */
static dtake_status put_quoted(dtake_buf *out, const char *text, const char *escaped)
{
    dtake_status st = DTAKE_OK;
    for (const char *c = text; *c != '\0' && st == DTAKE_OK; c++) {
        if (*c == '\'')
            st = dtake__buf_puts(out, "'\\''");
        else if (strchr(escaped, *c) != NULL)
            st = dtake__buf_printf(out, "\\%c", *c);
        else
            st = dtake__buf_append(out, c, 1);
    }
    return st;
}

static dtake_status zsh_option(dtake_buf *out, const dtake__option *o)
{
    char words[128] = "";
    bool repeats = o->kind == DTAKE__LIST || o->kind == DTAKE__TEXTS;
    dtake_status st = o->letter != '\0'
                          ? dtake__buf_printf(out, " \\\n            '(-%c --%s)'{-%c,--%s%s}'", o->letter,
                                              o->name, o->letter, o->name, o->kind == DTAKE__FLAG ? "" : "=")
                          : dtake__buf_printf(out, " \\\n            '%s--%s%s", repeats ? "*" : "", o->name,
                                              o->kind == DTAKE__FLAG ? "" : "=");
    if (st == DTAKE_OK)
        st = dtake__buf_puts(out, "[");
    if (st == DTAKE_OK)
        st = put_quoted(out, o->help, "[]:");
    if (st == DTAKE_OK)
        st = dtake__buf_puts(out, "]");
    if (st != DTAKE_OK || o->kind == DTAKE__FLAG)
        return st == DTAKE_OK ? dtake__buf_puts(out, "'") : st;
    st = dtake__buf_puts(out, ":");
    if (st == DTAKE_OK)
        st = put_quoted(out, o->value, "[]:");
    if (st != DTAKE_OK)
        return st;
    if (o->choices != NULL) {
        shown_choices(o->choices, words, sizeof words);
        return dtake__buf_printf(out, ":(%s)'", words);
    }
    return dtake__buf_puts(out, o->kind == DTAKE__FILE     ? ":_files'"
                                : o->kind == DTAKE__FOLDER ? ":_files -/'"
                                                           : ":'");
}

static dtake_status zsh_command(dtake_buf *out, const dtake__command *command)
{
    char words[128] = "";
    size_t position = 0;
    dtake_status st = dtake__buf_printf(out, "    %s)\n        _arguments -s", command->name);
    for (const dtake__option *o; st == DTAKE_OK && (o = dtake__option_next(command, &position)) != NULL;)
        if (!o->hidden)
            st = zsh_option(out, o);
    if (st == DTAKE_OK)
        st = dtake__buf_puts(out, " \\\n            '*:input:");
    if (st == DTAKE_OK && takes_command_name(command)) {
        st = dtake__buf_puts(out, "(");
        if (st == DTAKE_OK)
            st = put_command_names(out);
        if (st == DTAKE_OK)
            st = dtake__buf_puts(out, ")");
    } else if (st == DTAKE_OK && command->input_words != NULL) {
        shown_choices(command->input_words, words, sizeof words);
        st = dtake__buf_printf(out, "(%s)", words);
    } else if (st == DTAKE_OK) {
        st = dtake__buf_puts(out, "_files");
    }
    return st == DTAKE_OK ? dtake__buf_puts(out, "' ;;\n") : st;
}

static dtake_status put_zsh(dtake_buf *out)
{
    dtake_status st = dtake__buf_puts(out, "#compdef datatake\n"
                                           "_datatake() {\n"
                                           "    local -a commands\n"
                                           "    commands=(\n");
    for (size_t i = 0; i < dtake__command_count && st == DTAKE_OK; i++) {
        if (!is_shown(&dtake__commands[i]))
            continue;
        st = dtake__buf_printf(out, "        '%s:", dtake__commands[i].name);
        if (st == DTAKE_OK)
            st = put_quoted(out, dtake__commands[i].summary, ":");
        if (st == DTAKE_OK)
            st = dtake__buf_puts(out, "'\n");
    }
    if (st == DTAKE_OK)
        st = dtake__buf_puts(out, "    )\n"
                                  "    if (( CURRENT == 2 )); then\n"
                                  "        _describe command commands\n"
                                  "        return\n"
                                  "    fi\n"
                                  "    local command=$words[2]\n"
                                  "    shift words\n"
                                  "    (( CURRENT-- ))\n"
                                  "    case $command in\n");
    for (size_t i = 0; i < dtake__command_count && st == DTAKE_OK; i++)
        if (is_shown(&dtake__commands[i]))
            st = zsh_command(out, &dtake__commands[i]);
    return st == DTAKE_OK ? dtake__buf_puts(out, "    esac\n}\n_datatake \"$@\"\n") : st;
}

static dtake_status fish_option(dtake_buf *out, const dtake__command *command, const dtake__option *o)
{
    char words[128] = "";
    dtake_status st = dtake__buf_printf(out, "complete -c datatake -n '__fish_seen_subcommand_from %s' -l %s",
                                        command->name, o->name);
    if (st == DTAKE_OK && o->letter != '\0')
        st = dtake__buf_printf(out, " -s %c", o->letter);
    if (st == DTAKE_OK && o->choices != NULL) {
        shown_choices(o->choices, words, sizeof words);
        st = dtake__buf_printf(out, " -x -a '%s'", words);
    } else if (st == DTAKE_OK && o->kind == DTAKE__FOLDER) {
        st = dtake__buf_puts(out, " -x -a '(__fish_complete_directories)'");
    } else if (st == DTAKE_OK && o->kind != DTAKE__FLAG) {
        st = dtake__buf_puts(out, o->kind == DTAKE__FILE ? " -r -F" : " -x");
    }
    if (st == DTAKE_OK)
        st = dtake__buf_puts(out, " -d '");
    if (st == DTAKE_OK)
        st = put_quoted(out, o->help, "");
    return st == DTAKE_OK ? dtake__buf_puts(out, "'\n") : st;
}

static dtake_status fish_command(dtake_buf *out, const dtake__command *command)
{
    char words[128] = "";
    size_t position = 0;
    dtake_status st =
        dtake__buf_printf(out, "complete -c datatake -n __fish_use_subcommand -f -a %s -d '", command->name);
    if (st == DTAKE_OK)
        st = put_quoted(out, command->summary, "");
    if (st == DTAKE_OK)
        st = dtake__buf_puts(out, "'\n");
    if (st == DTAKE_OK && (command->input_words != NULL || takes_command_name(command))) {
        st = dtake__buf_printf(out, "complete -c datatake -n '__fish_seen_subcommand_from %s' -f -a '",
                               command->name);
        if (st == DTAKE_OK && command->input_words != NULL) {
            shown_choices(command->input_words, words, sizeof words);
            st = dtake__buf_puts(out, words);
        } else if (st == DTAKE_OK) {
            st = put_command_names(out);
        }
        if (st == DTAKE_OK)
            st = dtake__buf_puts(out, "'\n");
    }
    for (const dtake__option *o; st == DTAKE_OK && (o = dtake__option_next(command, &position)) != NULL;)
        if (!o->hidden)
            st = fish_option(out, command, o);
    return st;
}

static dtake_status put_fish(dtake_buf *out)
{
    dtake_status st = dtake__buf_puts(out, "# datatake completion for fish\n");
    for (size_t i = 0; i < dtake__command_count && st == DTAKE_OK; i++)
        if (is_shown(&dtake__commands[i]))
            st = fish_command(out, &dtake__commands[i]);
    return st;
}

dtake_status dtake__completion(dtake_buf *out, const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        return put_bash(out);
    if (strcmp(shell, "zsh") == 0)
        return put_zsh(out);
    return strcmp(shell, "fish") == 0 ? put_fish(out) : DTAKE_E_USAGE;
}
