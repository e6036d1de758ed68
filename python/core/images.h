/* The part of datatake._core about images: jobs, pictures, rasters, comparisons. */
#ifndef DTAKE_PYTHON_IMAGES_H
#define DTAKE_PYTHON_IMAGES_H

#include "core.h"

/* get_options.c: from a dict whose keys are the members of the struct. What points into it lives as long as
 * the dict; `list` is to be freed. False with an exception. */
typedef struct get_options {
    dtake_get_options value;
    const char **list[3]; /* PyMem_Free */
} get_options;
bool get_options_read(get_options *out, PyObject *dict);
void get_options_dispose(get_options *options);

#endif
