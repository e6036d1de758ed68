/* Types that every Tilebox descriptor may name without bringing them: datasets/v1/well_known_types.proto and
 * Google's two. */
#ifndef DTAKE_PROTOCOL_TILEBOX_WELL_KNOWN_H
#define DTAKE_PROTOCOL_TILEBOX_WELL_KNOWN_H

#include <datatake/table.h>

#include "core/span.h"

/* name, full name, our type, width of vectors, unit that tells vectors of one width apart */
#define DTAKE__TILEBOX_MESSAGE_MAP(X)                                                                        \
    X(TIMESTAMP, "google.protobuf.Timestamp", DTAKE_FIELD_TIMESTAMP, 0, "")                                  \
    X(DURATION, "google.protobuf.Duration", DTAKE_FIELD_DURATION, 0, "")                                     \
    X(UUID, "datasets.v1.UUID", DTAKE_FIELD_UUID, 0, "")                                                     \
    X(GEOMETRY, "datasets.v1.Geometry", DTAKE_FIELD_GEOMETRY, 0, "")                                         \
    X(GEOBUF, "datasets.v1.GeobufData", DTAKE_FIELD_GEOMETRY, 0, "")                                         \
    X(VEC3, "datasets.v1.Vec3", DTAKE_FIELD_VECTOR, 3, "")                                                   \
    X(QUATERNION, "datasets.v1.Quaternion", DTAKE_FIELD_VECTOR, 4, "")                                       \
    X(LAT_LON, "datasets.v1.LatLon", DTAKE_FIELD_VECTOR, 2, "lat_lon")                                       \
    X(LAT_LON_ALT, "datasets.v1.LatLonAlt", DTAKE_FIELD_VECTOR, 3, "lat_lon_alt")                            \
    X(STAC_ASSETS, "datasets.stac.v1.Assets", DTAKE_FIELD_ASSETS, 0, "")

typedef enum dtake__tilebox_message {
    DTAKE__MESSAGE_NONE, /* not a message, or not one of these */
#define DTAKE__TILEBOX_MESSAGE_ENUM(name, ...) DTAKE__MESSAGE_##name,
    DTAKE__TILEBOX_MESSAGE_MAP(DTAKE__TILEBOX_MESSAGE_ENUM)
#undef DTAKE__TILEBOX_MESSAGE_ENUM
} dtake__tilebox_message;

typedef struct dtake__tilebox_message_facts {
    const char *name;
    dtake_field_type type;
    int32_t width;
    const char *unit;
} dtake__tilebox_message_facts;

/* Names without the dot before them. */
dtake__tilebox_message dtake__tilebox_message_find(dtake__span name);
const dtake__tilebox_message_facts *dtake__tilebox_message_facts_of(dtake__tilebox_message message);

typedef struct dtake__tilebox_enum {
    const char *name;               /* "datasets.v1.ProcessingLevel" */
    const dtake_enum_value *values; /* without the prefix of their names: { "L1C", 3 } */
    size_t count;
} dtake__tilebox_enum;

const dtake__tilebox_enum *dtake__tilebox_enum_find(dtake__span name); /* NULL: none of that name */
/* The one that has exactly these values; NULL: none. */
const dtake__tilebox_enum *dtake__tilebox_enum_of(const dtake_enum_value *values, size_t count);

/* "ProcessingLevel" becomes "PROCESSING_LEVEL_", cut to size. */
void dtake__tilebox_enum_prefix(dtake__span name, char *out, size_t size);

#endif
