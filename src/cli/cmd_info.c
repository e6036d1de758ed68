/* info: the header of rasters, as text or JSON. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/info.h"
#include "cli/job_options.h"
#include "cli/opens.h"
#include "cli/print.h"
#include "cli/term.h"

enum { MAX_TEXT_BYTES = 16 * 1024 * 1024 };

static dtake_status print_next(dtake__opens *opens, bool json_wanted, dtake_error *err)
{
    dtake_raster *raster = NULL;
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT_BYTES);
    dtake_status st = dtake__opens_next(opens, &raster, err);
    if (st != DTAKE_OK)
        return st;
    const dtake_raster_info *info = dtake_raster_get_info(raster);
    st = json_wanted ? dtake__info_json(&text, info) : dtake__info_text(&text, info);
    if (st == DTAKE_OK)
        dtake__stdout_buf(&text);
    dtake__buf_dispose(&text);
    dtake_raster_close(raster);
    return st;
}

int dtake__cmd_info(const dtake__args *args)
{
    dtake_error err = { .message = "" };
    dtake_runtime_options options;
    dtake_runtime *runtime = NULL;
    dtake__opens *opens = NULL;
    bool json_wanted =
        dtake__stdout_takes_json(dtake__args_flag(args, "json"), dtake__args_flag(args, "table"));
    dtake__runtime_options_read(&options, args);
    dtake_status st = dtake_runtime_open(&runtime, &options, &err);
    if (st == DTAKE_OK)
        st = dtake__opens_new(&opens, runtime, args->inputs, args->input_count, &err);
    if (st != DTAKE_OK) {
        dtake_runtime_close(runtime);
        err.status = st;
        return dtake__say_error(&err);
    }
    int status = 0;
    size_t failed = 0;
    for (size_t i = 0; i < args->input_count && !dtake__stdout_failed(); i++) {
        st = print_next(opens, json_wanted, &err);
        if (st != DTAKE_OK) {
            err.status = st;
            status = dtake__say_error(&err);
            failed++;
        }
    }
    dtake__opens_free(opens);
    dtake_runtime_close(runtime);
    return failed > 0 && failed < args->input_count ? dtake_status_exit(DTAKE_E_PARTIAL) : status;
}
