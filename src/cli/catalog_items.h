/* Images of a catalogue as the inputs of get. */
#ifndef DTAKE_CLI_CATALOG_ITEMS_H
#define DTAKE_CLI_CATALOG_ITEMS_H

#include "cli/args.h"
#include "core/buf.h"

/* Appends what the query options of the command find, as STAC Items, one a line. DTAKE_E_EMPTY: nothing. */
dtake_status dtake__catalog_items(dtake_buf *out, const dtake__args *args, dtake_error *err);

#endif
