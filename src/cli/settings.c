#include "cli/args.h"
#include "cli/options.h"
#include "core/error.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A key above all sections may belong to any command. */
static bool is_key_anywhere(const char *key, const char **near)
{
    for (size_t i = 0; i < dtake__command_count; i++) {
        const dtake__command *command = &dtake__commands[i];
        const dtake__option *option = command->no_settings ? NULL : dtake__option_find(command, key);
        if (option != NULL && strcmp(option->name, key) == 0 && !option->here_only)
            return true;
        if (!command->no_settings && *near == NULL)
            *near = option != NULL ? option->name : dtake__suggest_option(command, key);
    }
    return false;
}

static dtake_status fail_key(const dtake__setting *s, const char *near, dtake_error *err)
{
    char in[DTAKE_CONFIG_NAME_BYTES + 8] = "";
    if (s->section[0] != '\0')
        snprintf(in, sizeof in, " in [%s]", s->section);
    return near != NULL && strcmp(near, s->key) != 0
               ? dtake__fail(err, DTAKE_E_USAGE, "%s:%d: unknown key '%s'%s; did you mean '%s'?", s->file,
                             s->line, s->key, in, near)
           : near != NULL
               ? dtake__fail(err, DTAKE_E_USAGE, "%s:%d: '%s' can only be given on the command line", s->file,
                             s->line, s->key)
               : dtake__fail(err, DTAKE_E_USAGE, "%s:%d: unknown key '%s'%s", s->file, s->line, s->key, in);
}

static dtake_status check_setting(const dtake__setting *s, dtake_error *err)
{
    const char *near = NULL;
    if (s->section[0] == '\0')
        return is_key_anywhere(s->key, &near) ? DTAKE_OK : fail_key(s, near, err);
    const dtake__command *command = dtake__command_find(s->section);
    if (command == NULL || command->no_settings) {
        near = dtake__suggest_command(s->section);
        return dtake__fail(err, DTAKE_E_USAGE, "%s:%d: unknown section [%s]%s%s%s", s->file, s->line,
                           s->section, near != NULL ? "; did you mean [" : "", near != NULL ? near : "",
                           near != NULL ? "]?" : "");
    }
    const dtake__option *option = dtake__option_find(command, s->key);
    if (option != NULL && strcmp(option->name, s->key) == 0 && !option->here_only)
        return DTAKE_OK;
    return fail_key(s, option != NULL ? option->name : dtake__suggest_option(command, s->key), err);
}

dtake_status dtake__settings_check(const dtake__config *config, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < config->count && st == DTAKE_OK; i++)
        st = check_setting(&config->settings[i], err);
    return st;
}

dtake_status dtake__settings_load(dtake__config *config, dtake_error *err)
{
    static char paths[DTAKE_CONFIG_FILES][DTAKE_CONFIG_PATH_BYTES];
    dtake__config_paths(paths);
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < DTAKE_CONFIG_FILES && st == DTAKE_OK; i++)
        if (paths[i][0] != '\0')
            st = dtake__config_load(config, paths[i], err);
    return st == DTAKE_OK ? dtake__settings_check(config, err) : st;
}

static dtake_status add_setting(dtake__args *args, const dtake__option *option, const dtake__config *config,
                                dtake_error *err)
{
    char name[DTAKE_CONFIG_PATH_BYTES + 64];
    dtake__option_env_name(option, name, sizeof name);
    const char *text = option->here_only || option->hidden ? NULL : getenv(name);
    if (text != NULL && text[0] != '\0')
        return dtake__args_set(args, option, text, DTAKE__FROM_ENVIRONMENT, name, err);

    const dtake__setting *setting = dtake__config_find(config, args->command->name, option->name);
    if (setting != NULL && !option->here_only) {
        snprintf(name, sizeof name, "%s:%d: %s", setting->file, setting->line, setting->key);
        return dtake__args_set(args, option, setting->value, DTAKE__FROM_FILE, name, err);
    }
    if (option->initial != NULL)
        return dtake__args_set(args, option, option->initial, DTAKE__FROM_DEFAULT, "default", err);
    return DTAKE_OK;
}

dtake_status dtake__args_add_settings(dtake__args *args, const dtake__config *config, dtake_error *err)
{
    size_t position = 0;
    dtake_status st = DTAKE_OK;
    for (const dtake__option *o;
         st == DTAKE_OK && (o = dtake__option_next(args->command, &position)) != NULL;)
        if (dtake__args_find(args, o->name) == NULL)
            st = add_setting(args, o, config, err);
    return st;
}
