/* Opens a raster by path or URL, says what it is, and reads the 256 x 256 pixels in its middle.
 *
 *   info_and_window scene/B04.tif
 *   info_and_window http://127.0.0.1:8080/files/scene/B04.tif
 */
#include <datatake/datatake.h>

#include <stdio.h>

static dtake_window middle(const dtake_raster_info *info)
{
    dtake_window w = { .width = 256, .height = 256 };
    if (w.width > info->width)
        w.width = info->width;
    if (w.height > info->height)
        w.height = info->height;
    w.col = (info->width - w.width) / 2;
    w.row = (info->height - w.height) / 2;
    return w;
}

static void print_mean(const dtake_pixels *pixels)
{
    int64_t count = pixels->width * pixels->height;
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        if (pixels->type == DTAKE_U8)
            sum += ((const uint8_t *)pixels->data)[i];
        else if (pixels->type == DTAKE_U16)
            sum += ((const uint16_t *)pixels->data)[i];
        else if (pixels->type == DTAKE_F32)
            sum += (double)((const float *)pixels->data)[i];
    }
    printf("middle %lld x %lld: mean %.2f\n", (long long)pixels->width, (long long)pixels->height,
           sum / (double)count);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: info_and_window RASTER\n");
        return 2;
    }
    dtake_error err;
    dtake_runtime *runtime = NULL;
    dtake_raster *raster = NULL;
    dtake_pixels pixels = { 0 };

    dtake_status st = dtake_runtime_open(&runtime, NULL, &err);
    if (st != DTAKE_OK)
        goto done;
    st = dtake_raster_open(&raster, runtime, argv[1], &err);
    if (st != DTAKE_OK)
        goto done;
    const dtake_raster_info *info = dtake_raster_get_info(raster);
    printf("%lld x %lld, %d bands of %s, %s, %zu overviews\n", (long long)info->width,
           (long long)info->height, info->bands, dtake_type_name(info->type), info->crs,
           info->overview_count);

    dtake_read read = { .window = middle(info), .bands = (int32_t[]){ 1 }, .band_count = 1 };
    st = dtake_raster_read(raster, &read, &pixels, &err);
    if (st == DTAKE_OK)
        print_mean(&pixels);
done:
    if (st != DTAKE_OK)
        fprintf(stderr, "info_and_window: %s\n", err.message);
    dtake_pixels_dispose(&pixels);
    dtake_raster_close(raster);
    dtake_runtime_close(runtime);
    return dtake_status_exit(st);
}
