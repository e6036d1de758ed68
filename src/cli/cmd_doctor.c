/* doctor: what is found, a line each, as soon as it is. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/print.h"
#include "format/json_write.h"

#include <datatake/doctor.h>

enum { MAX_LINE_BYTES = 16 * 1024 };

typedef struct shown {
    bool json;
    int wrong;
} shown;

static void put_json(dtake_buf *out, const char *level, const dtake_finding *finding)
{
    dtake__json json = { .out = out };
    dtake__json_object(&json, NULL);
    dtake__json_text(&json, "check", finding->about);
    dtake__json_text(&json, "level", level);
    dtake__json_text(&json, "found", finding->text);
    dtake__json_text(&json, "advice", finding->advice);
    dtake__json_end(&json, '}');
}

static void show(const dtake_finding *finding, void *ctx)
{
    static const char *const levels[] = { "ok", "note", "wrong" };
    shown *s = ctx;
    dtake_buf line = DTAKE_BUF_INIT(MAX_LINE_BYTES);
    s->wrong += finding->level == DTAKE_FINDING_WRONG;
    if (s->json)
        put_json(&line, levels[finding->level], finding);
    else {
        dtake__buf_printf(&line, "%-6s %-13s ", levels[finding->level], finding->about);
        dtake__put_visible(&line, finding->text);
        dtake__buf_printf(&line, "%s%s", finding->advice[0] != '\0' ? "; " : "", finding->advice);
    }
    dtake__buf_puts(&line, "\n");
    dtake__stdout_buf(&line);
    dtake__buf_dispose(&line);
}

int dtake__cmd_doctor(const dtake__args *args)
{
    dtake_error err = { .message = "" };
    shown s = { .json = dtake__wants_json(args) };
    const dtake_doctor_options options = { .source = dtake__args_text(args, "source"),
                                           .timeout_ms =
                                               (int64_t)(dtake__args_f64(args, "timeout", 10) * 1000) };
    if (dtake_doctor(&options, &err, show, &s) != DTAKE_OK)
        return dtake__say_error(&err);
    return s.wrong > 0 ? 1 : 0;
}
