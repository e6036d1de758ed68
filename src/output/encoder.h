/* What makes compressed tiles of samples: for geotiff.c and early.c, whose tiles are the same. */
#ifndef DTAKE_OUTPUT_ENCODER_H
#define DTAKE_OUTPUT_ENCODER_H

#include "format/tiff_write.h"

/* libdeflate on real u16 and RGB imagery: level 6 takes half as long again and is no smaller; on smooth
 * synthetic pictures three times as long for 11 % (docs/benchmarks.md). */
enum { DTAKE__DEFLATE_LEVEL = 1 };

/* The calling thread's, of the level that was asked for last. NULL: no memory. */
dtake__encoder *dtake__encoder_of_thread(int level);

/* What a tile's bytes depend on; the rest of the file's facts are added by who writes it. */
dtake__tiff_spec dtake__tile_spec(dtake_type type, int32_t bands, int32_t tile_side, bool cog);

#endif
