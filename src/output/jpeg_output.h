/* An image as JPEG. */
#ifndef DTAKE_OUTPUT_JPEG_OUTPUT_H
#define DTAKE_OUTPUT_JPEG_OUTPUT_H

#include "core/buf.h"
#include "output/output.h"

/* DTAKE_E_USAGE names the types, bands and sizes that JPEG can hold. */
dtake_status dtake__jpeg_check(const dtake__output *output, dtake_error *err);

/* Work of a worker. Masked pixels are black. Disposes of output->pixels; `out` is empty after a failure. */
dtake_status dtake__jpeg_bytes(dtake__output *output, dtake_buf *out, dtake_error *err);

#endif
