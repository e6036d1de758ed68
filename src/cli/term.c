#include "cli/term.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

static bool is_utf8(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    for (size_t i = 0; i < 3; i++)
        if (is_set(names[i]))
            return strcasestr(getenv(names[i]), "UTF-8") != NULL ||
                   strcasestr(getenv(names[i]), "utf8") != NULL;
    return false;
}

static bool wants_color(const char *when, bool terminal)
{
    if (strcmp(when, "auto") != 0)
        return strcmp(when, "always") == 0;
    if (is_set("NO_COLOR"))
        return false;
    if (is_set("CLICOLOR_FORCE") && strcmp(getenv("CLICOLOR_FORCE"), "0") != 0)
        return true;
    return terminal;
}

dtake__term dtake__term_look(const char *color)
{
    const char *term = getenv("TERM");
    bool dumb = term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0;
    bool terminal = isatty(STDERR_FILENO) == 1 && !dumb;
    return (dtake__term){ .bars = terminal && !is_set("CI"),
                          .color = wants_color(color != NULL ? color : "auto", terminal),
                          .utf8 = is_utf8() };
}

int dtake__term_width(void)
{
    int64_t columns = 0;
    struct winsize size;
    if (is_set("COLUMNS") && dtake__parse_i64(getenv("COLUMNS"), &columns) && columns > 0 && columns < 10000)
        return columns < 20 ? 20 : (int)columns;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col < 20 ? 20 : size.ws_col;
    return 80;
}

bool dtake__stdout_takes_json(bool json, bool table)
{
    return !table && (json || isatty(STDOUT_FILENO) != 1);
}
