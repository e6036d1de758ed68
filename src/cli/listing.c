#include "cli/listing.h"

#include "cli/print.h"
#include "cli/term.h"
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>

enum { MAX_TEXT_BYTES = 4 << 20 };

bool dtake__wants_json(const dtake__args *args)
{
    return dtake__stdout_takes_json(dtake__args_flag(args, "json"), dtake__args_flag(args, "table"));
}

dtake__listing dtake__listing_open(const dtake__args *args)
{
    return (dtake__listing){ .text = DTAKE_BUF_INIT(MAX_TEXT_BYTES), .json = dtake__wants_json(args) };
}

static void keep(dtake__listing *listing, dtake_status st)
{
    if (listing->status == DTAKE_OK)
        listing->status = st;
}

void dtake__listing_line(dtake__listing *listing, const char *fmt, ...)
{
    char line[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    keep(listing, dtake__buf_puts(&listing->text, line));
    keep(listing, dtake__buf_puts(&listing->text, "\n"));
}

dtake__json dtake__listing_object(dtake__listing *listing)
{
    dtake__json object = { .out = &listing->text };
    dtake__json_object(&object, NULL);
    return object;
}

void dtake__listing_end(dtake__listing *listing, dtake__json *object)
{
    dtake__json_end(object, '}');
    keep(listing, object->status);
    keep(listing, dtake__buf_puts(&listing->text, "\n"));
}

dtake_status dtake__listing_close(dtake__listing *listing, dtake_status st, dtake_error *err)
{
    if (st == DTAKE_OK && listing->status != DTAKE_OK)
        st = dtake__fail(err, listing->status, "the list is not printed: %s",
                         listing->status == DTAKE_E_LIMIT ? "it is longer than 4 MB" : "no memory");
    if (st == DTAKE_OK)
        dtake__stdout_buf(&listing->text);
    dtake__buf_dispose(&listing->text);
    return st;
}
