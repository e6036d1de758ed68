/* find: one datapoint by its id or name. */
#include "cli/catalog_text.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/listing.h"
#include "cli/print.h"
#include "cli/source.h"
#include "core/error.h"

#include <datatake/save.h>

enum { MAX_TEXT_BYTES = 64 * 1024 * 1024 };

static dtake_status as_text(dtake_buf *out, const dtake_batch *batch)
{
    dtake__columns columns = { .count = 2 };
    const dtake_schema *schema = dtake_batch_schema(batch);
    dtake_status st = dtake__columns_add(&columns, "FIELD");
    if (st == DTAKE_OK)
        st = dtake__columns_add(&columns, "VALUE");
    for (size_t i = 0; i < dtake_schema_count(schema) && st == DTAKE_OK; i++) {
        dtake_buf value = DTAKE_BUF_INIT(4096); /* a longer one is cut */
        if (dtake__cell_text(batch, i, 0, &value) == DTAKE_E_NOMEM)
            st = DTAKE_E_NOMEM;
        if (st == DTAKE_OK && value.len > 0) {
            st = dtake__columns_add(&columns, dtake_schema_field(schema, i)->name);
            if (st == DTAKE_OK)
                st = dtake__columns_add(&columns, dtake__buf_str(&value));
        }
        dtake__buf_dispose(&value);
    }
    if (st == DTAKE_OK)
        st = dtake__columns_print(&columns, 0, out);
    dtake__columns_dispose(&columns);
    return st;
}

static dtake_status show(const dtake__args *args, dtake_client *client, const dtake__place_name *place,
                         const char *id, dtake_error *err)
{
    dtake_batch *batch = NULL;
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT_BYTES);
    bool json = dtake__wants_json(args);
    dtake_status st = dtake_find(client, place->dataset, place->collection, id, &batch, err);
    if (st == DTAKE_OK && json)
        st = dtake_batch_to_items(batch, place->collection, err, dtake__write_to_stdout, NULL);
    else if (st == DTAKE_OK && (st = as_text(&text, batch)) == DTAKE_OK)
        dtake__stdout_buf(&text);
    dtake_batch_release(batch);
    dtake__buf_dispose(&text);
    return st;
}

int dtake__cmd_find(const dtake__args *args)
{
    dtake_error err = { .message = "" };
    dtake__source_in_use source;
    dtake__place_name place;
    size_t failed = 0;
    int status = 0;
    dtake_status st = dtake__source_use(&source, args, false, &err);
    if (st == DTAKE_OK)
        st = dtake__place_name_read(&place, source.client, args->inputs[0], &err);
    if (st != DTAKE_OK) {
        dtake__source_leave(&source);
        return dtake__say_status(st, &err);
    }
    for (size_t i = 1; i < args->input_count && !dtake__stdout_failed(); i++) {
        err.message[0] = '\0';
        st = show(args, source.client, &place, args->inputs[i], &err);
        if (st != DTAKE_OK) {
            status = dtake__say_status(st, &err);
            failed++;
        }
    }
    dtake__source_leave(&source);
    return failed > 0 && failed + 1 < args->input_count ? dtake_status_exit(DTAKE_E_PARTIAL) : status;
}
