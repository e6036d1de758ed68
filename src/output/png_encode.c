#include "output/png_encode.h"

#include "core/alloc.h"
#include "core/error.h"

#include <png.h>

typedef struct sink {
    dtake_buf *out;
    dtake_status status;
    char message[128];
} sink;

static void on_error(png_structp png, png_const_charp message)
{
    sink *s = png_get_error_ptr(png);
    snprintf(s->message, sizeof s->message, "%s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void on_bytes(png_structp png, png_bytep bytes, size_t len)
{
    sink *s = png_get_io_ptr(png);
    s->status = dtake__buf_append(s->out, bytes, len);
    if (s->status != DTAKE_OK)
        png_error(png, "no room for the compressed image");
}

static void on_flush(png_structp png)
{
    (void)png;
}

static void *png_alloc(png_structp png, size_t bytes)
{
    (void)png;
    return dtake__alloc(bytes);
}

static void png_release(png_structp png, void *ptr)
{
    (void)png;
    dtake__free(ptr);
}

/* All that libpng may jump out of: no locals that must survive a jump. */
static bool encode_rows(png_structp png, png_infop info, const dtake__png *image, uint8_t *row)
{
    static const int color[] = { 0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                 PNG_COLOR_TYPE_RGB_ALPHA };
    if (setjmp(png_jmpbuf(png)))
        return false;
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_IHDR(png, info, (png_uint_32)image->width, (png_uint_32)image->height, image->bits,
                 color[image->channels], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    /* Of the filters these two are quick and nearly as good as the choice among all five on satellite images.
     */
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB | PNG_FILTER_UP);
    png_set_compression_level(png, 5);
    png_write_info(png, info);
    const uint16_t probe = 1;
    if (image->bits == 16 && *(const uint8_t *)&probe == 1)
        png_set_swap(png);
    for (int64_t y = 0; y < image->height; y++) {
        image->row(image->ctx, y, row);
        png_write_row(png, row);
    }
    png_write_end(png, info);
    return true;
}

dtake_status dtake__png_encode(const dtake__png *image, dtake_buf *out, dtake_error *err)
{
    if (image->width <= 0 || image->height <= 0 || image->width > INT32_MAX / 16 || image->height > INT32_MAX)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "%lld x %lld pixels are not possible in PNG: use GeoTIFF", (long long)image->width,
                           (long long)image->height);
    sink s = { .out = out, .status = DTAKE_E_NOMEM, .message = "out of memory" };
    png_infop info = NULL;
    uint8_t *row = dtake__alloc((size_t)image->width * (size_t)image->channels * (size_t)(image->bits / 8));
    png_structp png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, &s, on_error, on_warning, NULL,
                                                png_alloc, png_release);
    dtake_status st = DTAKE_E_NOMEM;
    if (png && row && (info = png_create_info_struct(png)) != NULL) {
        s.status = DTAKE_E_NOMEM; /* libpng jumps out for want of memory or room, and for nothing else */
        png_set_write_fn(png, &s, on_bytes, on_flush);
        st = encode_rows(png, info, image, row) ? DTAKE_OK : s.status == DTAKE_OK ? DTAKE_E_NOMEM : s.status;
    }
    png_destroy_write_struct(&png, &info);
    dtake__free(row);
    return st == DTAKE_OK ? st : dtake__fail(err, st, "encode PNG: %s", s.message);
}
