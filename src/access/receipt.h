/* What a file says of how it was made: the options that decide its bytes, the sources with their versions and
 * the windows read, the program's version. JSON; how it stands in the file: output/stamp.h. The same job
 * gives the same text in every mode, on every run. */
#ifndef DTAKE_ACCESS_RECEIPT_H
#define DTAKE_ACCESS_RECEIPT_H

#include "access/take.h"
#include "access/version.h"

/* The text, its digest still zeros; the caller's. `version[i]` is of image->source[i], `layers` (NULL with
 * raw) are asked for the windows. NULL: no memory. */
char *dtake__receipt_make(const dtake_get_options *options, const dtake__image *image,
                          const dtake__version *version, const dtake__layer *layers, size_t layer_count);

/* Text from outside; DTAKE_E_FORMAT names what is wrong. `*out` is the caller's. */
dtake_status dtake__receipt_parse(json_t **out, const char *text, size_t len, dtake_error *err);

/* DTAKE_E_STATE names the first difference between what the receipt says and what would be made now, but for
 * the versions of the sources. */
dtake_status dtake__receipt_fits(const json_t *receipt, const dtake_get_options *options,
                                 const dtake__image *image, dtake_error *err);

/* Of a receipt that was parsed: */
size_t dtake__receipt_sources(const json_t *receipt);
const char *dtake__receipt_href(const json_t *receipt, size_t source);
/* DTAKE_E_CHANGED says what the source was and what it is now. */
dtake_status dtake__receipt_check_source(const json_t *receipt, size_t source, const dtake__version *now,
                                         dtake_error *err);
const char *dtake__receipt_sha256(const json_t *receipt);
const char *dtake__receipt_program(const json_t *receipt);

/* What it was made of, to be made again. DTAKE_E_UNSUPPORTED when the receipt does not hold all that is
 * needed. */
dtake_status dtake__receipt_to_job(const json_t *receipt, dtake__options *options, dtake__image **image,
                                   dtake_error *err);

#endif
