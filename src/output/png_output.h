/* An image as PNG. */
#ifndef DTAKE_OUTPUT_PNG_OUTPUT_H
#define DTAKE_OUTPUT_PNG_OUTPUT_H

#include "output/output.h"

/* DTAKE_E_USAGE names the types and bands that PNG can hold. */
dtake_status dtake__png_check(const dtake__output *output, dtake_error *err);

/* Work of a worker. Disposes of output->pixels. */
dtake_status dtake__png_store(dtake__output *output, dtake__written *written, dtake_error *err);

#endif
