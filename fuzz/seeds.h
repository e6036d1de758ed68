/* Seeds of the fuzz targets. */
#ifndef DTAKE_FUZZ_SEEDS_H
#define DTAKE_FUZZ_SEEDS_H

#include <stddef.h>

/* ROOT/TARGET/seed-NN */
void save_seed(const char *root, const char *target, int number, const void *bytes, size_t len);

void save_chunks(const char *root);  /* of a catalogue */
void save_tiles(const char *root);   /* a tile of each codec */
void save_records(const char *root); /* JSON, CSV, streams of records */

#endif
