/* The options that say on which grid. */
#ifndef DTAKE_CLI_GRID_OPTIONS_H
#define DTAKE_CLI_GRID_OPTIONS_H

#include <datatake/get.h>

#include "cli/args.h"

/* Texts stay the args'. DTAKE_E_USAGE names the option. */
dtake_status dtake__grid_options_read(dtake_get_options *get, const dtake__args *args, dtake_error *err);

#endif
