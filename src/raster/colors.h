/* Colours as text: hex digits and CSS names. */
#ifndef DTAKE_RASTER_COLORS_H
#define DTAKE_RASTER_COLORS_H

#include <datatake/api.h>

/* "f00", "ff0000", "ff0000ff" (the last two digits, opacity, are read and left out), with or without "#", or
 * a CSS name in any case. False: none of these; *near is then the closest name if it is close, else NULL. */
bool dtake__color_parse(const char *text, uint8_t rgb[3], const char **near);

#endif
