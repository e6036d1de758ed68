/* The page at '/'. */
#include "server/router.h"

#include <string.h>

void dtake__route_home(dtake__exchange *exchange, const char *rest)
{
    static const char page[] = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                               "<title>Datatake</title></head>\n"
                               "<body><h1>Datatake</h1><p><a href=\"/files/\">Files</a></p></body></html>\n";
    (void)rest;
    dtake__response_field(exchange, "Content-Security-Policy", "default-src 'none'");
    dtake__response_bytes(exchange, 200, "text/html; charset=utf-8", page, sizeof page - 1);
}
