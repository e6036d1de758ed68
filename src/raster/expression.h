/* Expressions as text: which bands they name. What they come to: Image.parseExpression. */
#ifndef DTAKE_RASTER_EXPRESSION_H
#define DTAKE_RASTER_EXPRESSION_H

#include "core/strings.h"

/* Adds the names that stand for bands. DTAKE_E_USAGE says what is wrong with the text, and where. */
dtake_status dtake__expression_names(const char *text, dtake__strings *out, dtake_error *err);

#endif
