/* Settings from files: the flat part of TOML. Knows no option: which keys exist is the caller's business. */
#ifndef DTAKE_CONFIG_CONFIG_H
#define DTAKE_CONFIG_CONFIG_H

#include <datatake/status.h>

enum { DTAKE_CONFIG_NAME_BYTES = 48, DTAKE_CONFIG_FILES = 3 };

typedef struct dtake__setting {
    char section[DTAKE_CONFIG_NAME_BYTES]; /* "" above the first [section]: for every command */
    char key[DTAKE_CONFIG_NAME_BYTES];
    char *value; /* text without quotes and escapes; the config's */
    char *file;  /* as given to dtake__config_load; the config's */
    int file_index, line;
} dtake__setting;

typedef struct dtake__config {
    dtake__setting *settings;
    size_t count;
    int files; /* loaded so far; the first one counts most */
} dtake__config;

/* Adds the settings of one file. A file that is not there is fine. Anything but [section], key = value and
 * # comments is DTAKE_E_USAGE with file:line. Files: at most 1 MiB, lines at most 4,095 bytes. */
dtake_status dtake__config_load(dtake__config *config, const char *path, dtake_error *err);
void dtake__config_dispose(dtake__config *config);

/* The setting that counts for `key` in `section`: the first file wins; in a file the section wins over the
 * lines above all sections. NULL if there is none; lives as long as the config. */
const dtake__setting *dtake__config_find(const dtake__config *config, const char *section, const char *key);

/* Where settings are looked for, the one that counts most first: ./datatake.toml,
 * $XDG_CONFIG_HOME/datatake/config.toml (~/.config), /etc/datatake/config.toml. paths[i] is "" when its
 * folder is not known. */
enum { DTAKE_CONFIG_PATH_BYTES = 4096 };
void dtake__config_paths(char paths[DTAKE_CONFIG_FILES][DTAKE_CONFIG_PATH_BYTES]);

#endif
