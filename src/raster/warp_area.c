/* Kernels over all that lies under a pixel: average and mode. The area is the upright rectangle between the
 * places of the pixel's upper left and lower right corner, as in gdalwarp; what lies in it in part counts in
 * part. */
#include "core/alloc.h"
#include "raster/warp_kernel.h"
#include "raster/warp_sample.h"

#include <stdlib.h>
#include <string.h>

/* One axis of an area, in pixels of the source: [from, to), and how much of the first and last lies inside.
 */
typedef struct part {
    int64_t from, to;
    double first, last;
} part;

DTAKE__INLINE bool part_of(double a, double b, int64_t source_size, int64_t start, int64_t size, part *out)
{
    double low = a < b ? a : b, high = a < b ? b : a, end = (double)source_size;
    low = low < 0 ? 0 : low;
    high = high > end ? end : high;
    if (!(high > DTAKE__WARP_SNAP_PX) || !(low < end - DTAKE__WARP_SNAP_PX))
        return false;
    out->from = dtake__floor(low + DTAKE__WARP_SNAP_PX);
    out->to = -dtake__floor(DTAKE__WARP_SNAP_PX - high);
    if (out->to <= out->from)
        out->to = out->from + 1;
    double first = (double)(out->from + 1) - low, last = high - (double)(out->to - 1);
    /* A part of one pixel is that pixel. */
    out->first = out->to == out->from + 1 || first > 1 ? 1 : first;
    out->last = out->to == out->from + 1 || last > 1 ? 1 : last;
    out->from -= start;
    out->to -= start;
    return out->from >= 0 && out->to <= size;
}

DTAKE__INLINE double share(const part *p, int64_t i)
{
    return i == p->from ? p->first : i == p->to - 1 ? p->last : 1;
}

DTAKE__INLINE bool area_of(const dtake__warp *warp, const dtake__warp_plane *in, const dtake__warp_span *span,
                           int64_t i, part *across, part *down)
{
    double x2 = span->x2[i], period = warp->way.period;
    if (!isfinite(span->x[i]) || !isfinite(x2))
        return false;
    if (period > 0) /* the corner behind the seam */
        x2 += period * round((span->x[i] - x2) / period);
    return part_of(span->x[i], x2, warp->source_width, in->at.col, in->at.width, across) &&
           part_of(span->y[i], span->y2[i], warp->source_height, in->at.row, in->at.height, down);
}

DTAKE__INLINE void average(dtake_type type, const dtake__warp *warp, const dtake__warp_plane *in,
                           const dtake__warp_span *span, void *out, uint8_t *valid)
{
    for (int64_t i = 0; i < span->count; i++) {
        part across, down;
        double sum = 0, total = 0;
        valid[i] = 0;
        if (!area_of(warp, in, span, i, &across, &down))
            continue;
        for (int64_t r = down.from; r < down.to; r++) {
            double weight_y = share(&down, r);
            for (int64_t c = across.from; c < across.to; c++) {
                int64_t index = r * in->at.width + c;
                if (in->mask != NULL && in->mask[index] == 0)
                    continue;
                double weight = weight_y * share(&across, c);
                sum += weight * dtake__sample_load(type, in->data, index);
                total += weight;
            }
        }
        if (!(total > 0))
            continue;
        dtake__sample_store(type, out, i, sum / total);
        valid[i] = 255;
    }
}

bool dtake__warp_average(const dtake__warp *warp, const dtake__warp_plane *in, const dtake__warp_span *span,
                         dtake__warp_scratch *scratch, void *out, uint8_t *valid)
{
    (void)scratch;
    switch (in->type) {
#define AVERAGE(name, ctype)                                                                                 \
    case DTAKE_##name:                                                                                       \
        average(DTAKE_##name, warp, in, span, out, valid);                                                   \
        break;
        DTAKE__SAMPLE_MAP(AVERAGE)
#undef AVERAGE
    }
    return true;
}

/* A sample under a pixel. */
typedef struct found {
    double value, weight;
    int64_t order;
} found;

static int by_value(const void *a, const void *b)
{
    const found *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

/* The heaviest value; of equally heavy ones the one that comes first, row by row. Sorts. */
static double heaviest(found *list, int64_t count)
{
    double best = 0, weight = -1;
    int64_t order = 0;
    qsort(list, (size_t)count, sizeof *list, by_value);
    for (int64_t i = 0; i < count;) {
        double sum = 0;
        int64_t first = i;
        for (; i < count && list[i].value == list[first].value; i++)
            sum += list[i].weight;
        if (sum > weight || (sum == weight && list[first].order < order)) {
            best = list[first].value;
            weight = sum;
            order = list[first].order;
        }
    }
    return best;
}

static bool room_for(dtake__warp_scratch *scratch, int64_t count)
{
    if ((size_t)count <= scratch->found_cap)
        return true;
    void *more = dtake__realloc_array(scratch->found, (size_t)count * 2, sizeof(found));
    if (more == NULL)
        return false;
    scratch->found = more;
    scratch->found_cap = (size_t)count * 2;
    return true;
}

DTAKE__INLINE bool mode(dtake_type type, const dtake__warp *warp, const dtake__warp_plane *in,
                        const dtake__warp_span *span, dtake__warp_scratch *scratch, void *out, uint8_t *valid)
{
    for (int64_t i = 0; i < span->count; i++) {
        part across, down;
        valid[i] = 0;
        if (!area_of(warp, in, span, i, &across, &down))
            continue;
        if (!room_for(scratch, (across.to - across.from) * (down.to - down.from)))
            return false;
        found *list = scratch->found;
        int64_t count = 0;
        for (int64_t r = down.from; r < down.to; r++)
            for (int64_t c = across.from; c < across.to; c++) {
                int64_t index = r * in->at.width + c;
                double value = dtake__sample_load(type, in->data, index);
                if ((in->mask == NULL || in->mask[index] != 0) && !isnan(value)) {
                    list[count] = (found){ value, share(&down, r) * share(&across, c), count };
                    count++;
                }
            }
        if (count == 0)
            continue;
        dtake__sample_store(type, out, i, heaviest(list, count));
        valid[i] = 255;
    }
    return true;
}

bool dtake__warp_mode(const dtake__warp *warp, const dtake__warp_plane *in, const dtake__warp_span *span,
                      dtake__warp_scratch *scratch, void *out, uint8_t *valid)
{
    switch (in->type) {
#define MODE(name, ctype)                                                                                    \
    case DTAKE_##name:                                                                                       \
        return mode(DTAKE_##name, warp, in, span, scratch, out, valid);
        DTAKE__SAMPLE_MAP(MODE)
#undef MODE
    }
    return true;
}
