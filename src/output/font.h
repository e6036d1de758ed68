/* The letters of contact sheets and plots. */
#ifndef DTAKE_OUTPUT_FONT_H
#define DTAKE_OUTPUT_FONT_H

#include <datatake/api.h>

enum {
    DTAKE__FONT_GLYPHS = 95, /* ' ' to '~' */
    DTAKE__FONT_WIDTH = 5,   /* pixels of a glyph */
    DTAKE__FONT_ROWS = 9,
    DTAKE__FONT_ADVANCE = 6,  /* from one glyph to the next */
    DTAKE__FONT_BASELINE = 7, /* rows above it */
};

extern const uint8_t dtake__font[DTAKE__FONT_GLYPHS][DTAKE__FONT_ROWS];

#endif
