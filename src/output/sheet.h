/* A contact sheet: small pictures of many images on one PNG, in order, each with its caption. */
#ifndef DTAKE_OUTPUT_SHEET_H
#define DTAKE_OUTPUT_SHEET_H

#include <datatake/raster.h>

typedef struct dtake__sheet dtake__sheet;

dtake__sheet *dtake__sheet_new(size_t count, int32_t thumb_side); /* NULL: no memory */

/* Keeps a reduced copy of a uint8 image of 1 or 3 bands (others are stretched from 2 to 98 %). Any thread,
 * any order, each place once. */
dtake_status dtake__sheet_put(dtake__sheet *sheet, size_t place, const char *caption,
                              const dtake_pixels *pixels, dtake_error *err);
/* What is kept of one place, the sheet's own; false while there is nothing. */
bool dtake__sheet_view(const dtake__sheet *sheet, size_t place, const char **caption, int32_t *width,
                       int32_t *height, const uint8_t **rgb);
dtake_status dtake__sheet_write(dtake__sheet *sheet, const char *path,
                                dtake_error *err); /* blocking; part file, rename */
void dtake__sheet_free(dtake__sheet *sheet);

#endif
