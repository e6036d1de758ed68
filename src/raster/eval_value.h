/* What graphs come to while they are evaluated, and what functions are told. All of it lives as long as the
 * evaluation. A function of the graph is one file: it reads its arguments, and makes a value of them; an
 * image is a list of bands, each an expression of pixels (raster/eval_pixel.h). docs/graph.md adds one. */
#ifndef DTAKE_RASTER_EVAL_VALUE_H
#define DTAKE_RASTER_EVAL_VALUE_H

#include "core/span.h"
#include "graph/graph.h"
#include "raster/eval_pixel.h"

typedef struct dtake__eval dtake__eval;
typedef struct dtake__call dtake__call;
typedef struct dtake__value dtake__value;
typedef struct dtake__pending dtake__pending;

typedef struct dtake__figure dtake__figure;

/* The shapes that a band has been clipped to, the last one first. */
typedef struct dtake__extent {
    const dtake__figure *shape;
    const struct dtake__extent *before;
} dtake__extent;

typedef struct dtake__band_value {
    const char *name;
    dtake__px px;
    dtake__px inside;               /* 1 within the footprint, masked outside; 0: without end */
    const dtake__raster_grid *grid; /* its own; NULL: none. Without a size it goes on for ever */
    const dtake__extent *extent;    /* what it was clipped to; NULL: nothing */
} dtake__band_value;

typedef struct dtake__image_value {
    dtake__band_value *band;
    size_t count;
    const char *id;    /* for messages; "" if it has none */
    const char *again; /* a name of which again_1 to again_COUNT are taken; NULL: not known */
    int again_count;

    const dtake__value *properties; /* a dictionary; NULL: none */
    const char *asset;              /* the asset that it still is; NULL: it was computed */
    int64_t version;                /* of the asset, microseconds since 1970 */
    dtake__pending *pending;        /* bands are not there yet: dtake__image_need (raster/eval_assets.h) */
} dtake__image_value;

enum { DTAKE__MAX_IMAGE_BANDS = 4096 };

/* Rings and lines. Longitude and latitude, or `crs`; edges of longitude and latitude are densified already.
 */
struct dtake__figure {
    const char *crs;  /* NULL: longitude and latitude */
    const char *area; /* GeoJSON MultiPolygon of its polygons; NULL: none, or crs is given */
    double *xy;       /* all points */
    size_t points;
    size_t *part_end; /* rings, lines, single points */
    size_t parts;
    bool closed;   /* parts are rings */
    double box[4]; /* of xy */

    /* As it was given, for those who ask for it back. */
    const char *type;          /* "Polygon"; NULL: told by what it has */
    const double *given;       /* before edges were densified, rings closed; NULL: xy */
    const size_t *given_end;   /* of as many parts */
    const size_t *polygon_end; /* of several polygons: parts up to the end of each; NULL: one */
    size_t polygons;
    bool geodesic;       /* edges were geodesics */
    const char *degrees; /* dtake__figure_degrees; NULL: not made yet */
};

typedef struct dtake__feature_value {
    const dtake__figure *shape;     /* NULL: none */
    const dtake__value *properties; /* a dictionary, or NULL */
} dtake__feature_value;

typedef struct dtake__reducer dtake__reducer; /* raster/eval_reduce.h */

typedef struct dtake__closure dtake__closure;
typedef struct dtake__filter_value dtake__filter_value; /* raster/eval_filter.h */
typedef struct dtake__weights dtake__weights;           /* raster/eval_weights.h */
typedef struct dtake__join dtake__join;                 /* raster/eval_join.h */
typedef struct dtake__lazy dtake__lazy;                 /* raster/eval_assets.h */

/* What a collection is besides its items. */
typedef struct dtake__collection_value {
    const char *id;                 /* the asset that it still is; NULL: none */
    int64_t version;                /* microseconds since 1970 */
    const dtake__value *properties; /* a dictionary; NULL: none */
    dtake__lazy *lazy;              /* the items are not there yet; NULL: they are */
} dtake__collection_value;

struct dtake__value {
    bool null;
    dtake__kind kind;                          /* never OBJECT, ELEMENT or COLLECTION */
    const dtake__collection_value *collection; /* of collections; NULL: items and no more */
    union {
        bool boolean;
        double number; /* of dates milliseconds since 1970 */
        const char *text;
        struct {
            double start, end; /* of date ranges, as of dates; the end does not belong to it */
        } range;
        const dtake__filter_value *filter;
        const dtake__join *join;
        const dtake__weights *weights; /* of kernels */
        struct {
            dtake__value *item;
            const char **key; /* of dictionaries */
            size_t count;
        } list; /* collections, too */
        const dtake__image_value *image;
        const dtake__figure *shape;
        const dtake__feature_value *feature;
        const dtake__raster_grid *grid; /* of projections; size 0 */
        const dtake__reducer *reducer;
        const dtake__closure *closure;
    };
};

