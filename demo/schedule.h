/* When the demo's satellite passes and how cloudy it is then. */
#ifndef DTAKE_DEMO_SCHEDULE_H
#define DTAKE_DEMO_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

enum {
    SCENES = 45,
    ID_BYTES = 56,
    TIME_BYTES = 40,
};

typedef struct pass {
    char id[ID_BYTES];     /* "S2A_17PLK_20240101_0_L2A" */
    char time[TIME_BYTES]; /* "2024-01-01T15:59:00Z" */
    int32_t day;           /* since 2024-01-01 */
    int32_t cloud;         /* hundredths of a percent of all pixels */
    int64_t time_ns;
} pass;

/* index < SCENES, in order of time. */
pass schedule_pass(size_t index);

#endif
