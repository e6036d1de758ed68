/* One date: the land in its season, under its clouds. */
#ifndef DTAKE_DEMO_SCENE_H
#define DTAKE_DEMO_SCENE_H

#include "landscape.h"
#include "schedule.h"

enum { BANDS = 4 }; /* B02, B03, B04, B08 */

/* What the caller gives room for, each PIXELS large. */
typedef struct scene {
    uint16_t *band[BANDS]; /* reflectance * 10000, 1 and more */
    uint8_t *classes;      /* as in Sentinel-2's SCL */
    int32_t *clouds;       /* scratch */
} scene;

/* false: no memory */
bool scene_paint(const landscape *land, const pass *date, scene *out);

#endif
