/* Tables of datapoints: a schema, and batches of rows kept as columns. They leave through Arrow's C
 * interface.
 *
 * Threads: schemas and batches never change once made and may be read from any thread; retain and release are
 * safe from any thread.
 */
#ifndef DATATAKE_TABLE_H
#define DATATAKE_TABLE_H

#include <datatake/status.h>

/* name, name in text (schemas, errors, JSON), Arrow format of the values */
#define DTAKE_FIELD_TYPE_MAP(X)                                                                              \
    X(BOOL, "bool", "b")                                                                                     \
    X(INT64, "int64", "l")                                                                                   \
    X(UINT64, "uint64", "L")                                                                                 \
    X(FLOAT64, "float64", "g")                                                                               \
    X(STRING, "string", "u")                                                                                 \
    X(BYTES, "bytes", "z")                                                                                   \
    X(TIMESTAMP, "timestamp", "tsn:UTC") /* int64, nanoseconds since 1970 UTC */                             \
    X(DURATION, "duration", "tDn")       /* int64, nanoseconds */                                            \
    X(UUID, "uuid", "w:16")              /* 16 bytes, in the order of their text */                          \
    X(GEOMETRY, "geometry", "z")         /* ISO WKB, longitude and latitude */                               \
    X(ENUM, "enum", "i")                 /* int32, one of the field's values */                              \
    X(VECTOR, "vector", "+w:")           /* `width` float64 a row */                                         \
    X(JSON, "json", "u")                 /* JSON text of any shape: open STAC properties, links */           \
    X(ASSETS, "assets", "u")             /* JSON text of STAC's assets object */

typedef enum dtake_field_type {
    DTAKE_FIELD_NONE, /* no such type */
#define DTAKE_FIELD_TYPE_ENUM(name, text, arrow) DTAKE_FIELD_##name,
    DTAKE_FIELD_TYPE_MAP(DTAKE_FIELD_TYPE_ENUM)
#undef DTAKE_FIELD_TYPE_ENUM
} dtake_field_type;

DTAKE_API const char *dtake_field_type_name(dtake_field_type type); /* "float64"; static */
DTAKE_API dtake_field_type dtake_field_type_find(const char *name); /* DTAKE_FIELD_NONE if there is none */

/* What a field is beside its type; at most one field of a schema each. */
typedef enum dtake_field_role {
    DTAKE_ROLE_NONE,
    DTAKE_ROLE_TIME,           /* TIMESTAMP; every dataset has it */
    DTAKE_ROLE_ID,             /* UUID; its first 48 bits are the time in milliseconds */
    DTAKE_ROLE_INGESTION_TIME, /* TIMESTAMP */
    DTAKE_ROLE_GEOMETRY,       /* GEOMETRY; of spatiotemporal datasets */
    DTAKE_ROLE_NAME,           /* STRING, unique in its collection: STAC id, granule name */
    DTAKE_ROLE_COLLECTION,     /* STRING, only in results: which collection the datapoint is of */
} dtake_field_role;

typedef struct dtake_enum_value {
    const char *name;
    int32_t value;
} dtake_enum_value;

typedef struct dtake_field {
    const char *name;
    dtake_field_type type;
    dtake_field_role role;
    bool repeated;                       /* a list of values a row; not of VECTOR */
    bool not_queryable;                  /* left out of the minima and maxima that filters use */
    int32_t width;                       /* VECTOR: numbers a row, 1 to 64; else 0 */
    const dtake_enum_value *enum_values; /* names and numbers are unique; 0 need not be among them */
    size_t enum_count;
    const char *unit;        /* "", "percent", "m" */
    const char *description; /* "" */
    const char *example;     /* "" */
} dtake_field;

enum {
    DTAKE_MAX_FIELDS = 1000,
    DTAKE_MAX_FIELD_NAME_BYTES = 255,
    DTAKE_MAX_ENUM_VALUES = 1000,
    DTAKE_MAX_VECTOR_WIDTH = 64
};

typedef struct dtake_schema dtake_schema;

