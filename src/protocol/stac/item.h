/* STAC Items: JSON text to what the engine needs of them. No sockets, no files. */
#ifndef DTAKE_PROTOCOL_STAC_ITEM_H
#define DTAKE_PROTOCOL_STAC_ITEM_H

#include <datatake/grid.h>

typedef struct dtake__stac_asset {
    char *key;
    char *href;       /* absolute or as given; joined to the item's base by the parser */
    char *media_type; /* "" if none */
    char *title;
    char *checksum;   /* file:checksum multihash; "" if none */
    int64_t bytes;    /* file:size; -1 if none */
    bool is_data;     /* role "data", or no roles and a raster media type */
    char **band_name; /* eo:bands / bands names, common_name after each: 2 * band_count, "" if none */
    size_t band_count;
} dtake__stac_asset;

typedef struct dtake__stac_item {
    char *id, *collection, *platform; /* "" if none */
    char *base;                       /* href the item came from */
    int64_t time_ns;                  /* datetime, else start_datetime; INT64_MIN if none */
    int64_t end_ns;                   /* end_datetime, else time_ns */
    bool has_cloud;
    double cloud_pct;
    bool has_bbox;
    dtake_box bbox;
    char *geometry; /* GeoJSON text, "" if null */
    dtake__stac_asset *asset;
    size_t asset_count;
} dtake__stac_item;

typedef struct dtake__stac_items {
    dtake__stac_item *item;
    size_t count, capacity;
} dtake__stac_items;

/* An Item, an ItemCollection / FeatureCollection, an array of items, or NDJSON (one item a line), appended to
 * `items`. `base` is the href the text came from; relative hrefs are joined to it. DTAKE_E_FORMAT names the
 * line (NDJSON) or the feature and what is missing. Limits of an item: 64 MiB of text, nesting 64 deep, 1,000
 * assets. */
dtake_status dtake__stac_items_parse(dtake__stac_items *items, const char *text, size_t len, const char *base,
                                     dtake_error *err);
void dtake__stac_items_dispose(dtake__stac_items *items);
void dtake__stac_item_dispose(dtake__stac_item *item);

/* The same, item by item, so that a long list is never in memory as a whole. `each` takes the item's content
 * when it keeps it (and clears *item); what is left is disposed of. `broken` (may be NULL) is told of an
 * element of a list that cannot be read; when it returns DTAKE_OK the next one is read. Anything but DTAKE_OK
 * from either ends the parse. */
typedef struct dtake__stac_reader {
    dtake_status (*each)(dtake__stac_item *item, void *ctx, dtake_error *err);
    dtake_status (*broken)(const dtake_error *why, void *ctx, dtake_error *err);
    void *ctx;
} dtake__stac_reader;
dtake_status dtake__stac_each(const char *text, size_t len, const char *base,
                              const dtake__stac_reader *reader, dtake_error *err);

/* One element of a list that the caller has cut itself, and where it stands. */
typedef struct dtake__stac_place {
    const char *base; /* of the list: what hrefs are relative to */
    const char *unit; /* "line" or "feature" */
    size_t number;    /* of the element, from 1; 0: the document is one item */
} dtake__stac_place;
dtake_status dtake__stac_one(const char *text, size_t len, const dtake__stac_place *place,
                             const dtake__stac_reader *reader, dtake_error *err);

/* Looks like STAC JSON at all (to tell items from other .json files in a folder). */
bool dtake__stac_looks_like_item(const char *text, size_t len);

/* The asset that holds the band a user means, by this order: asset key, eo:bands / bands name, common_name,
 * each exactly, then ignoring case and zero padding ("B8" finds "B08" but never "B8A"); then Sentinel-2 and
 * Landsat band numbers by platform (B8 is nir); then the href's file stem. Two assets of one rank: the one
 * with is_data, then raster COG before others; *band_index counts from 1; 0 when the asset itself was named
 * (key or file stem): all its bands. DTAKE_E_NOT_FOUND lists the bands there are. */
dtake_status dtake__stac_find_band(const dtake__stac_item *item, const char *band,
                                   const dtake__stac_asset **asset, int32_t *band_index, dtake_error *err);

/* `href` seen from `base` (RFC 3986 for URLs; folders for paths). The caller frees; NULL: no memory. */
char *dtake__href_join(const char *base, const char *href);

#endif
