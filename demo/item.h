/* The STAC Item that describes one scene. */
#ifndef DTAKE_DEMO_ITEM_H
#define DTAKE_DEMO_ITEM_H

#include "core/buf.h"
#include "schedule.h"

enum { ASSETS = 5, ORIGIN_X = 330300, ORIGIN_Y = 937700, PIXEL_M = 10, EPSG = 32617 };

extern const char *const asset_keys[ASSETS]; /* "B02" ... "SCL" */

typedef struct asset_file {
    int64_t bytes;
    char sha256[65];
} asset_file;

dtake_status item_write(const pass *date, const asset_file *file, dtake_buf *out, dtake_error *err);

/* True when `text` is an item that item_write wrote, and says which files it stands for. */
bool item_read(const char *text, size_t len, asset_file *file);

#endif
