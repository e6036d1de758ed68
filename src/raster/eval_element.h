/* What images, features and collections have in common: properties and a geometry. */
#ifndef DTAKE_RASTER_EVAL_ELEMENT_H
#define DTAKE_RASTER_EVAL_ELEMENT_H

#include "raster/eval_assets.h"

/* A dictionary, or NULL. */
const dtake__value *dtake__element_properties(const dtake__value *element);
/* The property, also "system:id" and the like; null where there is none. */
dtake__value dtake__element_get(const dtake__value *element, const char *name);
/* A copy of the element with these properties. */
dtake_status dtake__element_with(dtake__eval *eval, const dtake__value *element,
                                 const dtake__value *properties, dtake__value *out, dtake_error *err);
dtake_status dtake__element_set(dtake__eval *eval, const dtake__value *element, const char *name,
                                dtake__value value, dtake__value *out, dtake_error *err);
/* A function of a collection's elements on one of them: what comes out has its index. */
dtake_status dtake__element_map(dtake__eval *eval, const dtake__closure *function, const dtake__value *item,
                                dtake__value *out, dtake_error *err);
/* The footprint of an image, the geometry of a feature; NULL: it has none. */
const dtake__figure *dtake__element_shape(const dtake__value *element);

#endif
