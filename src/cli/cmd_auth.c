/* auth: keys to services of others, from the prompt to the user's file. A key is never an argument: those can
 * be seen by everybody on the machine. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/print.h"
#include "core/error.h"
#include "core/text.h"

#include <datatake/credentials.h>

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Up to the line's end; false at the end of input, or when the line is too long. */
static bool read_line(char *out, size_t size)
{
    size_t len = 0;
    for (;;) {
        char c;
        ssize_t got = read(STDIN_FILENO, &c, 1);
        if (got < 0 || (got == 0 && len == 0) || len + 1 >= size)
            return false;
        if (got == 0 || c == '\n')
            break;
        out[len++] = c;
    }
    while (len > 0 && (out[len - 1] == '\r' || out[len - 1] == ' '))
        len--;
    out[len] = '\0';
    return true;
}

/* What is typed is not shown. */
static bool read_key(const char *service, char *out, size_t size)
{
    struct termios shown, silent;
    bool is_terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &shown) == 0;
    if (is_terminal) {
        char prompt[DTAKE_CREDENTIAL_SERVICE_BYTES + 32];
        int len = snprintf(prompt, sizeof prompt, "key to %s: ", service);
        silent = shown;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
        dtake__stderr_write(prompt, (size_t)len);
    }
    bool whole = read_line(out, size);
    if (is_terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        dtake__stderr_write("\n", 1);
    }
    return whole;
}

static dtake_status add(const dtake__args *args, const char *service, dtake_error *err)
{
    char name[DTAKE_CREDENTIAL_SERVICE_BYTES], key[DTAKE_CREDENTIAL_KEY_BYTES + 8];
    dtake_status st = dtake_credential_service(service, name, err);
    if (st != DTAKE_OK)
        return st;
    bool is_google = dtake__ends_with(name, ".googleapis.com");
    if (!read_key(name, key, sizeof key))
        st = dtake__fail(err, DTAKE_E_USAGE, "auth: standard input has no key in its first line");
    else
        st = dtake_credential_set(NULL, name, key, err);
    explicit_bzero(key, sizeof key);
    if (st == DTAKE_OK && !dtake__args_flag(args, "quiet"))
        dtake__say("the key to %s is kept; datatake doctor --source %s%s tries it", name,
                   is_google ? "ee://" : "tilebox+", is_google ? "PROJECT" : name);
    return st;
}

static void put_service(const char *service, void *ctx)
{
    dtake__listing *listing = ctx;
    if (!listing->json) {
        dtake__listing_line(listing, "%s", service);
        return;
    }
    dtake__json json = dtake__listing_object(listing);
    dtake__json_text(&json, "service", service);
    dtake__listing_end(listing, &json);
}

static dtake_status show(const dtake__args *args, dtake_error *err)
{
    dtake__listing listing = dtake__listing_open(args);
    dtake_status st = dtake_credentials_list(NULL, err, put_service, &listing);
    return dtake__listing_close(&listing, st, err);
}

static dtake_status perform(const dtake__args *args, dtake_error *err)
{
    const char *verb = args->inputs[0], *service = args->input_count > 1 ? args->inputs[1] : NULL;
    bool adds = strcmp(verb, "add") == 0, lists = strcmp(verb, "list") == 0;
    if (!adds && !lists && strcmp(verb, "remove") != 0) {
        if (service != NULL)
            return dtake__fail(err, DTAKE_E_USAGE, "auth '%.60s': expected one of add, list, remove", verb);
        return add(args, verb, err);
    }
    if (lists != (service == NULL))
        return dtake__fail(err, DTAKE_E_USAGE,
                           lists ? "auth list: expected no SERVICE" : "auth %s: of which SERVICE?", verb);
    return lists  ? show(args, err)
           : adds ? add(args, service, err)
                  : dtake_credential_remove(NULL, service, err);
}

int dtake__cmd_auth(const dtake__args *args)
{
    dtake_error err = { .message = "" };
    dtake_status st = perform(args, &err);
    return dtake__say_status(st, &err);
}
