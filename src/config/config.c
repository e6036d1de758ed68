#include "config/config.h"

#include "config/toml_line.h"
#include "core/alloc.h"
#include "core/error.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE_BYTES = 1024 * 1024 };

/* inih keeps sections and keys apart. Each line is checked and its value taken before inih sees it: inih cuts
 * lines at 200 bytes, joins indented lines to the one before and takes " ;" for a comment, TOML does none of
 * these. */
struct load {
    dtake__config *config;
    const char *path;
    FILE *file;
    int line;
    size_t bytes;
    dtake__toml_line now;
    dtake_status status;
    dtake_error *err;
};

static dtake_status fail_line(struct load *load, dtake_status status)
{
    if (load->status == DTAKE_OK) {
        load->status = status;
        dtake__error_prefix(load->err, "%s:%d", load->path, load->line);
    }
    return status;
}

/* inih's reader: the next line into `out`, with the value replaced by a dot. */
static char *next_line(char *out, int size, void *stream)
{
    struct load *load = stream;
    char text[DTAKE_TOML_LINE_BYTES + 2];
    if (load->status != DTAKE_OK || fgets(text, sizeof text, load->file) == NULL)
        return NULL;
    load->line++;
    load->bytes += strlen(text);
    if (load->bytes > MAX_FILE_BYTES) {
        fail_line(load, dtake__fail(load->err, DTAKE_E_USAGE, "the file is larger than 1 MiB"));
        return NULL;
    }
    text[strcspn(text, "\n")] = '\0';
    dtake_status st = dtake__toml_line_parse(text, &load->now, load->err);
    if (st != DTAKE_OK) {
        fail_line(load, st);
        return NULL;
    }
    const char *name = load->now.name;
    if (load->now.kind == DTAKE__TOML_SECTION)
        snprintf(out, (size_t)size, "[%s]\n", name);
    else if (load->now.kind == DTAKE__TOML_PAIR)
        snprintf(out, (size_t)size, "%s=.\n", name);
    else
        snprintf(out, (size_t)size, "\n");
    return out;
}

static bool is_repeated(const struct load *load, const char *section, const char *key)
{
    const dtake__setting *setting = dtake__config_find(load->config, section, key);
    return setting != NULL && setting->file_index == load->config->files &&
           strcmp(setting->section, section) == 0;
}

static int add_setting(void *user, const char *section, const char *key, const char *unused)
{
    (void)unused;
    struct load *load = user;
    dtake__config *config = load->config;
    if (is_repeated(load, section, key))
        return fail_line(load, dtake__fail(load->err, DTAKE_E_USAGE, "'%s' is set twice", key)) == DTAKE_OK;

    dtake__setting *grown = dtake__realloc_array(config->settings, config->count + 1, sizeof *grown);
    if (grown != NULL)
        config->settings = grown;
    char *value = grown != NULL ? dtake__strdup(load->now.value) : NULL;
    char *file = value != NULL ? dtake__strdup(load->path) : NULL;
    if (file == NULL) {
        dtake__free(value);
        return fail_line(load, dtake__fail_nomem(load->err, "settings")) == DTAKE_OK;
    }
    dtake__setting *setting = &config->settings[config->count++];
    *setting =
        (dtake__setting){ .value = value, .file = file, .file_index = config->files, .line = load->line };
    snprintf(setting->section, sizeof setting->section, "%s", section);
    snprintf(setting->key, sizeof setting->key, "%s", key);
    return 1;
}

dtake_status dtake__config_load(dtake__config *config, const char *path, dtake_error *err)
{
    struct load load = { .config = config, .path = path, .status = DTAKE_OK, .err = err };
    load.file = fopen(path, "re");
    if (load.file == NULL)
        return errno == ENOENT || errno == ENOTDIR ? DTAKE_OK
                                                   : dtake__fail_errno(err, errno, "read settings %s", path);
    ini_parse_stream(next_line, &load, add_setting, &load);
    if (load.status == DTAKE_OK && ferror(load.file))
        load.status = dtake__fail_errno(err, errno, "read settings %s", path);
    fclose(load.file);
    config->files++;
    return load.status;
}

void dtake__config_dispose(dtake__config *config)
{
    for (size_t i = 0; i < config->count; i++) {
        dtake__free(config->settings[i].value);
        dtake__free(config->settings[i].file);
    }
    dtake__free(config->settings);
    *config = (dtake__config){ 0 };
}

const dtake__setting *dtake__config_find(const dtake__config *config, const char *section, const char *key)
{
    const dtake__setting *best = NULL;
    for (size_t i = 0; i < config->count; i++) {
        const dtake__setting *setting = &config->settings[i];
        bool own = strcmp(setting->section, section) == 0;
        if (strcmp(setting->key, key) != 0 || (!own && setting->section[0] != '\0'))
            continue;
        if (best == NULL || (own && best->section[0] == '\0' && best->file_index == setting->file_index))
            best = setting;
    }
    return best;
}

void dtake__config_paths(char paths[DTAKE_CONFIG_FILES][DTAKE_CONFIG_PATH_BYTES])
{
    const char *xdg = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    snprintf(paths[0], DTAKE_CONFIG_PATH_BYTES, "datatake.toml");
    paths[1][0] = '\0';
    if (xdg != NULL && xdg[0] == '/')
        snprintf(paths[1], DTAKE_CONFIG_PATH_BYTES, "%s/datatake/config.toml", xdg);
    else if (home != NULL && home[0] != '\0')
        snprintf(paths[1], DTAKE_CONFIG_PATH_BYTES, "%s/.config/datatake/config.toml", home);
    snprintf(paths[2], DTAKE_CONFIG_PATH_BYTES, "/etc/datatake/config.toml");
}
