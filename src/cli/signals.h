/* SIGINT and SIGTERM ask a command to finish; a second one ends the program at once. */
#ifndef DTAKE_CLI_SIGNALS_H
#define DTAKE_CLI_SIGNALS_H

#include <datatake/api.h>

void dtake__signals_catch(void);
int dtake__signals_seen(void); /* the first signal: SIGINT, SIGTERM; 0: none yet */

/* From now on the first one ends the program: for what blocks and leaves nothing behind. */
void dtake__signals_end_at_once(void);

/* Looked at by dtake_compare, which knows no signals. */
const volatile bool *dtake__signals_flag(void);

/* Waits for the first SIGINT or SIGTERM. The signals must be blocked by dtake__signals_block before any other
 * thread is started; a second one then ends the program. */
void dtake__signals_block(void);
void dtake__signals_wait(void);

bool dtake__signals_resized(void); /* the window changed its size since the last call */

int dtake__signals_exit(int signal); /* 128 + signal */

#endif
