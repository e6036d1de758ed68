/* Pixels as numpy writes them (NPY 1.0 to 3.0): records of one sample a band, row after row. The bytes stay
 * where they are. */
#ifndef DTAKE_FORMAT_NPY_H
#define DTAKE_FORMAT_NPY_H

#include <datatake/raster.h>

enum { DTAKE__NPY_MAX_FIELDS = 1024, DTAKE__NPY_MAX_HEADER = 256 << 10 };

typedef struct dtake__npy_field {
    const char *name; /* as written, not terminated; inside the bytes */
    size_t name_len;
    char kind;     /* 'u', 'i', 'f' or 'b' */
    size_t bytes;  /* 1, 2, 4 or 8 */
    size_t offset; /* in a record */
    bool swapped;  /* of the other byte order */
} dtake__npy_field;

typedef struct dtake__npy {
    int64_t width, height;
    size_t record; /* bytes */
    const uint8_t *data;
    size_t field_count;
    dtake__npy_field field[DTAKE__NPY_MAX_FIELDS];
} dtake__npy;

/* DTAKE_E_FORMAT: it is no such file, or shorter than it says. */
dtake_status dtake__npy_read(dtake__npy *out, const void *bytes, size_t len, dtake_error *err);

/* `count` samples of a field from pixel `first` on, as `type`; false: one of them is no such number (a
 * fraction that is not NaN becomes no integer, 300 no uint8). */
bool dtake__npy_row(const dtake__npy *npy, size_t field, int64_t first, int64_t count, dtake_type type,
                    void *out);

#endif
