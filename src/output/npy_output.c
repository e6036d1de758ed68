#include "output/npy_output.h"

#include "core/alloc.h"
#include "core/error.h"
#include "raster/kernels.h"

#include <stdio.h>
#include <string.h>

/* Version 1.0 counts the header in 16 bits. */
enum { ALIGN = 64, MAX_HEADER = 65535, MAX_BANDS = 512, NAME_BYTES = 64 };

/* numpy reads the header as Python; names are plain ASCII, and all different. */
static void name_field(const dtake__output *output, int32_t band, char out[NAME_BYTES + 16])
{
    const char *given = output->band_names != NULL ? output->band_names[band] : "";
    size_t len = strnlen(given, NAME_BYTES - 1);
    for (size_t i = 0; i < len; i++)
        out[i] = given[i] >= ' ' && given[i] <= '~' && given[i] != '\'' && given[i] != '\\' ? given[i] : '_';
    out[len] = '\0';
    if (len == 0)
        snprintf(out, NAME_BYTES, "b%d", (int)band + 1);
}

static bool is_taken(char (*name)[NAME_BYTES + 16], int32_t band)
{
    for (int32_t i = 0; i < band; i++)
        if (strcmp(name[i], name[band]) == 0)
            return true;
    return false;
}

static void name_fields(const dtake__output *output, char (*name)[NAME_BYTES + 16])
{
    for (int32_t band = 0; band < output->pixels.bands; band++) {
        name_field(output, band, name[band]);
        size_t len = strlen(name[band]);
        for (int again = 1; is_taken(name, band); again++)
            snprintf(name[band] + len, 16, "_%d", again);
    }
}

static const char *type_word(dtake_type type)
{
    static const char *const words[] = {
        [DTAKE_U8] = "|u1",  [DTAKE_I8] = "|i1",  [DTAKE_U16] = "<u2", [DTAKE_I16] = "<i2",
        [DTAKE_U32] = "<u4", [DTAKE_I32] = "<i4", [DTAKE_F32] = "<f4", [DTAKE_F64] = "<f8"
    };
    return words[type];
}

/* Magic, version, length, and a dictionary padded with blanks so that samples begin on a multiple of 64. */
static dtake_status put_header(const dtake__output *output, dtake_buf *out)
{
    const dtake_pixels *p = &output->pixels;
    char(*name)[NAME_BYTES + 16] = dtake__calloc((size_t)p->bands, sizeof *name);
    if (name == NULL)
        return DTAKE_E_NOMEM;
    name_fields(output, name);
    dtake_status st = dtake__buf_append(out, "\x93NUMPY\x01\x00\x00\x00", 10);
    if (st == DTAKE_OK)
        st = dtake__buf_puts(out, "{'descr': [");
    for (int32_t band = 0; band < p->bands && st == DTAKE_OK; band++)
        st = dtake__buf_printf(out, "('%s', '%s'), ", name[band], type_word(p->type));
    if (st == DTAKE_OK)
        st = dtake__buf_printf(out, "], 'fortran_order': False, 'shape': (%lld, %lld), }",
                               (long long)p->height, (long long)p->width);
    while (st == DTAKE_OK && out->len % ALIGN != ALIGN - 1)
        st = dtake__buf_puts(out, " ");
    if (st == DTAKE_OK)
        st = dtake__buf_puts(out, "\n");
    dtake__free(name);
    if (st != DTAKE_OK)
        return st;
    size_t bytes = out->len - 10;
    ((uint8_t *)out->data)[8] = (uint8_t)(bytes & 255);
    ((uint8_t *)out->data)[9] = (uint8_t)(bytes >> 8);
    return bytes <= MAX_HEADER ? DTAKE_OK : DTAKE_E_LIMIT;
}

static void fill_masked(const dtake__output *output)
{
    const dtake_pixels *p = &output->pixels;
    size_t plane = (size_t)p->width * (size_t)p->height;
    for (int32_t band = 0; band < p->bands && p->mask != NULL; band++)
        dtake__samples_fill_masked(p->type,
                                   (char *)p->data + plane * (size_t)band * dtake_type_bytes(p->type),
                                   p->mask + (p->mask_bands > 1 ? plane * (size_t)band : 0), plane,
                                   output->has_nodata ? output->nodata : 0);
}

/* A row of records; this and the machine's own order of bytes are little-endian. */
static void fill_row(const dtake_pixels *p, size_t row, char *out)
{
    size_t bytes = dtake_type_bytes(p->type), width = (size_t)p->width, bands = (size_t)p->bands;
    size_t plane = width * (size_t)p->height * bytes;
    for (size_t band = 0; band < bands; band++) {
        const char *from = (const char *)p->data + plane * band + row * width * bytes;
        for (size_t i = 0; i < width; i++)
            memcpy(out + (i * bands + band) * bytes, from + i * bytes, bytes);
    }
}

static dtake_status put_rows(const dtake_pixels *p, dtake_buf *out)
{
    size_t bytes = (size_t)p->width * (size_t)p->bands * dtake_type_bytes(p->type);
    dtake_status st = dtake__buf_reserve(out, bytes * (size_t)p->height);
    for (size_t row = 0; row < (size_t)p->height && st == DTAKE_OK; row++, out->len += bytes)
        fill_row(p, row, (char *)out->data + out->len);
    return st;
}

dtake_status dtake__npy_check(const dtake__output *output, dtake_error *err)
{
    return output->pixels.bands <= MAX_BANDS
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_USAGE, "write %s: NPY holds up to %d bands, not %d: use GeoTIFF",
                             output->path, MAX_BANDS, (int)output->pixels.bands);
}

dtake_status dtake__npy_bytes(dtake__output *output, dtake_buf *out, dtake_error *err)
{
    dtake_pixels *p = &output->pixels;
    size_t raw = (size_t)p->width * (size_t)p->height * (size_t)p->bands * dtake_type_bytes(p->type);
    *out = DTAKE_BUF_INIT(raw + MAX_HEADER + ALIGN);
    fill_masked(output);
    dtake_status st = put_header(output, out);
    if (st == DTAKE_OK)
        st = put_rows(p, out);
    dtake_pixels_dispose(p);
    if (st == DTAKE_OK)
        return DTAKE_OK;
    dtake__buf_dispose(out);
    return dtake__fail(err, st, "write %s: %s", output->path,
                       st == DTAKE_E_LIMIT ? "the names of the bands are too long for NPY" : "out of memory");
}
