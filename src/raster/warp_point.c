/* Kernels around the point under a pixel's centre, for any type and any width: computed in doubles. */
#include "raster/warp_kernel.h"
#include "raster/warp_sample.h"

#include <pthread.h>
#include <string.h>

int64_t dtake__warp_radius(dtake_resampling how)
{
    switch (how) {
    case DTAKE_BILINEAR:
        return 1;
    case DTAKE_CUBIC:
        return 2;
    case DTAKE_LANCZOS:
        return 3;
    case DTAKE_NEAREST:
    case DTAKE_AVERAGE:
    case DTAKE_MODE:
        break;
    }
    return 0;
}

bool dtake__warp_nearest(const dtake__warp *warp, const dtake__warp_plane *in, const dtake__warp_span *span,
                         dtake__warp_scratch *scratch, void *out, uint8_t *valid)
{
    (void)scratch;
    int64_t index;
    switch (dtake_type_bytes(in->type)) {
#define BYTES(size, ctype)                                                                                   \
    case size:                                                                                               \
        for (int64_t i = 0; i < span->count; i++) {                                                          \
            bool is_valid = dtake__warp_centre(warp, in, span->x[i], span->y[i], &index);                    \
            valid[i] = is_valid ? 255 : 0;                                                                   \
            if (is_valid)                                                                                    \
                ((ctype *)out)[i] = ((const ctype *)in->data)[index];                                        \
        }                                                                                                    \
        break;
        BYTES(1, uint8_t)
        BYTES(2, uint16_t)
        BYTES(4, uint32_t)
        BYTES(8, uint64_t)
#undef BYTES
    }
    return true;
}

/* Catmull-Rom's cubic, a = -1/2. */
static double cubic_weight(double x)
{
    x = fabs(x);
    if (x <= 1)
        return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/* Lanczos of three lobes out of a table: a sine for each of a pixel's weights would take most of the time.
 * Linear between its steps it is right to 3e-7. */
enum { LOBES = 3, STEPS = 2048 };
static float lanczos_table[LOBES * STEPS + 2];
static pthread_once_t lanczos_once = PTHREAD_ONCE_INIT;

static void fill_lanczos(void)
{
    for (int i = 0; i <= LOBES * STEPS; i++) {
        double x = 3.14159265358979323846 * i / STEPS;
        lanczos_table[i] = i == 0 ? 1 : (float)(LOBES * sin(x) * sin(x / LOBES) / (x * x));
    }
}

static double lanczos_weight(double x)
{
    double at = fabs(x) * STEPS;
    if (at >= LOBES * STEPS)
        return 0;
    int i = (int)at;
    double a = (double)lanczos_table[i], b = (double)lanczos_table[i + 1];
    return a + (b - a) * (at - i);
}

static double weight_of(dtake_resampling how, double x)
{
    switch (how) {
    case DTAKE_BILINEAR:
        return fabs(x) < 1 ? 1 - fabs(x) : 0;
    case DTAKE_CUBIC:
        return cubic_weight(x);
    case DTAKE_LANCZOS:
        return lanczos_weight(x);
    case DTAKE_NEAREST:
    case DTAKE_AVERAGE:
    case DTAKE_MODE:
        break;
    }
    return 0;
}

/* One axis: weights of the source pixels `first` to `first + count - 1`, those of the window that a point at
 * `at` reaches. */
typedef struct reach {
    int64_t first, count;
} reach;

static reach weigh(dtake_resampling how, double at, double scale, int64_t radius, int64_t start, int64_t size,
                   double *weight)
{
    int64_t base = dtake__floor(at - 0.5), from = base + 1 - radius, end = base + radius + 1;
    double delta = at - 0.5 - (double)base;
    from = from > start ? from : start;
    end = end < start + size ? end : start + size;
    for (int64_t i = from; i < end; i++)
        weight[i - from] = weight_of(how, ((double)(i - base) - delta) * scale);
    return (reach){ from - start, end - from };
}

DTAKE__INLINE bool weighted_sum(dtake_type type, const dtake__warp_plane *in, reach across, reach down,
                                const dtake__warp_scratch *weights, double *value)
{
    double sum = 0, total = 0;
    for (int64_t j = 0; j < down.count; j++) {
        int64_t line = (down.first + j) * in->at.width + across.first;
        double row_sum = 0, row_total = 0;
        for (int64_t i = 0; i < across.count; i++) {
            if (in->mask != NULL && in->mask[line + i] == 0)
                continue;
            row_sum += weights->weight_x[i] * dtake__sample_load(type, in->data, line + i);
            row_total += weights->weight_x[i];
        }
        sum += weights->weight_y[j] * row_sum;
        total += weights->weight_y[j] * row_total;
    }
    *value = sum / total;
    return total > 1e-6; /* what is left weighs nothing: negative lobes against the middle */
}

DTAKE__INLINE void weighted(dtake_type type, const dtake__warp *warp, const dtake__warp_plane *in,
                            const dtake__warp_span *span, dtake__warp_scratch *scratch, void *out,
                            uint8_t *valid)
{
    int64_t index;
    for (int64_t i = 0; i < span->count; i++) {
        double value;
        valid[i] = 0;
        if (!dtake__warp_centre(warp, in, span->x[i], span->y[i], &index))
            continue;
        reach across = weigh(warp->how, span->x[i], warp->scale_x, warp->radius_x, in->at.col, in->at.width,
                             scratch->weight_x);
        reach down = weigh(warp->how, span->y[i], warp->scale_y, warp->radius_y, in->at.row, in->at.height,
                           scratch->weight_y);
        if (!weighted_sum(type, in, across, down, scratch, &value))
            continue;
        dtake__sample_store(type, out, i, value);
        valid[i] = 255;
    }
}

bool dtake__warp_weighted(const dtake__warp *warp, const dtake__warp_plane *in, const dtake__warp_span *span,
                          dtake__warp_scratch *scratch, void *out, uint8_t *valid)
{
    if (warp->how == DTAKE_LANCZOS)
        pthread_once(&lanczos_once, fill_lanczos);
    switch (in->type) {
#define WEIGHTED(name, ctype)                                                                                \
    case DTAKE_##name:                                                                                       \
        weighted(DTAKE_##name, warp, in, span, scratch, out, valid);                                         \
        break;
        DTAKE__SAMPLE_MAP(WEIGHTED)
#undef WEIGHTED
    }
    return true;
}
