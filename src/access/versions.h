/* The versions that the sources of a receipt have now. Blocking: not on the loop thread. */
#ifndef DTAKE_ACCESS_VERSIONS_H
#define DTAKE_ACCESS_VERSIONS_H

#include "access/receipt.h"

/* DTAKE_E_CHANGED names the first source that has another version; else why one could not be asked. All are
 * asked at the same time, each for one byte. */
dtake_status dtake__versions_check(dtake_runtime *runtime, const json_t *receipt, dtake_error *err);

#endif
