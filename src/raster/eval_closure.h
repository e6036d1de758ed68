/* Between the evaluator and the few functions that make functions or load images. */
#ifndef DTAKE_RASTER_EVAL_CLOSURE_H
#define DTAKE_RASTER_EVAL_CLOSURE_H

#include "raster/eval_value.h"

/* A function of ours as a value. `name` is NULL when arguments come by place. */
typedef dtake_status dtake__native_fn(dtake__eval *eval, const void *ctx, const char *const *name,
                                      const dtake__value *arg, size_t count, dtake__value *out,
                                      dtake_error *err);
dtake_status dtake__eval_native(dtake__eval *eval, dtake__native_fn *native, const void *ctx,
                                dtake__value *out, dtake_error *err);

/* NULL: none; *ctx as the loader got it. */
const struct dtake__assets *dtake__eval_assets(dtake__eval *eval, void **ctx);
/* Puts the node's name before a message, unless one further inside did. */
void dtake__eval_tell(dtake__eval *eval, dtake__node node, dtake_error *err);

/* Between the two the time of the processor is not the graph's: pixels are made, a catalogue is asked. */
int64_t dtake__eval_pause(void);
void dtake__eval_go_on(dtake__eval *eval, int64_t paused);

dtake_status dtake__eval_load(dtake__eval *eval, const char *id, dtake__image_value *out, dtake_error *err);

#endif
