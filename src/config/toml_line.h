/* One line of the flat part of TOML, checked before inih sees it. */
#ifndef DTAKE_CONFIG_TOML_LINE_H
#define DTAKE_CONFIG_TOML_LINE_H

#include "config/config.h"

enum { DTAKE_TOML_LINE_BYTES = 4096 };

typedef enum dtake__toml_kind { DTAKE__TOML_BLANK, DTAKE__TOML_SECTION, DTAKE__TOML_PAIR } dtake__toml_kind;

typedef struct dtake__toml_line {
    dtake__toml_kind kind;
    char name[DTAKE_CONFIG_NAME_BYTES]; /* of the section or the key; max_rate is read as max-rate */
    char value[DTAKE_TOML_LINE_BYTES];  /* of a pair: unquoted, unescaped, without a comment */
} dtake__toml_line;

/* DTAKE_E_USAGE says what is wrong; the caller puts file and line before it. */
dtake_status dtake__toml_line_parse(const char *text, dtake__toml_line *out, dtake_error *err);

#endif
