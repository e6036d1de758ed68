#include "cli/command.h"

#include "cli/options.h"
#include "core/text.h"

#include <ctype.h>
#include <string.h>

const dtake__command *dtake__command_find(const char *name)
{
    for (size_t i = 0; i < dtake__command_count; i++)
        if (strcmp(dtake__commands[i].name, name) == 0)
            return &dtake__commands[i];
    return NULL;
}

const dtake__option *dtake__option_next(const dtake__command *command, size_t *position)
{
    size_t at = (*position)++;
    for (size_t g = 0; g < DTAKE_MAX_GROUPS && command->groups[g] != NULL; g++) {
        if (at < command->groups[g]->count)
            return &command->groups[g]->options[at];
        at -= command->groups[g]->count;
    }
    return at < dtake__options_common.count ? &dtake__options_common.options[at] : NULL;
}

static bool has_word(const char *words, const char *word)
{
    char piece[64];
    for (const char *rest = words; words != NULL && dtake__next_piece(&rest, ' ', piece, sizeof piece);)
        if (strcmp(piece, word) == 0)
            return true;
    return false;
}

const dtake__option *dtake__option_find(const dtake__command *command, const char *name)
{
    size_t position = 0;
    for (const dtake__option *o; (o = dtake__option_next(command, &position)) != NULL;)
        if (strcmp(o->name, name) == 0 || has_word(o->aliases, name))
            return o;
    return NULL;
}

const dtake__option *dtake__option_find_letter(const dtake__command *command, char letter)
{
    size_t position = 0;
    for (const dtake__option *o; (o = dtake__option_next(command, &position)) != NULL;)
        if (letter != '\0' && o->letter == letter)
            return o;
    return NULL;
}

struct nearest {
    const char *wanted, *name;
    int score; /* less is nearer: twice the edits, one less for the same first letter */
};

/* Near enough: one edit for every three characters, at least one; or what was typed begins the name. */
static void consider(struct nearest *nearest, const char *name)
{
    int distance = dtake__edit_distance(nearest->wanted, name);
    int len = (int)strlen(nearest->wanted);
    bool near = distance <= (len < 6 ? 2 : len / 3) && distance < (int)strlen(name);
    if (!near && len >= 3 && dtake__starts_with(name, nearest->wanted))
        near = true;
    int score = 2 * distance - (name[0] == nearest->wanted[0]);
    if (near && (nearest->name == NULL || score < nearest->score)) {
        nearest->name = name;
        nearest->score = score;
    }
}

const char *dtake__suggest_command(const char *name)
{
    struct nearest nearest = { .wanted = name };
    for (size_t i = 0; i < dtake__command_count; i++)
        if (!dtake__commands[i].hidden)
            consider(&nearest, dtake__commands[i].name);
    return nearest.name;
}

const char *dtake__suggest_option(const dtake__command *command, const char *name)
{
    struct nearest nearest = { .wanted = name };
    size_t position = 0;
    for (const dtake__option *o; (o = dtake__option_next(command, &position)) != NULL;)
        if (!o->hidden)
            consider(&nearest, o->name);
    return nearest.name;
}

void dtake__option_env_name(const dtake__option *option, char *out, size_t size)
{
    static const char prefix[] = "DATATAKE_";
    size_t len = 0;
    for (const char *c = prefix; *c != '\0' && len < size - 1; c++)
        out[len++] = *c;
    for (const char *c = option->name; *c != '\0' && len < size - 1; c++)
        out[len++] = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    out[len] = '\0';
}
