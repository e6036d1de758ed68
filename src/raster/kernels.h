/* Pixel kernels: pure functions over whole bands; the same bits whatever the instruction set. CPU work of
 * workers. */
#ifndef DTAKE_RASTER_KERNELS_H
#define DTAKE_RASTER_KERNELS_H

#include <datatake/get.h>
#include <datatake/raster.h>

/* Room for pixels, not filled; mask_bands 0: no mask. DTAKE_E_LIMIT for sizes no memory could hold. */
dtake_status dtake__pixels_init(dtake_pixels *out, int64_t width, int64_t height, int32_t bands,
                                dtake_type type, int32_t mask_bands, dtake_error *err);

bool dtake__type_of_name(const char *name, dtake_type *out); /* "uint16"; false: there is none */

/* Smallest type that holds both everything in `type` and `value` (uint16 with -1: int32; 0.5: float64 for
 * 32-bit integers, else float32). */
dtake_type dtake__type_with_value(dtake_type type, double value);
dtake_type dtake__type_union(dtake_type a, dtake_type b);

/* Converts every sample; `to` must be able to hold every value of `from`'s type. */
dtake_status dtake__pixels_convert(dtake_pixels *pixels, dtake_type to, dtake_error *err);

/* Masked samples take `value`, the mask goes away; the type widens as needed. */
dtake_status dtake__pixels_unmask(dtake_pixels *pixels, double value, dtake_error *err);

/* Samples whose mask byte is 0 become `value` (which the type must hold). */
void dtake__samples_fill_masked(dtake_type type, void *data, const uint8_t *mask, size_t count, double value);

/* A valid sample that came to `nodata` by computing becomes its neighbour: it must not count as masked in a
 * file. As GDAL does. */
void dtake__pixels_keep_off(dtake_pixels *pixels, double nodata);

/* Nearest neighbour: out pixel (c, r) takes in pixel (col[c], row[r]); -1 means outside: 0, masked. */
dtake_status dtake__pixels_pick(const dtake_pixels *in, const int64_t *col, int64_t width, const int64_t *row,
                                int64_t height, dtake_pixels *out, dtake_error *err);

/* One raster of several bands out of several rasters of the same size (types are united, masks kept a band).
 */
dtake_status dtake__pixels_stack(dtake_pixels *const *in, size_t count, dtake_pixels *out, dtake_error *err);

/* Earth Engine's visualize (docs/visualize.md): uint8, 1 or 3 bands; a pixel masked in any used band is
 * masked; rounding half up of 255 * t^(1/gamma). opacity < 1 scales the mask. `out` is new; `in` is
 * unchanged. */
dtake_status dtake__pixels_visualize(const dtake_pixels *in, const dtake_visualize *visualize,
                                     dtake_pixels *out, dtake_error *err);

/* Half the size, by averaging valid pixels (mode false) or taking the top-left one (nearest true); for
 * overviews. */
dtake_status dtake__pixels_halve(const dtake_pixels *in, bool nearest, dtake_pixels *out, dtake_error *err);

#endif
