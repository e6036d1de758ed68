/* What visualize does to one sample (docs/visualize.md). */
#ifndef DTAKE_RASTER_STRETCH_H
#define DTAKE_RASTER_STRETCH_H

#include <datatake/get.h>

/* What one band asks for. */
typedef struct dtake__stretch {
    bool gain; /* v * a + b on 0..255; else (v - a) / (b - a) */
    double a, b;
    double exponent;       /* 1 / gamma */
    int32_t palette_count; /* 0: one gray value out */
    const uint8_t (*palette)[3];
} dtake__stretch;

/* Borrows the palette. */
dtake__stretch dtake__stretch_of(const dtake_visualize *visualize, int32_t band);
uint8_t dtake__stretch_gray(const dtake__stretch *stretch, double v);
void dtake__stretch_color(const dtake__stretch *stretch, double v, uint8_t out[3]);

/* Do the options go together, and with so many bands? */
dtake_status dtake__visualize_check(int32_t bands, const dtake_visualize *visualize, dtake_error *err);

#endif
