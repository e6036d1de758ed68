/* The entries of one TIFF directory and their values, before anything is made of them. */
#ifndef DTAKE_FORMAT_TIFF_IFD_H
#define DTAKE_FORMAT_TIFF_IFD_H

#include "format/tiff.h"

/* Tags of TIFF 6.0, its supplements, GeoTIFF 1.1 and GDAL; those we read or write. */
typedef enum dtake__tiff_tag {
    DTAKE__TAG_SUBFILE_TYPE = 254,
    DTAKE__TAG_OLD_SUBFILE_TYPE = 255,
    DTAKE__TAG_WIDTH = 256,
    DTAKE__TAG_HEIGHT = 257,
    DTAKE__TAG_BITS = 258,
    DTAKE__TAG_COMPRESSION = 259,
    DTAKE__TAG_PHOTOMETRIC = 262,
    DTAKE__TAG_FILL_ORDER = 266,
    DTAKE__TAG_DESCRIPTION = 270,
    DTAKE__TAG_STRIP_OFFSETS = 273,
    DTAKE__TAG_SAMPLES = 277,
    DTAKE__TAG_ROWS_PER_STRIP = 278,
    DTAKE__TAG_STRIP_BYTES = 279,
    DTAKE__TAG_PLANAR = 284,
    DTAKE__TAG_SOFTWARE = 305,
    DTAKE__TAG_DATETIME = 306,
    DTAKE__TAG_PREDICTOR = 317,
    DTAKE__TAG_TILE_WIDTH = 322,
    DTAKE__TAG_TILE_HEIGHT = 323,
    DTAKE__TAG_TILE_OFFSETS = 324,
    DTAKE__TAG_TILE_BYTES = 325,
    DTAKE__TAG_SUB_IFDS = 330,
    DTAKE__TAG_EXTRA_SAMPLES = 338,
    DTAKE__TAG_SAMPLE_FORMAT = 339,
    DTAKE__TAG_JPEG_TABLES = 347,
    DTAKE__TAG_YCBCR_SUBSAMPLING = 530,
    DTAKE__TAG_PIXEL_SCALE = 33550,
    DTAKE__TAG_TIE_POINTS = 33922,
    DTAKE__TAG_MATRIX = 34264,
    DTAKE__TAG_GEO_KEYS = 34735,
    DTAKE__TAG_GEO_DOUBLES = 34736,
    DTAKE__TAG_GEO_ASCII = 34737,
    DTAKE__TAG_GDAL_METADATA = 42112,
    DTAKE__TAG_GDAL_NODATA = 42113,
    DTAKE__TAG_LERC = 50674, /* LERC's version and what its blobs are packed in */
} dtake__tiff_tag;

typedef enum dtake__tiff_value {
    DTAKE__VALUE_BYTE = 1,
    DTAKE__VALUE_ASCII = 2,
    DTAKE__VALUE_SHORT = 3,
    DTAKE__VALUE_LONG = 4,
    DTAKE__VALUE_UNDEFINED = 7,
    DTAKE__VALUE_FLOAT = 11,
    DTAKE__VALUE_DOUBLE = 12,
    DTAKE__VALUE_IFD = 13,
    DTAKE__VALUE_LONG8 = 16,
    DTAKE__VALUE_IFD8 = 18,
} dtake__tiff_value;

enum { DTAKE__TIFF_READ_AHEAD_BYTES = 16 << 10 }; /* a directory, its arrays, and mostly those behind it */

/* Where a parse reads from, and what it found missing. */
typedef struct dtake__tiff_source {
    const dtake__segments *segments;
    bool big_tiff, big_endian;
    int64_t need_first, need_count; /* valid after DTAKE_E_RANGE */
    dtake_error *err;
} dtake__tiff_source;

typedef struct dtake__tiff_entry {
    uint16_t tag, type;
    uint64_t count;
    int64_t first; /* of the value in the file, inline or not */
} dtake__tiff_entry;

typedef struct dtake__tiff_ifd {
    int64_t first, end; /* bytes of the directory itself */
    int64_t next;       /* 0: the last of its chain */
    size_t count;
    dtake__tiff_entry entry[DTAKE__TIFF_MAX_ENTRIES];
} dtake__tiff_ifd;

/* The bytes [first, first + count) of the file: DTAKE_E_RANGE with the need set (at least `ahead` bytes where
 * the file has them), DTAKE_E_FORMAT when the file ends before. `what` names them in messages. */
dtake_status dtake__tiff_source_bytes(dtake__tiff_source *source, int64_t first, uint64_t count,
                                      int64_t ahead, const char *what, const uint8_t **out);

/* DTAKE_E_FORMAT when the file is known to end before. */
dtake_status dtake__tiff_source_check(const dtake__tiff_source *source, int64_t first, uint64_t count,
                                      const char *what);

/* Sets the need to what is missing of [first, end), at least `ahead` bytes where the file has them:
 * DTAKE_E_RANGE. */
dtake_status dtake__tiff_source_ask(dtake__tiff_source *source, int64_t first, int64_t end, int64_t ahead);

/* Magic bytes and the place of the first directory. */
dtake_status dtake__tiff_source_open(dtake__tiff_source *source, const dtake__segments *segments,
                                     int64_t *first_ifd, dtake_error *err);

/* Reads the directory at `first` and makes sure that the values of the tags we use are there. */
dtake_status dtake__tiff_ifd_read(dtake__tiff_source *source, int64_t first, dtake__tiff_ifd *out);
const dtake__tiff_entry *dtake__tiff_ifd_find(const dtake__tiff_ifd *ifd,
                                              dtake__tiff_tag tag); /* NULL: not there */

/* Values of an entry of dtake__tiff_ifd_read. */
size_t dtake__tiff_value_bytes(int type); /* 0: no such type */
const uint8_t *dtake__tiff_entry_bytes(const dtake__tiff_source *source, const dtake__tiff_entry *entry);
bool dtake__tiff_entry_is_integer(const dtake__tiff_entry *entry); /* unsigned */
uint64_t dtake__tiff_entry_integer(const dtake__tiff_source *source, const dtake__tiff_entry *entry,
                                   uint64_t index);
double dtake__tiff_entry_number(const dtake__tiff_source *source, const dtake__tiff_entry *entry,
                                uint64_t index);

/* The first integer of a tag; `otherwise` when it is absent. DTAKE_E_FORMAT when it is no integer or empty.
 */
dtake_status dtake__tiff_ifd_integer(const dtake__tiff_source *source, const dtake__tiff_ifd *ifd,
                                     dtake__tiff_tag tag, uint64_t otherwise, uint64_t *out);

uint64_t dtake__get_uint(const uint8_t *bytes, size_t count, bool big_endian); /* count 1..8 */

#endif
