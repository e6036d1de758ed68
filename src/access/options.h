/* A get job's options as a value of its own, and as JSON (for worker processes and receipts). */
#ifndef DTAKE_ACCESS_OPTIONS_H
#define DTAKE_ACCESS_OPTIONS_H

#include <datatake/get.h>

#include "access/fields.h"

/* Zero-initialise before the first copy; all pointers inside belong to it afterwards. */
typedef struct dtake__options {
    dtake_get_options value;
} dtake__options;

dtake_status dtake__options_copy(dtake__options *out, const dtake_get_options *from, dtake_error *err);
void dtake__options_dispose(dtake__options *options);

/* What makes no sense whatever the inputs are: DTAKE_E_USAGE with the option's name. */
dtake_status dtake__options_check(const dtake_get_options *options, dtake_error *err);

/* Only what differs from zero is written; NULL: no memory. */
json_t *dtake__options_to_json(const dtake_get_options *options);
/* DTAKE_E_FORMAT names the key that is unknown or of the wrong type. `out` is to be disposed of in any case.
 */
dtake_status dtake__options_from_json(dtake__options *out, const json_t *json, dtake_error *err);

json_t *dtake__runtime_options_to_json(const dtake_runtime_options *options);
/* Strings of `out` borrow from `json`. */
dtake_status dtake__runtime_options_from_json(dtake_runtime_options *out, const json_t *json,
                                              dtake_error *err);

/* What is written field by field, and the lists of strings. */
typedef struct dtake__list_field {
    const char *name;
    size_t offset, count_offset;
} dtake__list_field;

enum { DTAKE__OPTION_FIELDS = 51, DTAKE__OPTION_LISTS = 3 };
extern const dtake__field dtake__option_fields[DTAKE__OPTION_FIELDS];
extern const dtake__list_field dtake__option_lists[DTAKE__OPTION_LISTS];

enum { DTAKE__FORMATS = DTAKE_NPY + 1, DTAKE__QUICKLOOK_MOST_PX = 4096 };
extern const char *const dtake__mode_names[3];                /* by dtake_mode */
extern const char *const dtake__format_names[DTAKE__FORMATS]; /* by dtake_file_format */

#endif
