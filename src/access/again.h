/* An image that failed as an input that tries it again. */
#ifndef DTAKE_ACCESS_AGAIN_H
#define DTAKE_ACCESS_AGAIN_H

#include "access/image.h"

/* One line: a STAC Item whose assets are the image's sources, local ones by absolute path, and whose bands
 * have the names that the user gave. The caller's to free; NULL: no memory. */
char *dtake__again(const dtake__image *image);

/* A path from the root on; URLs and such paths as they are. NULL: no memory. */
char *dtake__absolute_href(const char *href);

#endif
