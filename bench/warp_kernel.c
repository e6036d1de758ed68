/* How many output pixels a second one core resamples, coordinates included: the kernels alone, no reading.
 *
 *   warp_kernel [SIDE]
 *
 * From 10 m of UTM 33N to web Mercator, SIDE x SIDE pixels (2048), 16 bits, without a mask and with one that
 * holds a slanted edge of nodata. Processor time of the thread, the best of five. Prints one line of JSON for
 * each kernel.
 */
#include "raster/kernels.h"
#include "raster/samples.h"
#include "raster/warp.h"
#include "raster/warp_narrow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 5 };

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const dtake_error *err)
{
    fprintf(stderr, "warp_kernel: %s\n", err->message);
    exit(1);
}

static dtake_pixels scene(int64_t side, bool masked)
{
    dtake_pixels out;
    dtake_error err;
    if (dtake__pixels_init(&out, side, side, 1, DTAKE_U16, masked ? 1 : 0, &err) != DTAKE_OK)
        die(&err);
    uint32_t noise = 1;
    for (int64_t i = 0; i < side * side; i++) {
        noise = noise * 1664525u + 1013904223u;
        bool empty = masked && i % side < i / side / 8;
        ((uint16_t *)out.data)[i] = empty ? 0 : (uint16_t)(200 + (noise >> 20));
        if (masked)
            out.mask[i] = empty ? 0 : 255;
    }
    return out;
}

static double best_of(const dtake__raster_grid *source, const dtake__raster_grid *grid, dtake_resampling how,
                      const dtake_pixels *in)
{
    double best = 1e9;
    dtake_window all = { 0, 0, grid->width, grid->height };
    for (int round = 0; round < ROUNDS; round++) {
        dtake__warp *warp;
        dtake_pixels out;
        dtake_error err;
        double start = cpu_s();
        dtake_status st = dtake__warp_new(&warp, source, grid, all, how, &err);
        if (st == DTAKE_OK)
            st = dtake__warp_run(warp, in, (dtake_window){ 0, 0, in->width, in->height }, all, &out, &err);
        if (st != DTAKE_OK)
            die(&err);
        double seconds = cpu_s() - start;
        best = seconds < best ? seconds : best;
        dtake_pixels_dispose(&out);
        dtake__warp_free(warp);
    }
    return best;
}

int main(int argc, char **argv)
{
    static const dtake_resampling kernels[] = { DTAKE_NEAREST, DTAKE_BILINEAR, DTAKE_CUBIC,
                                                DTAKE_AVERAGE, DTAKE_LANCZOS,  DTAKE_MODE };
    int64_t side = argc > 1 ? atoll(argv[1]) : 2048, source_side = side + side / 10;
    dtake__raster_grid source = {
        "EPSG:32633", { 500000, 10, 0, 5100000, 0, -10 }, source_side, source_side
    };
    /* 14.3 m of Mercator are 10 m at 46 degrees north. */
    dtake__raster_grid grid = { "EPSG:3857", { 1670000, 14.3, 0, 5788000, 0, -14.3 }, side, side };
    for (int masked = 0; masked < 2; masked++) {
        dtake_pixels in = scene(source_side, masked);
        for (size_t k = 0; k < sizeof kernels / sizeof kernels[0]; k++)
            for (int vectors = 1; vectors >= 0; vectors--) {
                if (vectors == 0 && kernels[k] != DTAKE_BILINEAR)
                    continue;
                dtake__warp_use_vectors(vectors);
                double seconds = best_of(&source, &grid, kernels[k], &in);
                printf("{\"kernel\":\"%s\",\"nodata\":%s,\"vectors\":%s,\"mpix_s\":%.1f}\n",
                       dtake_resampling_name(kernels[k]), masked ? "true" : "false",
                       vectors ? "true" : "false", (double)side * (double)side / seconds * 1e-6);
            }
        dtake_pixels_dispose(&in);
    }
    return 0;
}
