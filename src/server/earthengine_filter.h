/* The filter of listAssets: terms joined by AND, `startTime >= "2024-01-01T00:00:00Z"`, `endTime < "..."`,
 * `intersects("{'type': ...}")` (GeoJSON, or WKT), `properties.NAME<85`. */
#ifndef DTAKE_SERVER_EARTHENGINE_FILTER_H
#define DTAKE_SERVER_EARTHENGINE_FILTER_H

#include "access/ee_item.h"

enum { DTAKE__EE_TERMS = 32 };

typedef struct dtake__ee_term {
    char *name; /* of the property; NULL: startTime or endTime */
    bool is_end;
    char op[3]; /* "<", "<=", ">", ">=", "=", "!=" */
    bool is_number;
    double number; /* of times ms since 1970 */
    char *text;
} dtake__ee_term;

typedef struct dtake__ee_asset_filter {
    double start_ms, end_ms; /* of startTime, as far as a catalogue can be asked; +-HUGE_VAL: open */
    char *area;              /* GeoJSON or WKT; NULL: none */
    dtake__ee_term term[DTAKE__EE_TERMS];
    size_t terms;
} dtake__ee_asset_filter;

/* DTAKE_E_USAGE says where it goes wrong. To be disposed of in any case. */
dtake_status dtake__ee_asset_filter_read(dtake__ee_asset_filter *out, const char *text, dtake_error *err);
void dtake__ee_asset_filter_dispose(dtake__ee_asset_filter *filter);
/* Of all terms but the area. */
bool dtake__ee_asset_passes(const dtake__ee_asset_filter *filter, const dtake__ee_image *image);

#endif
