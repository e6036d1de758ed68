#include "output/jpeg_output.h"

#include "core/alloc.h"
#include "core/error.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

enum {
    QUALITY = 90,
    WHOLE_COLOR_QUALITY =
        90, /* from here on colour is as sharp as brightness: thin outlines stay what they are */
    CHUNK_BYTES = 64 << 10,
};

typedef struct encoder {
    struct jpeg_compress_struct jpeg; /* first: libjpeg's callbacks see it */
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr to;
    jmp_buf jump;
    dtake_buf *out;
    dtake_status status;
    char message[JMSG_LENGTH_MAX];
    uint8_t chunk[CHUNK_BYTES];
} encoder;

static void on_error(j_common_ptr jpeg)
{
    encoder *e = (encoder *)(void *)jpeg;
    e->errors.format_message(jpeg, e->message);
    e->status = e->status == DTAKE_OK ? DTAKE_E_OTHER : e->status;
    longjmp(e->jump, 1);
}

static void on_message(j_common_ptr jpeg, int level)
{
    (void)jpeg;
    (void)level;
}

static void append(encoder *e, size_t len)
{
    e->status = dtake__buf_append(e->out, e->chunk, len);
    if (e->status != DTAKE_OK) {
        snprintf(e->message, sizeof e->message, "no room for the compressed image");
        longjmp(e->jump, 1);
    }
    e->to.next_output_byte = e->chunk;
    e->to.free_in_buffer = CHUNK_BYTES;
}

static void begin(j_compress_ptr jpeg)
{
    encoder *e = (encoder *)(void *)jpeg;
    e->to.next_output_byte = e->chunk;
    e->to.free_in_buffer = CHUNK_BYTES;
}

static boolean chunk_is_full(j_compress_ptr jpeg)
{
    append((encoder *)(void *)jpeg, CHUNK_BYTES);
    return TRUE;
}

static void end(j_compress_ptr jpeg)
{
    encoder *e = (encoder *)(void *)jpeg;
    append(e, CHUNK_BYTES - e->to.free_in_buffer);
}

static void fill_row(const dtake_pixels *p, size_t row, uint8_t *samples)
{
    size_t width = (size_t)p->width, plane = width * (size_t)p->height, first = width * row;
    size_t bands = (size_t)p->bands;
    for (size_t band = 0; band < bands; band++)
        for (size_t i = 0; i < width; i++)
            samples[i * bands + band] = ((const uint8_t *)p->data)[plane * band + first + i];
    for (size_t m = 0; m < (size_t)p->mask_bands && p->mask != NULL; m++)
        for (size_t i = 0; i < width; i++)
            if (p->mask[plane * m + first + i] == 0)
                memset(samples + i * bands, 0, bands);
}

/* All that libjpeg may jump out of: no locals that must survive a jump. */
static bool encode(encoder *e, const dtake__output *output, uint8_t *row)
{
    const dtake_pixels *p = &output->pixels;
    int quality = output->jpeg_quality > 0 ? output->jpeg_quality : QUALITY;
    if (setjmp(e->jump))
        return false;
    jpeg_create_compress(&e->jpeg);
    e->jpeg.dest = &e->to;
    e->jpeg.image_width = (JDIMENSION)p->width;
    e->jpeg.image_height = (JDIMENSION)p->height;
    e->jpeg.input_components = p->bands;
    e->jpeg.in_color_space = p->bands == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&e->jpeg);
    jpeg_set_quality(&e->jpeg, quality, TRUE);
    if (p->bands == 3 && quality >= WHOLE_COLOR_QUALITY)
        e->jpeg.comp_info[0].h_samp_factor = e->jpeg.comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(&e->jpeg, TRUE);
    while (e->jpeg.next_scanline < e->jpeg.image_height) {
        fill_row(p, e->jpeg.next_scanline, row);
        JSAMPROW rows[1] = { row };
        jpeg_write_scanlines(&e->jpeg, rows, 1);
    }
    jpeg_finish_compress(&e->jpeg);
    return true;
}

dtake_status dtake__jpeg_check(const dtake__output *output, dtake_error *err)
{
    const dtake_pixels *p = &output->pixels;
    if (p->type != DTAKE_U8 || (p->bands != 1 && p->bands != 3))
        return dtake__fail(err, DTAKE_E_USAGE,
                           "write %s: JPEG holds 1 or 3 bands of uint8, not %d of %s: use --visualize or "
                           "another format",
                           output->path, (int)p->bands, dtake_type_name(p->type));
    if (p->width > JPEG_MAX_DIMENSION || p->height > JPEG_MAX_DIMENSION)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "write %s: %lld x %lld pixels are not possible in JPEG (%ld a side): use GeoTIFF",
                           output->path, (long long)p->width, (long long)p->height, JPEG_MAX_DIMENSION);
    return DTAKE_OK;
}

dtake_status dtake__jpeg_bytes(dtake__output *output, dtake_buf *out, dtake_error *err)
{
    dtake_pixels *p = &output->pixels;
    size_t raw = (size_t)p->width * (size_t)p->height * (size_t)p->bands;
    encoder *e = dtake__calloc(1, sizeof *e);
    uint8_t *row = dtake__alloc((size_t)p->width * (size_t)p->bands);
    *out = DTAKE_BUF_INIT(2 * raw + 65536);
    dtake_status st = e != NULL && row != NULL ? DTAKE_OK : dtake__fail_nomem(err, "an image");
    if (st == DTAKE_OK) {
        e->out = out;
        e->jpeg.err = jpeg_std_error(&e->errors);
        e->errors.error_exit = on_error;
        e->errors.emit_message = on_message;
        e->to = (struct jpeg_destination_mgr){ .init_destination = begin,
                                               .empty_output_buffer = chunk_is_full,
                                               .term_destination = end };
        if (!encode(e, output, row))
            st = dtake__fail(err, e->status, "encode JPEG: %s", e->message);
        jpeg_destroy_compress(&e->jpeg);
    }
    dtake__free(row);
    dtake__free(e);
    dtake_pixels_dispose(p);
    if (st == DTAKE_OK)
        return DTAKE_OK;
    dtake__buf_dispose(out);
    dtake__error_prefix(err, "write %s", output->path);
    return st;
}
