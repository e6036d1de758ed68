#include "core/error.h"

#include <datatake/runtime.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *text;
    int exit_status;
} statuses[] = {
#define STATUS_ROW(name, exit_status, text) { "DTAKE_" #name, text, exit_status },
    DTAKE_STATUS_MAP(STATUS_ROW)
#undef STATUS_ROW
};

enum { STATUS_COUNT = sizeof statuses / sizeof statuses[0] };

const char *dtake_status_name(dtake_status status)
{
    return (unsigned)status < STATUS_COUNT ? statuses[status].name : "DTAKE_E_UNKNOWN";
}

const char *dtake_status_text(dtake_status status)
{
    return (unsigned)status < STATUS_COUNT ? statuses[status].text : "unknown status";
}

int dtake_status_exit(dtake_status status)
{
    return (unsigned)status < STATUS_COUNT ? statuses[status].exit_status : 1;
}

const char *dtake_version(void)
{
    return DTAKE_VERSION;
}

/* One line, whatever came in from outside: control characters become spaces; a cut text ends with "...". */
static void finish_message(dtake_error *err, int wanted)
{
    for (char *c = err->message; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    if (wanted >= DTAKE_ERROR_BYTES)
        memcpy(err->message + DTAKE_ERROR_BYTES - 4, "...", 4);
}

static void set_message(dtake_error *err, dtake_status status, const char *fmt, va_list args)
{
    err->status = status;
    finish_message(err, vsnprintf(err->message, sizeof err->message, fmt, args));
}

dtake_status dtake__fail(dtake_error *err, dtake_status status, const char *fmt, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, fmt);
        set_message(err, status, fmt, args);
        va_end(args);
    }
    return status;
}

dtake_status dtake__fail_nomem(dtake_error *err, const char *what)
{
    return dtake__fail(err, DTAKE_E_NOMEM, "%s: out of memory", what);
}

void dtake__error_prefix(dtake_error *err, const char *fmt, ...)
{
    if (err == NULL)
        return;
    char old[DTAKE_ERROR_BYTES];
    memcpy(old, err->message, sizeof old);
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(err->message, sizeof err->message, fmt, args);
    va_end(args);
    if (len >= 0 && len < DTAKE_ERROR_BYTES)
        len += snprintf(err->message + len, sizeof err->message - (size_t)len, ": %s", old);
    finish_message(err, len);
}

void dtake__error_copy(dtake_error *to, const dtake_error *from)
{
    if (to != NULL && from != NULL && to != from)
        *to = *from;
}

dtake_status dtake__fail_errno(dtake_error *err, int number, const char *fmt, ...)
{
    dtake_status status = number == ENOENT || number == ENOTDIR ? DTAKE_E_NOT_FOUND
                          : number == ENOMEM                    ? DTAKE_E_NOMEM
                                                                : DTAKE_E_LOCAL_IO;
    if (err != NULL) {
        char space[128];
        const char *reason = strerror_r(number, space, sizeof space);
        va_list args;
        va_start(args, fmt);
        set_message(err, status, fmt, args);
        va_end(args);
        /* a name too long for the message must not hide that it is too long */
        size_t room = sizeof err->message - 1 - strlen(": ") - strlen(reason), len = strlen(err->message);
        if (len > room) {
            len = room;
            memcpy(err->message + len - 3, "...", 3);
        }
        snprintf(err->message + len, sizeof err->message - len, ": %s", reason);
    }
    return status;
}
