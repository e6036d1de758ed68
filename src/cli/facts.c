/* Facts about the program that help, the manual and docs/cli.md share. */
#include "cli/help.h"

const dtake__exit_status dtake__exit_statuses[] = {
    { 0, "all done" },
    { 1, "failed for another reason: malformed data, a limit, not supported, a file that is there already" },
    { 2, "usage: unknown command or option, a value that makes no sense, broken settings" },
    { 3, "partial: some images failed and some did not, or they failed for different reasons" },
    { 4, "not authorised or forbidden" },
    { 5, "not found or nothing to do: a missing file or band, no image left, an area outside every image" },
    { 6, "network or server failed after all retries" },
    { 7, "integrity: checksum or size differs, or the object changed while it was read" },
    { 8, "local input or output: disk full, no permission" },
    { 130, "interrupted by Ctrl-C (SIGINT)" },
    { 141, "the reader of standard output went away (as in | head); nothing is printed" },
    { 143, "ended by SIGTERM" },
};
const size_t dtake__exit_status_count = sizeof dtake__exit_statuses / sizeof dtake__exit_statuses[0];

const dtake__environment dtake__environments[] = {
    { "DATATAKE_<OPTION>",
      "any option that may stand in a settings file, such as DATATAKE_JOBS or DATATAKE_MAX_RATE" },
    { "XDG_CONFIG_HOME", "the user's settings are in datatake/config.toml below it (~/.config)" },
    { "XDG_CACHE_HOME", "the header cache is in datatake below it (~/.cache)" },
    { "XDG_DATA_HOME", "the catalogue is in datatake/catalog.db below it (~/.local/share)" },
    { "GOOGLE_APPLICATION_CREDENTIALS, EARTHENGINE_TOKEN, EE_SERVICE_ACC_PRIVATE_KEY",
      "credentials to Earth Engine: a file, and the text of one; count before those of earthengine "
      "authenticate" },
    { "TILEBOX_API_KEY", "the key to Tilebox services; counts before one of datatake auth" },
    { "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY", "proxies, in small letters too" },
    { "SSL_CERT_FILE, CURL_CA_BUNDLE", "certificate authorities to trust" },
    { "NETRC", "file with user names and passwords of servers (~/.netrc)" },
    { "NO_COLOR, CLICOLOR_FORCE", "no colours, or colours also where there is no terminal" },
    { "CI, TERM=dumb", "lines instead of bars" },
    { "COLUMNS", "width of the bars" },
    { "LC_ALL, LC_CTYPE, LANG", "bars are drawn in ASCII unless one of them names UTF-8" },
};
const size_t dtake__environment_count = sizeof dtake__environments / sizeof dtake__environments[0];
