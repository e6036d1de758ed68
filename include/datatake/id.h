/* Identity of a datapoint: 128 bits. */
#ifndef DATATAKE_ID_H
#define DATATAKE_ID_H

#include <datatake/status.h>

/* A UUID in network order. The first 48 bits are the time in milliseconds, so that the order of bytes is the
 * order of time. */
typedef struct dtake_id {
    uint8_t bytes[16];
} dtake_id;

enum { DTAKE_ID_TEXT = 37 }; /* "0197a491-1520-102f-48f4-f087d6ef8603" and its '\0' */

DTAKE_API void dtake_id_format(dtake_id id, char out[DTAKE_ID_TEXT]);
/* With or without hyphens, in any case. */
DTAKE_API dtake_status dtake_id_parse(const char *text, dtake_id *out, dtake_error *err);

#endif
