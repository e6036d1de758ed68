/* What the catalogue's datasets are called in Earth Engine: ids of image collections, names of bands and
 * properties. Part of it is configuration, kept in the catalogue as JSON under the id:
 *
 *     {"dataset": "scenes.sentinel2", "collections": ["s2-l2a"], "like": "COPERNICUS/S2_SR",
 *      "bands": {"B8": "nir"}, "properties": {"CLOUDY_PIXEL_PERCENTAGE": "eo:cloud_cover"},
 *      "offset": "remove", "title": "..."}
 *
 * Only "dataset" must be there. What is not configured is found by itself: collections of items whose name
 * says Sentinel-2 L2A are COPERNICUS/S2_SR and COPERNICUS/S2_SR_HARMONIZED (L1C: COPERNICUS/S2 and
 * COPERNICUS/S2_HARMONIZED), and every dataset of items goes by its slug, with '/' for the dots. */
#ifndef DTAKE_ACCESS_EE_MAP_H
#define DTAKE_ACCESS_EE_MAP_H

#include "core/strings.h"

#include <datatake/datasets.h>

#include <jansson.h>

/* A name here, a name there. */
typedef struct dtake__ee_name {
    const char *ours, *stac;
} dtake__ee_name;

/* Names that come with the program; NULL ends the lists. */
typedef struct dtake__ee_names {
    const char *like;        /* "COPERNICUS/S2_SR" */
    const char *const *band; /* NULL: each asset is a band of its name */
    const dtake__ee_name *property;
    const char *title;
} dtake__ee_names;

/* One part of an image collection. */
typedef struct dtake__ee_part {
    char *dataset;
    dtake__strings collections; /* none: all */
} dtake__ee_part;

typedef struct dtake__ee_collection {
    char *id; /* "COPERNICUS/S2_SR" */
    dtake__ee_part *part;
    size_t part_count;
    const dtake__ee_names *names; /* NULL: as the items have them */
    json_t *rules;                /* as configured; NULL: not */
    bool removes_offset;
} dtake__ee_collection;

typedef struct dtake__ee_map {
    dtake__ee_collection *at; /* by id */
    size_t count;
} dtake__ee_map;

/* Blocks: asks the client. *out is to be disposed of in any case. */
dtake_status dtake__ee_map_load(dtake__ee_map *out, dtake_client *client, dtake_error *err);
void dtake__ee_map_dispose(dtake__ee_map *map);
const dtake__ee_collection *dtake__ee_map_find(const dtake__ee_map *map, const char *id); /* NULL: none */

/* DTAKE_E_USAGE says what is wrong with a configuration. */
dtake_status dtake__ee_rules_check(const char *id, const char *json, dtake_error *err);

extern const dtake__ee_names dtake__ee_sentinel2_l2a, dtake__ee_sentinel2_l1c;

#endif
