/* LERC tiles as libtiff writes them: one blob a tile, its values by pixel; or, when the bands of a float
 * image are masked differently, a blob of bands one behind the other, each with its mask. */
#include "format/decoder.h"

#include "core/error.h"
#include "format/tiff_ifd.h"

#include <Lerc_c_api.h>
#include <math.h>
#include <string.h>

enum { BLOB_SLACK_BYTES = 64 << 10 }; /* an inner blob may be this much and one and a half times its pixels */

/* Version 2.4 is what TIFF's LercParameters name and libtiff writes. liblerc 4.0 takes 2.6, too, but ends the
 * process (assert) when lossless floats of that version are damaged; each band's blob has its own version. */
enum { VERSION = 4, VERSION_AT = 6, BYTES_AT = 34, HEADER_BYTES = 38 };

/* What lerc_getBlobInfo tells, in its order. */
enum {
    INFO_VERSION,
    INFO_TYPE,
    INFO_DEPTH,
    INFO_COLS,
    INFO_ROWS,
    INFO_BANDS,
    INFO_VALID,
    INFO_BYTES,
    INFO_MASKS,
    INFO_COUNT
};

typedef struct lerc_job {
    const dtake__tiff_dir *dir;
    size_t pixels, samples, sample_bytes; /* of the tile; samples a pixel */
    unsigned depth, bands, masks;         /* of the blob; masks: those asked for */
    bool mask_is_alpha;                   /* the last band was stored as the mask */
    uint8_t *aside, *mask, *blob; /* in the scratch: values not in their order yet, masks, the inner blob */
    size_t blob_room;
} lerc_job;

static unsigned lerc_type(dtake_type type)
{
    static const uint8_t types[] = { [DTAKE_I8] = 0,  [DTAKE_U8] = 1,  [DTAKE_I16] = 2, [DTAKE_U16] = 3,
                                     [DTAKE_I32] = 4, [DTAKE_U32] = 5, [DTAKE_F32] = 6, [DTAKE_F64] = 7 };
    return types[type];
}

static bool is_float(const dtake__tiff_dir *dir)
{
    return dir->type == DTAKE_F32 || dir->type == DTAKE_F64;
}

/* The blob inside deflate or zstd data. */
static dtake_status unwrap(dtake__decoder *decoder, lerc_job *job, dtake__bytes *in, dtake_error *err)
{
    size_t done = 0;
    if (job->dir->lerc_add == DTAKE__LERC_ADD_NONE)
        return DTAKE_OK;
    dtake_status st = job->dir->lerc_add == DTAKE__LERC_ADD_DEFLATE
                          ? dtake__inflate(decoder, *in, job->blob, job->blob_room, &done, err)
                          : dtake__unzstd(decoder, *in, job->blob, job->blob_room, &done, err);
    *in = (dtake__bytes){ job->blob, done };
    return st;
}

static dtake_status check_versions(dtake__bytes in, unsigned bands, dtake_error *err)
{
    for (unsigned band = 0; band < bands; band++) {
        if (in.len < HEADER_BYTES || memcmp(in.data, "Lerc2 ", 6) != 0)
            return dtake__fail(err, DTAKE_E_FORMAT, "LERC data: band %u has no Lerc2 header", band + 1);
        uint64_t version = dtake__get_uint(in.data + VERSION_AT, 4, false);
        if (version != VERSION)
            return dtake__fail(err, DTAKE_E_UNSUPPORTED, "LERC 2.%u is not supported, only 2.%d",
                               (unsigned)version, VERSION);
        uint64_t bytes = dtake__get_uint(in.data + BYTES_AT, 4, false);
        if (bytes < HEADER_BYTES || bytes > in.len)
            return dtake__fail(err, DTAKE_E_FORMAT, "LERC data: band %u is cut off", band + 1);
        in = (dtake__bytes){ in.data + bytes, in.len - bytes };
    }
    return DTAKE_OK;
}

