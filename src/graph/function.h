/* What a graph is made of: kinds of values, and the signatures of functions. Names, order of arguments and
 * defaults are Earth Engine's. */
#ifndef DTAKE_GRAPH_FUNCTION_H
#define DTAKE_GRAPH_FUNCTION_H

#include <datatake/status.h>

/* name, as it is written */
#define DTAKE__KIND_MAP(X)                                                                                   \
    X(OBJECT, "Object") /* anything */                                                                       \
    X(BOOLEAN, "Boolean")                                                                                    \
    X(NUMBER, "Number") /* Integer, Long and Float, too */                                                   \
    X(STRING, "String")                                                                                      \
    X(LIST, "List")                                                                                          \
    X(DICTIONARY, "Dictionary")                                                                              \
    X(ALGORITHM, "Algorithm")                                                                                \
    X(IMAGE, "Image")                                                                                        \
    X(IMAGE_COLLECTION, "ImageCollection")                                                                   \
    X(FEATURE, "Feature")                                                                                    \
    X(FEATURE_COLLECTION, "FeatureCollection") /* of images, too, where the spec is that lax */              \
    X(GEOMETRY, "Geometry")                                                                                  \
    X(PROJECTION, "Projection")                                                                              \
    X(REDUCER, "Reducer")                                                                                    \
    X(KERNEL, "Kernel")                                                                                      \
    X(ELEMENT, "Element")                  /* an image, a feature, or a collection with its properties */    \
    X(ANY_COLLECTION, "FeatureCollection") /* of either kind, and perhaps not yet loaded */                  \
    X(DATE, "Date")                                                                                          \
    X(DATE_RANGE, "DateRange")                                                                               \
    X(FILTER, "Filter")                                                                                      \
    X(JOIN, "Join")                                                                                          \
    X(ARRAY, "Array") /* numbers, or rows of numbers */

typedef enum dtake__kind {
#define DTAKE__KIND_ENUM(name, text) DTAKE__##name,
    DTAKE__KIND_MAP(DTAKE__KIND_ENUM)
#undef DTAKE__KIND_ENUM
} dtake__kind;

const char *dtake__kind_name(dtake__kind kind);

enum { DTAKE__MAX_PARAMS = 10 };

typedef struct dtake__param {
    const char *name; /* NULL ends the list */
    dtake__kind kind;
    const char *initial; /* the default as text: "true", "1.5", "circle", "null"; NULL: must be given */
} dtake__param;

struct dtake__call; /* whoever evaluates knows what that is */

typedef struct dtake__function {
    const char *name; /* "Image.clip" */
    dtake__kind returns;
    dtake__param param[DTAKE__MAX_PARAMS + 1];
    dtake_status (*run)(struct dtake__call *call, dtake_error *err);
} dtake__function;

/* Every function that a graph may call, sorted by name. */
typedef struct dtake__registry {
    const dtake__function *const *at;
    size_t count;
} dtake__registry;

const dtake__function *dtake__registry_find(const dtake__registry *registry, const char *name, size_t len);
/* The name that is most like `name`, if it is close; else NULL. */
const char *dtake__registry_near(const dtake__registry *registry, const char *name);
int dtake__function_param(const dtake__function *function, const char *name, size_t len); /* -1: none */
int dtake__function_params(const dtake__function *function);                              /* how many */

#endif
