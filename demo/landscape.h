/* The land under the clouds: what covers each pixel, the same on all dates. */
#ifndef DTAKE_DEMO_LANDSCAPE_H
#define DTAKE_DEMO_LANDSCAPE_H

#include "noise.h"

#include <stdbool.h>

typedef enum cover {
    COVER_SEA,
    COVER_RIVER,
    COVER_SAND,
    COVER_MANGROVE,
    COVER_FOREST,
    COVER_PASTURE,
    COVER_CROP,
    COVER_PLANTATION,
    COVER_FALLOW,
    COVER_TOWN,
    COVER_ROAD,
    COVERS,
} cover;

typedef struct landscape {
    uint8_t *cover;   /* enum cover */
    uint8_t *parcel;  /* random number of the field: when it is sown, how it grows */
    uint8_t *shade;   /* slope towards the sun: 128 is level ground */
    uint8_t *texture; /* fine variation: 128 is the mean; in the sea: depth, 0 deep */
} landscape;

bool landscape_make(landscape *out); /* false: no memory */
void landscape_dispose(landscape *land);

#endif
