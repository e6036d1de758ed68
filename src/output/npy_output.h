/* An image as numpy's NPY, version 1.0, as Earth Engine sends it: height x width records with a field a band.
 */
#ifndef DTAKE_OUTPUT_NPY_OUTPUT_H
#define DTAKE_OUTPUT_NPY_OUTPUT_H

#include "core/buf.h"
#include "output/output.h"

/* DTAKE_E_USAGE: more bands than the header has room for. */
dtake_status dtake__npy_check(const dtake__output *output, dtake_error *err);

/* Work of a worker. Masked samples are nodata, or 0. Disposes of output->pixels; `out` is empty after a
 * failure. */
dtake_status dtake__npy_bytes(dtake__output *output, dtake_buf *out, dtake_error *err);

#endif
