/* PROJ's network access: never begun. */
#include "absent.h"

NOTHING(curl_easy_init)
NOTHING(curl_easy_cleanup)
FAILS(curl_easy_getinfo)
FAILS(curl_easy_perform)
FAILS(curl_easy_setopt)
