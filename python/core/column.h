/* One field of all batches of a load, on its way into one numpy array, with the fills that Tilebox's users
 * know: 0, NaN, NaT, "", None.
 */
#ifndef DTAKE_PYTHON_COLUMN_H
#define DTAKE_PYTHON_COLUMN_H

#include "core.h"

typedef struct column {
    const dtake_field *field;
    const dtake_column **parts; /* of each batch, the batches' */
    size_t count;
    int64_t rows;
} column;

/* Bytes of one element of the array. 0: the elements are objects. */
size_t column_element_bytes(const dtake_field *field);
size_t column_width(const dtake_field *field); /* elements a value */
int32_t column_longest(const column *c);       /* of the lists of a repeated field; else 0 */
bool column_has_any(const column *c);          /* some row has a value */

static inline bool has_value(const dtake_column *c, int64_t row)
{
    return c->validity == NULL || (c->validity[row >> 3] >> (row & 7) & 1);
}

/* --- column_plain.c: fields whose elements are no objects; needs no interpreter lock --- */

/* Rows, or rows times `longest` items; `to` has room for all. */
void column_fill(const column *c, int32_t longest, void *to);

/* --- column_objects.c --- */

/* The same with references, in place of those that are there (NULL is fine); false with an exception. */
bool column_fill_objects(const column *c, int32_t longest, PyObject **to);

#endif
