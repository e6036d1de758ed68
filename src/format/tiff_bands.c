#include "format/tiff_parts.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"

#include <string.h>

enum { PHOTOMETRIC_RGB = 2, PHOTOMETRIC_PALETTE = 3, PHOTOMETRIC_YCBCR = 6 };

/* Blanks around the number are allowed, as writers leave them. */
static bool read_number(const char *text, double *out)
{
    char number[64];
    while (*text == ' ')
        text++;
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\n'))
        len--;
    if (len >= sizeof number)
        return false;
    memcpy(number, text, len);
    number[len] = '\0';
    return dtake__parse_f64(number, out);
}

/* As GDAL names them. */
static const char *color_of(const dtake__tiff_dir *dir, int32_t band, bool is_alpha)
{
    static const char *const rgb[] = { "red", "green", "blue" };
    if (is_alpha)
        return "alpha";
    bool is_rgb = dir->photometric == PHOTOMETRIC_RGB ||
                  (dir->photometric == PHOTOMETRIC_YCBCR && dir->compression == DTAKE__TIFF_JPEG);
    if (is_rgb)
        return band <= 3 ? rgb[band - 1] : "undefined";
    if (band != 1)
        return "undefined";
    bool two_colors = dir->bits == 1 && dir->bands == 1;
    return dir->photometric == PHOTOMETRIC_PALETTE || two_colors ? "palette" : "gray";
}

static bool is_alpha(const dtake__tiff_source *source, const dtake__tiff_entry *extra, int32_t bands,
                     int32_t band)
{
    if (extra == NULL || extra->count > (uint64_t)bands || band <= bands - (int32_t)extra->count)
        return false;
    uint64_t kind =
        dtake__tiff_entry_integer(source, extra, (uint64_t)(band - 1 - (bands - (int32_t)extra->count)));
    return kind == 1 || kind == 2;
}

dtake_status dtake__tiff_bands_read(dtake__tiff *out, const dtake__tiff_source *source,
                                    const dtake__tiff_ifd *ifd)
{
    const dtake__tiff_dir *dir = &out->dir[0];
    char *nodata = NULL;
    dtake_status st = dtake__tiff_text(source, ifd, DTAKE__TAG_GDAL_NODATA, &nodata);
    if (st == DTAKE_OK && nodata != NULL)
        out->has_nodata = read_number(nodata, &out->nodata);
    dtake__free(nodata);
    if (st == DTAKE_OK)
        st = dtake__tiff_text(source, ifd, DTAKE__TAG_GDAL_METADATA, &out->gdal_metadata);
    if (st != DTAKE_OK)
        return st;
    out->band = dtake__calloc((size_t)dir->bands, sizeof *out->band);
    if (out->band == NULL)
        return dtake__fail_nomem(source->err, "read TIFF bands");
    out->bands_named = dir->bands;
    const dtake__tiff_entry *text = dtake__tiff_ifd_find(ifd, DTAKE__TAG_DESCRIPTION);
    if (text != NULL && text->type == DTAKE__VALUE_ASCII) {
        out->description_first = text->first;
        out->description_bytes = (int64_t)text->count;
    }
    const dtake__tiff_entry *extra = dtake__tiff_ifd_find(ifd, DTAKE__TAG_EXTRA_SAMPLES);
    if (extra != NULL && !dtake__tiff_entry_is_integer(extra))
        extra = NULL;
    for (int32_t i = 0; i < dir->bands; i++) {
        out->band[i] = (dtake_band){ dtake__strdup(""),
                                     color_of(dir, i + 1, is_alpha(source, extra, dir->bands, i + 1)), 1, 0 };
        if (out->band[i].name == NULL)
            return dtake__fail_nomem(source->err, "read TIFF bands");
    }
    if (out->gdal_metadata == NULL)
        return DTAKE_OK;
    return dtake__gdal_metadata_apply(out->gdal_metadata, out->band, dir->bands, source->err);
}
