/* The steps of dtake__tiff_parse, one file each. */
#ifndef DTAKE_FORMAT_TIFF_PARTS_H
#define DTAKE_FORMAT_TIFF_PARTS_H

#include "format/tiff_ifd.h"

/* One directory's image: sizes, type, codec, tile arrays. DTAKE_E_UNSUPPORTED for sample types we have not.
 * The caller disposes `out` whatever comes back. */
dtake_status dtake__tiff_dir_read(dtake__tiff_dir *out, const dtake__tiff_source *source,
                                  const dtake__tiff_ifd *ifd);

/* Its tile arrays, when all else of `out` is read. */
dtake_status dtake__tiff_tiles_read(dtake__tiff_dir *out, const dtake__tiff_source *source,
                                    const dtake__tiff_ifd *ifd);
void dtake__tiff_dir_dispose(dtake__tiff_dir *dir);

/* Transform, control points, GeoKeys of the first directory. */
dtake_status dtake__tiff_geo_read(dtake__tiff *out, const dtake__tiff_source *source,
                                  const dtake__tiff_ifd *ifd);

/* Nodata, GDAL's metadata, names and colours of the bands of the first directory (out->dir[0] is read
 * already). */
dtake_status dtake__tiff_bands_read(dtake__tiff *out, const dtake__tiff_source *source,
                                    const dtake__tiff_ifd *ifd);

/* GDAL_METADATA to the bands: DESCRIPTION, scale, offset, colour. What it does not understand it passes over.
 */
dtake_status dtake__gdal_metadata_apply(const char *xml, dtake_band *band, int32_t bands, dtake_error *err);

/* GDAL's word for it, or: tiled, directories first, the data of overviews before that of the image, which has
 * overviews unless it is small. */
bool dtake__tiff_is_cog(const dtake__tiff *tiff, const dtake__tiff_source *source, int64_t last_ifd_end);

/* An ASCII value as a string, up to its first '\0'; "" stays NULL. */
dtake_status dtake__tiff_text(const dtake__tiff_source *source, const dtake__tiff_ifd *ifd,
                              dtake__tiff_tag tag, char **out);

#endif
