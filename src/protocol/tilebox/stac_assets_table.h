/* Between the files that read assets: which field of their messages is what in JSON. */
#ifndef DTAKE_PROTOCOL_TILEBOX_STAC_ASSETS_TABLE_H
#define DTAKE_PROTOCOL_TILEBOX_STAC_ASSETS_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Enums: numbers and their names in STAC. */
typedef struct dtake__stac_named {
    uint32_t number;
    const char *name;
} dtake__stac_named;

typedef struct dtake__stac_names {
    const dtake__stac_named *list;
    size_t count;
} dtake__stac_names;

typedef enum dtake__stac_part_kind {
    DTAKE__STAC_TEXT,
    DTAKE__STAC_REAL,
    DTAKE__STAC_WHOLE,
    DTAKE__STAC_HEX,
    DTAKE__STAC_NAME,  /* of a number; `names` says which */
    DTAKE__STAC_REALS, /* packed or not */
    DTAKE__STAC_WHOLES,
    DTAKE__STAC_OBJECT, /* a message; `table` says what is in it */
    DTAKE__STAC_SPREAD, /* a message whose parts stand beside the others */
} dtake__stac_part_kind;

typedef struct dtake__stac_table dtake__stac_table;
typedef struct dtake__stac_part {
    uint32_t field;
    dtake__stac_part_kind kind;
    const char *key;
    const dtake__stac_names *names;
    const dtake__stac_table *table;
} dtake__stac_part;
struct dtake__stac_table {
    const dtake__stac_part *parts;
    size_t count;
};

extern const dtake__stac_names dtake__stac_media, dtake__stac_roles;
extern const dtake__stac_table dtake__stac_band, dtake__stac_asset;

const char *dtake__stac_name_of(const dtake__stac_names *of, uint64_t number); /* NULL: none */

#endif
