/* Reading a whole file or standard input, up to a limit. */
#ifndef DTAKE_CLI_INPUT_H
#define DTAKE_CLI_INPUT_H

#include "core/buf.h"

/* Appends the content of `path` ("-": standard input) to `out`; over out->limit is DTAKE_E_LIMIT. */
dtake_status dtake__input_read(dtake_buf *out, const char *path, const char *what, dtake_error *err);

#endif