struct dtake__call {
    dtake__eval *eval;
    const dtake__function *function;
    dtake__value arg[DTAKE__MAX_PARAMS]; /* promoted, defaults filled in */
    dtake__value out;
};

/* For functions. */
/* What costs more than a call is so many steps of those a graph may take, some 100 ns each. */
dtake_status dtake__eval_spend(dtake__eval *eval, int64_t steps, dtake_error *err);
/* So many things are held against so many others. */
dtake_status dtake__eval_compare(dtake__eval *eval, size_t count, size_t with, dtake_error *err);
dtake__slab *dtake__eval_slab(dtake__eval *eval);
dtake__expressions *dtake__eval_expressions(dtake__eval *eval);
void *dtake__call_alloc(dtake__call *call, size_t count, size_t bytes, dtake_error *err); /* NULL: told */
const char *dtake__call_text(dtake__call *call, dtake_error *err, const char *fmt, ...) DTAKE_PRINTF(3, 4);

dtake__image_value *dtake__eval_image_new(dtake__eval *eval, size_t bands, dtake_error *err); /* NULL: told */
dtake__image_value *dtake__call_image(dtake__call *call, size_t bands,
                                      dtake_error *err); /* the result; NULL: told */
dtake_status dtake__call_give(dtake__call *call, dtake__value value);
/* A parameter's default: "true", "2.5", "circle" or "null". */
dtake__value dtake__value_of_initial(const char *text);
dtake__value dtake__value_of_number(double number);
dtake__value dtake__value_of_text(const char *text);
dtake__value dtake__value_of_image(const dtake__image_value *image);

/* Runs a closure on named or (names NULL) placed values. */
dtake_status dtake__eval_apply(dtake__eval *eval, const dtake__closure *closure, const dtake__value *arg,
                               size_t count, dtake__value *out, dtake_error *err);

/* A value as one of another kind, as far as that can be done: numbers to images, geometries to collections
 * ... */
dtake_status dtake__eval_cast(dtake__eval *eval, const dtake__value *from, dtake__kind kind,
                              dtake__value *out, dtake_error *err);

/* Band of a name; -1: none. */
int64_t dtake__image_band(const dtake__image_value *image, const char *name);
/* "no band 'B9' in S2A_...; it has B4, B8" */
dtake_status dtake__fail_no_band(const dtake__image_value *image, const char *name, dtake_error *err);

/* The expression's node with these inputs. */
dtake__px dtake__call_px(dtake__call *call, const dtake__px_op *op, dtake__px_type type, const dtake__px *in,
                         size_t count, double param);
const dtake__px_type *dtake__call_type(dtake__call *call, dtake__px px);

/* --- an evaluation --- */

/* Where images come from: fills the bands of `id` (made with the eval's slab). */
typedef dtake_status dtake__image_loader(void *ctx, dtake__eval *eval, const char *id,
                                         dtake__image_value *out, dtake_error *err);

/* `graph` outlives the evaluation, which outlives its values. */
dtake_status dtake__eval_new(dtake__eval **out, const dtake__graph *graph, dtake__image_loader *load,
                             void *ctx, dtake_error *err);
void dtake__eval_free(dtake__eval *eval);

/* Where pixels come from while a graph is evaluated: the window of the source's grid, `out` freed by
 * dtake__px_plane_dispose. Blocks. Without a reader functions whose value is made of pixels fail. */
typedef dtake_status dtake__image_reader(void *ctx, const dtake__program_source *source, dtake_window window,
                                         dtake__px_plane *out, dtake_error *err);
bool dtake__eval_reads(const dtake__eval *eval); /* has it one? */
void dtake__eval_set_reader(dtake__eval *eval, dtake__image_reader *read);
dtake_status dtake__eval_read(dtake__eval *eval, const dtake__program_source *source, dtake_window window,
                              dtake__px_plane *out, dtake_error *err);
dtake_status dtake__eval_value(dtake__eval *eval, dtake__node node, dtake__value *out, dtake_error *err);
dtake_status dtake__eval_image(dtake__eval *eval, dtake__node node, const dtake__image_value **out,
                               dtake_error *err);

extern const dtake__registry dtake__functions;

#endif
