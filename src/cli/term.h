/* What the terminal can do, from the terminal itself and the environment. */
#ifndef DTAKE_CLI_TERM_H
#define DTAKE_CLI_TERM_H

#include <datatake/api.h>

typedef struct dtake__term {
    bool bars; /* standard error is a terminal that can be rewritten, and nobody asked for plain output */
    bool color;
    bool utf8;
} dtake__term;

/* `color`: "auto", "always" or "never". Looks at NO_COLOR, CLICOLOR_FORCE, TERM, CI, LC_ALL, LC_CTYPE and
 * LANG. */
dtake__term dtake__term_look(const char *color);

int dtake__term_width(void); /* columns of standard error: COLUMNS, the terminal, else 80; at least 20 */

/* What standard output gets: text on a terminal, JSON elsewhere; `json` (--json) and `table` (--table)
 * decide. */
bool dtake__stdout_takes_json(bool json, bool table);

#endif