/* The blob must be of the tile's type and shape before anything is decoded. */
static dtake_status look(lerc_job *job, dtake__bytes in, int32_t rows, dtake_error *err)
{
    const dtake__tiff_dir *dir = job->dir;
    unsigned info[INFO_COUNT] = { 0 };
    if (in.len < 6 || memcmp(in.data, "Lerc2 ", 6) != 0 ||
        lerc_getBlobInfo(in.data, (unsigned)in.len, info, NULL, INFO_COUNT, 0) != 0)
        return dtake__fail(err, DTAKE_E_FORMAT, "LERC data: no Lerc2 header");
    dtake_status st = check_versions(in, info[INFO_BANDS], err);
    if (st != DTAKE_OK)
        return st;
    unsigned samples = (unsigned)job->samples;
    job->depth = info[INFO_DEPTH];
    job->bands = info[INFO_BANDS];
    job->masks = info[INFO_MASKS];
    job->mask_is_alpha = dir->type == DTAKE_U8 && !dir->planar && dir->extra_alpha_band == dir->bands &&
                         dir->bands > 1 && job->depth == samples - 1;
    bool by_pixel = job->bands == 1 && job->masks <= 1 && (job->depth == samples || job->mask_is_alpha);
    bool by_band = is_float(dir) && job->depth == 1 && job->bands == samples &&
                   (job->masks == 0 || job->masks == samples);
    if (info[INFO_TYPE] != lerc_type(dir->type) || info[INFO_COLS] != (unsigned)dir->tile_width ||
        info[INFO_ROWS] != (unsigned)rows || info[INFO_BYTES] > in.len || (!by_pixel && !by_band))
        return dtake__fail(
            err, DTAKE_E_FORMAT,
            "LERC data: %u x %u pixels of type %u, %u x %u values, %u masks where the file says %d x %d of "
            "%s, %u values",
            info[INFO_COLS], info[INFO_ROWS], info[INFO_TYPE], job->bands, job->depth, job->masks,
            dir->tile_width, rows, dtake_type_name(dir->type), samples);
    if (job->mask_is_alpha)
        job->masks = 1;
    return DTAKE_OK;
}

static void set_nan(uint8_t *sample, size_t bytes)
{
    float narrow = NAN;
    double wide = NAN;
    memcpy(sample, bytes == 4 ? (void *)&narrow : (void *)&wide, bytes);
}

/* Masked samples are NaN in floats; in integers they stay 0. */
static void put_nans(const lerc_job *job, uint8_t *out)
{
    for (size_t i = 0; i < job->pixels; i++)
        for (size_t s = 0; job->mask[i] == 0 && s < job->samples; s++)
            set_nan(out + (i * job->samples + s) * job->sample_bytes, job->sample_bytes);
}

static void put_alpha(const lerc_job *job, const uint8_t *colors, uint8_t *out)
{
    size_t depth = job->depth;
    for (size_t i = 0; i < job->pixels; i++, out += depth + 1, colors += depth) {
        memcpy(out, colors, depth);
        out[depth] = job->mask[i] != 0 ? 255 : 0;
    }
}

static void weave_bands(const lerc_job *job, const uint8_t *bands, uint8_t *out)
{
    size_t each = job->sample_bytes;
    for (size_t s = 0; s < job->samples; s++)
        for (size_t i = 0; i < job->pixels; i++, bands += each) {
            uint8_t *to = out + (i * job->samples + s) * each;
            if (job->masks > 0 && job->mask[s * job->pixels + i] == 0)
                set_nan(to, each);
            else
                memcpy(to, bands, each);
        }
}

/* Room for what is decoded beside the tile, for masks and for the inner blob. */
static dtake_status reserve(dtake__decoder *decoder, lerc_job *job, dtake_error *err)
{
    size_t bytes = job->pixels * job->samples * job->sample_bytes, masks = job->pixels * job->samples;
    job->blob_room = job->dir->lerc_add != DTAKE__LERC_ADD_NONE ? bytes + bytes / 2 + BLOB_SLACK_BYTES : 0;
    job->aside = dtake__decoder_scratch(decoder, bytes + masks + job->blob_room);
    if (job->aside == NULL)
        return dtake__fail_nomem(err, "decode LERC");
    job->mask = job->aside + bytes;
    job->blob = job->mask + masks;
    return DTAKE_OK;
}

dtake_status dtake__lerc_decode(dtake__decoder *decoder, const dtake__tiff_dir *dir, dtake__bytes in,
                                uint8_t *out, int32_t rows, dtake_error *err)
{
    lerc_job job = { .dir = dir,
                     .pixels = (size_t)dir->tile_width * (size_t)rows,
                     .samples = (size_t)dtake__tile_samples(dir),
                     .sample_bytes = dtake_type_bytes(dir->type) };
    dtake_status st = reserve(decoder, &job, err);
    if (st == DTAKE_OK)
        st = unwrap(decoder, &job, &in, err);
    if (st == DTAKE_OK)
        st = look(&job, in, rows, err);
    if (st != DTAKE_OK)
        return st;
    bool aside = job.mask_is_alpha || job.bands > 1;
    uint8_t *values = aside ? job.aside : out;
    if (job.masks > 0) /* masked values are not written */
        memset(values, 0, job.pixels * job.depth * job.bands * job.sample_bytes);
    unsigned failure =
        lerc_decode(in.data, (unsigned)in.len, (int)job.masks, job.masks > 0 ? job.mask : NULL,
                    (int)job.depth, dir->tile_width, rows, (int)job.bands, lerc_type(dir->type), values);
    if (failure != 0)
        return dtake__fail(err, DTAKE_E_FORMAT, "LERC data are damaged (liblerc: %u)", failure);
    if (job.mask_is_alpha)
        put_alpha(&job, values, out);
    else if (job.bands > 1)
        weave_bands(&job, values, out);
    else if (job.masks > 0 && is_float(dir))
        put_nans(&job, out);
    return DTAKE_OK;
}
