/* For files that define functions of the graph. */
#ifndef DTAKE_RASTER_EVAL_FUNCTION_H
#define DTAKE_RASTER_EVAL_FUNCTION_H

#include "raster/eval_value.h"

/* DTAKE__FUNCTION(image_abs, "Image.abs", IMAGE, run, { "value", DTAKE__IMAGE }); and its line in
 * raster/functions.h. */
#define DTAKE__FUNCTION(id, name, returns, run, ...)                                                         \
    extern const dtake__function dtake__fn_##id;                                                             \
    const dtake__function dtake__fn_##id = { name, DTAKE__##returns, { __VA_ARGS__ }, run }

/* Pairs of bands as Earth Engine matches them: one band goes with all, equally many by name if all names
 * agree, else in order. `make` gives the result's expression; names come from the image with more bands, else
 * the first. */
typedef dtake__px dtake__pair_fn(dtake__call *call, const void *ctx, dtake__px a, dtake__px b);
dtake_status dtake__call_pairs(dtake__call *call, const dtake__image_value *a, const dtake__image_value *b,
                               dtake__pair_fn *make, const void *ctx, dtake_error *err);
/* Which band of `b` goes with band i of `a` (b has one band, or as many). */
size_t dtake__image_partner(const dtake__image_value *a, size_t i, const dtake__image_value *b);

/* "images of 3 and 2 bands do not match" */
dtake_status dtake__fail_pair(size_t a, size_t b, dtake_error *err);

/* Every band by itself; names, footprint and grid stay. */
typedef dtake__px dtake__each_fn(dtake__call *call, const void *ctx, dtake__px band);
dtake_status dtake__call_each(dtake__call *call, const dtake__image_value *image, dtake__each_fn *make,
                              const void *ctx, dtake_error *err);

/* The part of both footprints. */
dtake__px dtake__call_inside(dtake__call *call, dtake__px a, dtake__px b);

/* `type` held by a result that is computed of it: FLOAT, or DOUBLE where float32 would lose. */
dtake__px_type dtake__px_real_of(dtake__px_type type);

/* An array with room for one element behind its first `count`; what it was before stays where it was. NULL:
 * told. */
void *dtake__call_room(dtake__call *call, void *array, size_t count, size_t *room, size_t bytes,
                       dtake_error *err);

/* A registered function on values, by place. */
dtake_status dtake__eval_call(dtake__eval *eval, const char *name, const dtake__value *arg, size_t count,
                              dtake__value *out, dtake_error *err);

/* A list of numbers, or one number; NULL (told): something else. */
const double *dtake__call_numbers(dtake__call *call, const dtake__value *value, size_t *count,
                                  dtake_error *err);

/* value in `type`: whole numbers are cut off towards zero and kept within its range. */
double dtake__px_fit(dtake__px_type type, double value);

#endif
