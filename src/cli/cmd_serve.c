/* serve: files and datasets over HTTP until a signal. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/signals.h"

#include <datatake/serve.h>

#include <stdio.h>

enum { GRACE_MS = 10000 };

static void say_what(const dtake_serve_options *options, const char *url)
{
    if (options->files_dir != NULL)
        dtake__say("serving %s at %sfiles/ until Ctrl-C", options->files_dir, url);
    if (options->catalog != NULL)
        dtake__say("serving the datasets of %s at %s until Ctrl-C", options->catalog, url);
}

int dtake__cmd_serve(const dtake__args *args)
{
    dtake_error err = { .message = "" };
    dtake_server *server = NULL;
    dtake_serve_options options = {
        .files_dir = dtake__args_text(args, "files"),
        .catalog = dtake__args_text(args, "catalog"),
        .tls_cert = dtake__args_text(args, "tls-cert"),
        .tls_key = dtake__args_text(args, "tls-key"),
        .keys = dtake__args_text(args, "keys"),
        .everybody_reads = dtake__args_flag(args, "public"),
        .requests_s = dtake__args_f64(args, "rate", 0),
        .listen = dtake__args_text(args, "listen"),
        .first_byte_delay_ms = (int64_t)dtake__args_f64(args, "first-byte-delay", 0),
        .max_connections = (int32_t)dtake__args_i64(args, "max-connections", 0),
        .max_pixels = dtake__args_i64(args, "max-pixels", 0),
        .idle_timeout_ms = (int64_t)(dtake__args_f64(args, "idle-timeout", 60) * 1000),
        .access_log = dtake__args_text(args, "access-log"),
    };
    if (options.files_dir == NULL && options.catalog == NULL) {
        dtake__say("serve: nothing to serve: give --files DIR, --catalog FILE or both");
        return dtake_status_exit(DTAKE_E_USAGE);
    }
    dtake__signals_block();
    dtake_status st = dtake_server_start(&server, &options, &err);
    if (st != DTAKE_OK) {
        return dtake__say_status(st, &err);
    }
    char url[512];
    snprintf(url, sizeof url, "%s\n", dtake_server_url(server));
    dtake__stdout_puts(url);
    if (!dtake__args_flag(args, "quiet"))
        say_what(&options, dtake_server_url(server));
    dtake__signals_wait();
    dtake_server_stop(server, GRACE_MS);
    return 0;
}
