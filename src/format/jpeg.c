#include "format/codecs.h"

#include "core/error.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

enum {
    PHOTOMETRIC_YCBCR = 6,
    MAX_SCANS = 100, /* a small progressive stream can ask for endless passes */
};

typedef struct jpeg_job {
    struct jpeg_decompress_struct jpeg; /* first: libjpeg's callbacks see it */
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf failed;
    bool damaged; /* libjpeg went on after losing data, and filled with grey */
    char message[JMSG_LENGTH_MAX];
} jpeg_job;

static void on_error(j_common_ptr jpeg)
{
    jpeg_job *job = (jpeg_job *)(void *)jpeg;
    job->errors.format_message(jpeg, job->message);
    longjmp(job->failed, 1);
}

static void on_message(j_common_ptr jpeg, int level)
{
    jpeg_job *job = (jpeg_job *)(void *)jpeg;
    int code = job->errors.msg_code;
    if (level >= 0 || (code != JWRN_HIT_MARKER && code != JWRN_HUFF_BAD_CODE && code != JWRN_ARITH_BAD_CODE &&
                       code != JWRN_JPEG_EOF))
        return;
    job->damaged = true;
    job->errors.format_message(jpeg, job->message);
}

static void on_progress(j_common_ptr jpeg)
{
    jpeg_job *job = (jpeg_job *)(void *)jpeg;
    if (jpeg->is_decompressor && job->jpeg.input_scan_number > MAX_SCANS) {
        snprintf(job->message, sizeof job->message, "more than %d scans", MAX_SCANS);
        longjmp(job->failed, 1);
    }
}

static void source_nothing(j_decompress_ptr jpeg)
{
    (void)jpeg;
}

/* Streams without the marker at their end are common enough; missing pixels are found by what libjpeg warns
 * of. */
static boolean source_end(j_decompress_ptr jpeg)
{
    static const JOCTET end[] = { 0xff, JPEG_EOI };
    jpeg->src->next_input_byte = end;
    jpeg->src->bytes_in_buffer = sizeof end;
    return TRUE;
}

static void source_skip(j_decompress_ptr jpeg, long count)
{
    size_t skip = count > 0 ? (size_t)count : 0;
    if (skip > jpeg->src->bytes_in_buffer)
        skip = jpeg->src->bytes_in_buffer;
    jpeg->src->next_input_byte += skip;
    jpeg->src->bytes_in_buffer -= skip;
}

static void start(jpeg_job *job)
{
    job->jpeg.err = jpeg_std_error(&job->errors);
    job->errors.error_exit = on_error;
    job->errors.emit_message = on_message;
}

static void read_from(jpeg_job *job, const uint8_t *data, size_t len)
{
    job->source = (struct jpeg_source_mgr){ data,          len,         source_nothing,
                                            source_end,    source_skip, jpeg_resync_to_restart,
                                            source_nothing };
    job->jpeg.src = &job->source;
}

/* false with job->message set when the stream is not of the tile's shape. */
static bool read_header(jpeg_job *job, const dtake__tiff_dir *dir, dtake__bytes in, int32_t rows)
{
    int32_t samples = dir->planar ? 1 : dir->bands;
    if (dir->jpeg_tables != NULL) {
        read_from(job, dir->jpeg_tables, dir->jpeg_tables_bytes);
        jpeg_read_header(&job->jpeg, FALSE);
    }
    read_from(job, in.data, in.len);
    jpeg_read_header(&job->jpeg, TRUE);
    if ((int32_t)job->jpeg.image_width != dir->tile_width || job->jpeg.num_components != samples ||
        job->jpeg.data_precision != 8 ||
        ((int32_t)job->jpeg.image_height != rows && (int32_t)job->jpeg.image_height != dir->tile_height)) {
        snprintf(job->message, sizeof job->message,
                 "%u x %u pixels, %d components of %d bits where the file says %d x %d, %d",
                 job->jpeg.image_width, job->jpeg.image_height, job->jpeg.num_components,
                 job->jpeg.data_precision, dir->tile_width, rows, samples);
        return false;
    }
    job->jpeg.jpeg_color_space = dir->photometric == PHOTOMETRIC_YCBCR ? JCS_YCbCr : JCS_UNKNOWN;
    job->jpeg.out_color_space = dir->photometric == PHOTOMETRIC_YCBCR ? JCS_RGB : JCS_UNKNOWN;
    return true;
}

static void read_rows(jpeg_job *job, const dtake__tiff_dir *dir, uint8_t *out, int32_t rows)
{
    size_t row_bytes = (size_t)dir->tile_width * (size_t)(dir->planar ? 1 : dir->bands);
    job->progress.progress_monitor = on_progress;
    job->jpeg.progress = &job->progress;
    jpeg_start_decompress(&job->jpeg);
    while ((int32_t)job->jpeg.output_scanline < rows) {
        JSAMPROW row = out + (size_t)job->jpeg.output_scanline * row_bytes;
        jpeg_read_scanlines(&job->jpeg, &row, 1);
    }
}

/* libjpeg's errors jump back here. */
static bool decode(jpeg_job *job, const dtake__tiff_dir *dir, dtake__bytes in, uint8_t *out, int32_t rows)
{
    if (setjmp(job->failed) != 0)
        return false;
    jpeg_create_decompress(&job->jpeg);
    if (!read_header(job, dir, in, rows))
        return false;
    read_rows(job, dir, out, rows);
    return !job->damaged;
}

dtake_status dtake__jpeg_decode(const dtake__tiff_dir *dir, dtake__bytes in, uint8_t *out, int32_t rows,
                                dtake_error *err)
{
    jpeg_job job = { 0 };
    start(&job);
    bool ok = decode(&job, dir, in, out, rows);
    jpeg_destroy_decompress(&job.jpeg);
    return ok ? DTAKE_OK : dtake__fail(err, DTAKE_E_FORMAT, "JPEG data: %s", job.message);
}
