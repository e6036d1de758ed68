/* Which tiles are decoded here; the words for the others. */
#include "format/tile.h"

#include "core/error.h"
#include "format/codecs.h"

enum {
    PHOTOMETRIC_CMYK = 5,
    PHOTOMETRIC_YCBCR = 6,
    PHOTOMETRIC_CIELAB = 8,
    PHOTOMETRIC_ITULAB = 10,
    COMPRESSION_OLD_JPEG = 6,
};

/* Colours that GDAL would turn into RGB first: ours are as stored, and would differ. */
static dtake_status check_colors(const dtake__tiff_dir *dir, dtake_error *err)
{
    if (dir->photometric == PHOTOMETRIC_CMYK)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "TIFF: CMYK colours (photometric 5) are not supported");
    if (dir->photometric >= PHOTOMETRIC_CIELAB && dir->photometric <= PHOTOMETRIC_ITULAB)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "TIFF: CIE Lab colours (photometric %d) are not supported", dir->photometric);
    if (dir->photometric == PHOTOMETRIC_YCBCR && dir->compression != DTAKE__TIFF_JPEG)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "TIFF: YCbCr colours with compression %d are not supported, only with JPEG",
                           dir->compression);
    return DTAKE_OK;
}

static dtake_status check_jpeg(const dtake__tiff_dir *dir, dtake_error *err)
{
    if (dir->type != DTAKE_U8 || dir->bits != 8)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "TIFF: JPEG of %d-bit %s samples is not supported, only of 8 bits", dir->bits,
                           dtake_type_name(dir->type));
    if (dtake__tile_samples(dir) > 4 ||
        (dir->photometric == PHOTOMETRIC_YCBCR && (dir->bands != 3 || dir->planar)))
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "TIFF: JPEG of %d %s%s bands is not supported",
                           dir->bands, dir->planar ? "separate " : "",
                           dir->photometric == PHOTOMETRIC_YCBCR ? "YCbCr" : "interleaved");
    return DTAKE_OK;
}

static dtake_status check_webp(const dtake__tiff_dir *dir, dtake_error *err)
{
    if (dir->type != DTAKE_U8 || dir->bits != 8 || dir->planar || dir->bands < 3 || dir->bands > 4)
        return dtake__fail(
            err, DTAKE_E_UNSUPPORTED,
            "TIFF: WebP of %d %sbands of %s is not supported, only of 3 or 4 interleaved ones of uint8",
            dir->bands, dir->planar ? "separate " : "", dtake_type_name(dir->type));
    return DTAKE_OK;
}

static dtake_status check_lerc(const dtake__tiff_dir *dir, dtake_error *err)
{
    if (dir->bits != 8 * (int32_t)dtake_type_bytes(dir->type))
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "TIFF: LERC of %d-bit samples is not supported",
                           dir->bits);
    if (dir->lerc_add < DTAKE__LERC_ADD_NONE || dir->lerc_add > DTAKE__LERC_ADD_ZSTD)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "TIFF: LERC inside compression %d is not supported",
                           dir->lerc_add);
    return DTAKE_OK;
}

dtake_status dtake__tile_supported(const dtake__tiff_dir *dir, dtake_error *err)
{
    dtake_status st = check_colors(dir, err);
    if (st != DTAKE_OK)
        return st;
    switch (dir->compression) {
    case DTAKE__TIFF_NONE:
    case DTAKE__TIFF_LZW:
    case DTAKE__TIFF_DEFLATE:
    case DTAKE__TIFF_OLD_DEFLATE:
    case DTAKE__TIFF_PACKBITS:
    case DTAKE__TIFF_ZSTD:
        return DTAKE_OK;
    case DTAKE__TIFF_JPEG:
        return check_jpeg(dir, err);
    case DTAKE__TIFF_WEBP:
        return check_webp(dir, err);
    case DTAKE__TIFF_LERC:
        return check_lerc(dir, err);
    case COMPRESSION_OLD_JPEG:
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "TIFF: JPEG as of 1992 (compression 6) is not supported");
    default:
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "TIFF: compression %d is not supported",
                           dir->compression);
    }
}
