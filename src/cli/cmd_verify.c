/* verify: files against their receipts. redo: a file made again from its receipt. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/job_options.h"
#include "cli/listing.h"
#include "cli/print.h"
#include "cli/signals.h"
#include "cli/units.h"
#include "format/json_write.h"
#include "core/error.h"

#include <datatake/verify.h>

#include <string.h>

enum { MAX_LINE_BYTES = 1 << 20 };

struct verify {
    bool lines; /* NDJSON to standard output */
    bool verbose;
    size_t files, wrong;
};

static const char *word_of(dtake_status status)
{
    return status == DTAKE_OK            ? "ok"
           : status == DTAKE_E_INTEGRITY ? "differs"
           : status == DTAKE_E_CHANGED   ? "source changed"
           : status == DTAKE_E_NOT_FOUND ? "no receipt"
                                         : "failed";
}

static void print_line(const dtake_verified *file)
{
    dtake_buf line = DTAKE_BUF_INIT(MAX_LINE_BYTES);
    dtake__json json = { .out = &line };
    dtake__json_object(&json, NULL);
    dtake__json_i64(&json, "v", 1);
    dtake__json_text(&json, "path", file->path);
    dtake__json_text(&json, "status", word_of(file->status));
    dtake__json_i64(&json, "bytes", file->bytes);
    dtake__json_text(&json, "sha256", file->sha256);
    dtake__json_text(&json, "program", file->program);
    if (file->status != DTAKE_OK) {
        dtake__json_text(&json, "error", dtake_status_name(file->status));
        dtake__json_text(&json, "message", file->message);
    }
    dtake__json_end(&json, '}');
    if (json.status == DTAKE_OK && dtake__buf_puts(&line, "\n") == DTAKE_OK)
        dtake__stdout_buf(&line);
    dtake__buf_dispose(&line);
}

static void tell(const dtake_verified *file, void *ctx)
{
    struct verify *verify = ctx;
    verify->files++;
    verify->wrong += file->status != DTAKE_OK;
    if (verify->lines)
        print_line(file);
    if (file->status != DTAKE_OK)
        dtake__say("%s", file->message);
    else if (verify->verbose)
        dtake__say("%s: ok", file->path);
}

/* What differs comes before what failed otherwise. */
static int worse(int a, int b)
{
    int integrity = dtake_status_exit(DTAKE_E_INTEGRITY);
    return a == integrity || b == 0 ? a : a == 0 || b == integrity ? b : a;
}

static int verify_inputs(const dtake__args *args, dtake_runtime *runtime, struct verify *verify)
{
    dtake_verify_options options = { .sources = dtake__args_flag(args, "sources"),
                                     .stop = dtake__signals_flag() };
    int status = 0;
    for (size_t i = 0; i < args->input_count && !dtake__stdout_failed(); i++) {
        dtake_error err = { .message = "" };
        size_t told = verify->wrong;
        dtake_status st = dtake_verify(runtime, args->inputs[i], &options, tell, verify, &err);
        if (dtake__signals_seen() != 0)
            break;
        if (st != DTAKE_OK && verify->wrong == told)
            dtake__say_error(&err);
        status = worse(status, dtake_status_exit(st));
    }
    return status;
}

int dtake__cmd_verify(const dtake__args *args)
{
    dtake_error err = { .message = "" };
    dtake_runtime_options options;
    dtake_runtime *runtime = NULL;
    struct verify verify = { .lines = dtake__wants_json(args), .verbose = dtake__args_flag(args, "verbose") };
    dtake__signals_catch();
    dtake__runtime_options_read(&options, args);
    dtake_status st = dtake_runtime_open(&runtime, &options, &err);
    if (st != DTAKE_OK)
        return dtake__say_error(&err);
    int status = verify_inputs(args, runtime, &verify);
    dtake_runtime_close(runtime);
    if (dtake__signals_seen() != 0) {
        dtake__say("interrupted: %zu files verified", verify.files);
        return dtake__signals_exit(dtake__signals_seen());
    }
    if (!dtake__args_flag(args, "quiet") && verify.files > 0)
        dtake__say("%zu file%s, %zu as %s made%s", verify.files, verify.files == 1 ? "" : "s",
                   verify.files - verify.wrong, verify.files - verify.wrong == 1 ? "it was" : "they were",
                   dtake__args_flag(args, "sources") ? " of sources that are still the same" : "");
    return status;
}

int dtake__cmd_redo(const dtake__args *args)
{
    dtake_error err = { .message = "" };
    dtake_runtime_options options;
    dtake_runtime *runtime = NULL;
    dtake_redone done;
    char bytes[32], seconds[32];
    const char *out = dtake__args_text(args, "output");
    dtake__signals_catch();
    dtake__runtime_options_read(&options, args);
    dtake_status st = dtake_runtime_open(&runtime, &options, &err);
    if (st == DTAKE_OK)
        st = dtake_redo(runtime, args->inputs[0], out, dtake__signals_flag(), &done, &err);
    dtake_runtime_close(runtime);
    if (dtake__signals_seen() != 0) {
        dtake__say("interrupted: nothing was written");
        return dtake__signals_exit(dtake__signals_seen());
    }
    if (st != DTAKE_OK) {
        return dtake__say_status(st, &err);
    }
    dtake__format_bytes(done.wire_bytes, bytes, sizeof bytes);
    dtake__format_seconds(done.seconds, seconds, sizeof seconds);
    if (!dtake__args_flag(args, "quiet"))
        dtake__say("%s: the same bytes again, %s fetched in %s", out != NULL ? out : args->inputs[0], bytes,
                   seconds);
    return 0;
}
