/* File names of outputs out of templates. */
#ifndef DTAKE_ACCESS_PATHS_H
#define DTAKE_ACCESS_PATHS_H

#include <datatake/status.h>

#include "core/buf.h"

/* What the keys of a template stand for; NULL or "" is written as "none". */
typedef struct dtake__path_words {
    const char *id, *collection, *asset, *band, *ext;
    int64_t time_ns; /* INT64_MIN: none */
} dtake__path_words;

/* DTAKE_E_USAGE: a key that does not exist, a brace that does not close, or a path that leaves the folder. */
dtake_status dtake__template_check(const char *path_template, dtake_error *err);

/* Appends the path below the output folder. Words are made safe: no '/', no control characters, no leading
 * dot, at most 160 bytes each. */
dtake_status dtake__template_fill(const char *path_template, const dtake__path_words *words, dtake_buf *out);

/* The extension of a href's file name without the dot, in lower case, or "bin". */
void dtake__href_extension(const char *href, char *out, size_t size);

/* The file name of a href without its extension. */
void dtake__href_stem(const char *href, char *out, size_t size);

#endif
