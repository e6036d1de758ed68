/* One directory of a file being written, values little endian. */
#ifndef DTAKE_FORMAT_TIFF_DIRECTORY_H
#define DTAKE_FORMAT_TIFF_DIRECTORY_H

#include "format/geokeys.h"
#include "format/tiff_ifd.h"

typedef struct dtake__tiff_tag_out {
    uint16_t tag, type;
    uint64_t count;
    size_t first, bytes; /* in the values of the directory */
} dtake__tiff_tag_out;

typedef struct dtake__tiff_directory {
    const dtake__tiff_spec *spec;
    bool big;
    dtake_status st; /* the first failure sticks */
    dtake__tiff_tag_out tag[32];
    size_t count;
    dtake_buf values; /* as they will stand in the file; kept from one directory to the next */
} dtake__tiff_directory;

/* All tags of level `index`; those about the place and the file only on the first. */
dtake_status dtake__tiff_directory_fill(dtake__tiff_directory *d, const dtake__tiff_level *level,
                                        size_t index, const dtake__geokeys *keys, const char *metadata);

/* Writes it, its values behind it, to the file that begins with `out` (an even number of bytes so far). */
dtake_status dtake__tiff_directory_append(const dtake__tiff_directory *d, bool last, dtake_buf *out);

/* The text of tag 42112: an item for each "KEY=VALUE" line, then the names of the bands; nothing without
 * either. */
dtake_status dtake__gdal_metadata_make(const dtake__tiff_spec *spec, dtake_buf *out);

#endif