/* Copies everything. DTAKE_E_USAGE names the field: an empty or repeated name, a role twice, a role of the
 * wrong type, an enum without values. NULL texts are taken as "". */
DTAKE_API dtake_status dtake_schema_new(dtake_schema **out, const dtake_field *fields, size_t count,
                                        dtake_error *err);
DTAKE_API dtake_schema *dtake_schema_retain(const dtake_schema *schema);
DTAKE_API void dtake_schema_release(dtake_schema *schema); /* NULL is fine */
DTAKE_API size_t dtake_schema_count(const dtake_schema *schema);
DTAKE_API const dtake_field *dtake_schema_field(const dtake_schema *schema, size_t index); /* the schema's */
DTAKE_API int dtake_schema_find(const dtake_schema *schema, const char *name);             /* -1 */
DTAKE_API int dtake_schema_find_role(const dtake_schema *schema, dtake_field_role role);   /* -1 */

/* One column of a batch. Layout is Arrow's: bit i of `validity` (lowest bit first) is 1 where row i has a
 * value, NULL when all have; BOOL is bits; texts, bytes, geometries and lists have `rows + 1` offsets. */
typedef struct dtake_column {
    int64_t rows;
    int64_t null_count;
    const uint8_t *validity;
    const int32_t *offsets;           /* variable width and repeated, the first need not be 0; else NULL */
    const void *values;               /* fixed width: rows * size; variable width: the bytes */
    const struct dtake_column *items; /* repeated: the values of all lists, one after another */
} dtake_column;

typedef struct dtake_batch dtake_batch;

DTAKE_API dtake_batch *dtake_batch_retain(const dtake_batch *batch);
DTAKE_API void dtake_batch_release(dtake_batch *batch); /* NULL is fine */
DTAKE_API int64_t dtake_batch_rows(const dtake_batch *batch);
DTAKE_API const dtake_schema *dtake_batch_schema(const dtake_batch *batch);               /* the batch's */
DTAKE_API const dtake_column *dtake_batch_column(const dtake_batch *batch, size_t index); /* the batch's */

/* Arrow's C data and stream interface, as its specification prints it. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE           2
#define ARROW_FLAG_MAP_KEYS_SORTED    4
struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};
struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};
#endif

/* A struct whose children are the fields; GEOMETRY carries the extension name geoarrow.wkb, UUID arrow.uuid,
 * JSON and ASSETS arrow.json; ENUM is dictionary encoded; units, roles and descriptions are field metadata,
 * and the metadata datatake:schema of the struct tells it all, so that dtake_schema_from_arrow finds the same
 * schema. The receiver releases. */
DTAKE_API dtake_status dtake_schema_to_arrow(const dtake_schema *schema, struct ArrowSchema *out,
                                             dtake_error *err);

/* Shares the batch's memory and keeps it alive until the receiver releases. Copied are only the values of
 * enums whose numbers are not 0, 1, 2 ... DTAKE_E_RANGE: an enum's column holds what is not one of its
 * values. */
DTAKE_API dtake_status dtake_batch_to_arrow(const dtake_batch *batch, struct ArrowArray *out,
                                            dtake_error *err);

/* Also taken are smaller and larger forms of our types: int8 to uint32, float32, dates and times of any unit,
 * large and view layouts, dictionaries of strings. DTAKE_E_UNSUPPORTED names the field and its Arrow format,
 * or a geometry's CRS that is not longitude and latitude. */
DTAKE_API dtake_status dtake_schema_from_arrow(dtake_schema **out, const struct ArrowSchema *arrow,
                                               dtake_error *err);

/* A foreign array of the type `arrow`, from which dtake_schema_from_arrow made `schema`. Moved out of *array
 * in success and failure, which is left released. What has our layout is not copied. Offsets, lengths and
 * indices are checked: DTAKE_E_FORMAT; DTAKE_E_RANGE for times that int64 nanoseconds cannot hold. */
DTAKE_API dtake_status dtake_batch_from_arrow(dtake_batch **out, const dtake_schema *schema,
                                              const struct ArrowSchema *arrow, struct ArrowArray *array,
                                              dtake_error *err);

#endif
