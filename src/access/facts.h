/* What the plans of a job's reads add up to: the input of the ideal time (docs/ideal-time.md). */
#ifndef DTAKE_ACCESS_FACTS_H
#define DTAKE_ACCESS_FACTS_H

#include <stdint.h>

typedef struct dtake__facts {
    int64_t files;         /* headers to read */
    int64_t tiles, ranges; /* of the plan */
    int64_t runs;          /* ranges of the plan that fetches least: runs of touching tiles */
    int64_t bytes;         /* of tiles and the gaps between them that are fetched along */
    int64_t gap_bytes;
    int64_t longest_read; /* bytes of the largest read of one file */
    int64_t decoded_bytes;
    int64_t written_bytes; /* pixels before compression */
} dtake__facts;

void dtake__facts_add(dtake__facts *to, const dtake__facts *from);

#endif
