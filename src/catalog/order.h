/* Sorting rows. */
#ifndef DTAKE_CATALOG_ORDER_H
#define DTAKE_CATALOG_ORDER_H

#include <datatake/status.h>

/* Row numbers in the order of time, then id. */
dtake_status dtake__order_rows(const int64_t *times, const uint8_t (*ids)[16], int64_t count, int32_t *out);

/* Row numbers in the order of 64-bit keys; equal ones stay in the order of rows. */
dtake_status dtake__order_keys(const uint64_t *keys, int64_t count, int32_t *out);

#endif
