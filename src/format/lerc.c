/* LERC tiles as libtiff writes them: one blob a tile, its values by pixel; or, when the bands of a float
 * image are masked differently, a blob of bands one behind the other, each with its mask. */
#include "format/decoder.h"

#include "core/error.h"
#include "format/lerc2.h"

#include <math.h>
#include <string.h>

enum { BLOB_SLACK_BYTES = 64 << 10 }; /* an inner blob may be this much and one and a half times its pixels */

typedef struct lerc_job {
    const dtake__tiff_dir *dir;
    size_t pixels, samples, sample_bytes; /* of the tile; samples a pixel */
    uint32_t depth, bands;                /* values a pixel of a blob; blobs */
    bool masked;                          /* some pixel of some blob is */
    bool mask_is_alpha;                   /* the last band was stored as the mask */
    uint8_t *aside, *mask, *blob; /* in the scratch: values not in their order yet, masks, the inner blob */
    size_t blob_room;
} lerc_job;

static int lerc_type(dtake_type type)
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

/* Each blob must be of the tile's type and shape before anything is decoded. */
static dtake_status check_blob(const lerc_job *job, const dtake__lerc2 *blob, int32_t rows, dtake_error *err)
{
    const dtake__tiff_dir *dir = job->dir;
    bool by_pixel = blob->depth == job->samples || job->mask_is_alpha,
         by_band = job->bands > 1 && blob->depth == 1;
    if (blob->type == lerc_type(dir->type) && blob->cols == (uint32_t)dir->tile_width &&
        blob->rows == (uint32_t)rows && (by_pixel || by_band))
        return DTAKE_OK;
    return dtake__fail(
        err, DTAKE_E_FORMAT,
        "LERC data: %u x %u pixels of type %d, %u values where the file says %d x %d of %s, %zu values",
        blob->cols, blob->rows, blob->type, blob->depth, dir->tile_width, rows, dtake_type_name(dir->type),
        job->samples);
}

static dtake_status decode_blobs(lerc_job *job, dtake__bytes in, int32_t rows, uint8_t *out, dtake_error *err)
{
    const dtake__tiff_dir *dir = job->dir;
    dtake__lerc2 blob;
    dtake_status st = dtake__lerc2_open(&blob, in, err);
    if (st != DTAKE_OK)
        return st;
    job->depth = blob.depth;
    job->bands = is_float(dir) && blob.depth == 1 ? (uint32_t)job->samples : 1;
    job->mask_is_alpha = dir->type == DTAKE_U8 && !dir->planar && dir->extra_alpha_band == dir->bands &&
                         dir->bands > 1 && blob.depth == job->samples - 1;
    uint8_t *values = job->mask_is_alpha || job->bands > 1 ? job->aside : out;
    memset(values, 0, job->pixels * job->samples * job->sample_bytes); /* masked values are not written */
    for (uint32_t band = 0; st == DTAKE_OK && band < job->bands; band++) {
        uint8_t *mask = job->mask + band * job->pixels;
        if (band > 0) {
            memcpy(mask, mask - job->pixels, job->pixels);
            in = (dtake__bytes){ in.data + blob.bytes, in.len - blob.bytes };
            st = dtake__lerc2_open(&blob, in, err);
        } else {
            memset(mask, 0, job->pixels);
        }
        if (st == DTAKE_OK)
            st = check_blob(job, &blob, rows, err);
        if (st == DTAKE_OK)
            st = dtake__lerc2_decode(&blob, mask, values + band * job->pixels * job->sample_bytes, err);
        job->masked = job->masked || blob.valid < job->pixels;
    }
    return st;
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
            if (job->mask[s * job->pixels + i] == 0)
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
        st = decode_blobs(&job, in, rows, out, err);
    if (st != DTAKE_OK)
        return st;
    if (job.mask_is_alpha)
        put_alpha(&job, job.aside, out);
    else if (job.bands > 1)
        weave_bands(&job, job.aside, out);
    else if (job.masked && is_float(dir))
        put_nans(&job, out);
    return DTAKE_OK;
}
