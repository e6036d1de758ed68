/* --per-band: the files that an image becomes, one a band of the result. */
#ifndef DTAKE_ACCESS_PARTS_H
#define DTAKE_ACCESS_PARTS_H

#include <datatake/get.h>

#include "core/strings.h"

/* What the files are called: the names of the expressions, without these the bands. */
dtake_status dtake__parts_names(const dtake_get_options *options, dtake__strings *out, dtake_error *err);

/* The options of one of them: its expression alone, and of visualize's lists its value. The pointers are
 * those of `options`, but that expression, which *expression keeps for the caller to free. */
dtake_status dtake__parts_options(const dtake_get_options *options, const char *name, dtake_get_options *out,
                                  char **expression, dtake_error *err);

/* DTAKE_E_USAGE: what the options ask for has no files of its own a band. */
dtake_status dtake__parts_check(const dtake_get_options *options, dtake_error *err);

#endif
