/* keys: who may use a server. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/print.h"
#include "core/clock.h"
#include "core/error.h"

#include <datatake/keys.h>

#include <string.h>

static dtake_key_rights rights_of(const dtake__args *args)
{
    const char *text = dtake__args_text(args, "rights");
    for (dtake_key_rights r = DTAKE_KEY_WRITE; r <= DTAKE_KEY_ADMIN; r++)
        if (text != NULL && strcmp(text, dtake_key_rights_name(r)) == 0)
            return r;
    return DTAKE_KEY_READ;
}

static dtake_status add(const dtake__args *args, const char *path, const char *name, dtake_error *err)
{
    char key[DTAKE_KEY_BYTES + 1];
    dtake_status st = dtake_key_add(path, name, rights_of(args), key, err);
    if (st != DTAKE_OK)
        return st;
    strcat(key, "\n");
    dtake__stdout_puts(key);
    if (!dtake__args_flag(args, "quiet"))
        dtake__say("this is the only time that the key is shown; it may %s",
                   rights_of(args) == DTAKE_KEY_READ    ? "read"
                   : rights_of(args) == DTAKE_KEY_WRITE ? "read and write"
                                                        : "read, write, and change datasets");
    return DTAKE_OK;
}

static void put_key(const dtake_key_info *key, void *ctx)
{
    dtake__listing *listing = ctx;
    char time[40];
    dtake__time_format(key->created_s * 1000000000, time, sizeof time);
    if (!listing->json) {
        dtake__listing_line(listing, "%-24s %-6s %s", key->name, dtake_key_rights_name(key->rights), time);
        return;
    }
    dtake__json json = dtake__listing_object(listing);
    dtake__json_text(&json, "name", key->name);
    dtake__json_text(&json, "rights", dtake_key_rights_name(key->rights));
    dtake__json_text(&json, "created", time);
    dtake__listing_end(listing, &json);
}

static dtake_status show(const dtake__args *args, const char *path, dtake_error *err)
{
    dtake__listing listing = dtake__listing_open(args);
    dtake_status st = dtake_keys_list(path, err, put_key, &listing);
    return dtake__listing_close(&listing, st, err);
}

static dtake_status perform(const dtake__args *args, dtake_error *err)
{
    const char *verb = args->inputs[0], *name = args->input_count > 1 ? args->inputs[1] : NULL;
    const char *path = dtake__args_text(args, "keys");
    bool lists = strcmp(verb, "list") == 0, adds = strcmp(verb, "add") == 0;
    if (!lists && !adds && strcmp(verb, "revoke") != 0)
        return dtake__fail(err, DTAKE_E_USAGE, "keys '%.60s': expected one of add, list, revoke", verb);
    if (lists != (name == NULL))
        return dtake__fail(err, DTAKE_E_USAGE,
                           lists ? "keys list: expected no NAME" : "keys %s: of which NAME?", verb);
    return lists  ? show(args, path, err)
           : adds ? add(args, path, name, err)
                  : dtake_key_revoke(path, name, err);
}

int dtake__cmd_keys(const dtake__args *args)
{
    dtake_error err = { .message = "" };
    dtake_status st = perform(args, &err);
    return dtake__say_status(st, &err);
}
