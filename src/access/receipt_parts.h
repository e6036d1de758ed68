/* Between the files that make a receipt, read one and compare the two. */
#ifndef DTAKE_ACCESS_RECEIPT_PARTS_H
#define DTAKE_ACCESS_RECEIPT_PARTS_H

#include "access/receipt.h"

/* Those that decide the bytes; the caller's, NULL: no memory. */
json_t *dtake__receipt_options(const dtake_get_options *options);
/* All that the receipt of this job will hold but the versions; likewise. */
json_t *dtake__receipt_expect(const dtake_get_options *options, const dtake__image *image);

/* The key of the first member of either that the other has not, or has with another value; "" when they
 * agree. */
const char *dtake__receipt_difference(const json_t *a, const json_t *b);

const char *dtake__receipt_text(const json_t *object, const char *key); /* "" if it is none */

#endif
