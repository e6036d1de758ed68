/* An image as PNG. */
#ifndef DTAKE_OUTPUT_PNG_OUTPUT_H
#define DTAKE_OUTPUT_PNG_OUTPUT_H

#include "core/buf.h"
#include "output/output.h"

/* DTAKE_E_USAGE names the types and bands that PNG can hold. */
dtake_status dtake__png_check(const dtake__output *output, dtake_error *err);

/* Work of a worker. Disposes of output->pixels; `out` is empty after a failure. */
dtake_status dtake__png_bytes(dtake__output *output, dtake_buf *out, dtake_error *err);

#endif
