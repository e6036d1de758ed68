/* The life of a table on its way out, the same for all formats. */
#include "output/table_output.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/part.h"
#include "output/table_writer.h"

enum { MOST_TEXT_BYTES = INT32_MAX };

static const dtake__table_kind *const kinds[] = {
    [DTAKE__TABLE_CSV] = &dtake__table_csv,
    [DTAKE__TABLE_NDJSON] = &dtake__table_ndjson,
    [DTAKE__TABLE_GEOJSON] = &dtake__table_geojson,
    [DTAKE__TABLE_NETCDF] = &dtake__table_netcdf,
};

static dtake_status check(const dtake__table_target *target, const dtake_schema *schema, dtake_error *err)
{
    if (!target->path && (target->format == DTAKE__TABLE_NETCDF || !target->write))
        return dtake__fail(err, DTAKE_E_USAGE, "write a table: %s",
                           target->write ? "NetCDF needs a file to write to"
                                         : "there is nowhere to write to");
    if (target->format == DTAKE__TABLE_GEOJSON && dtake_schema_find_role(schema, DTAKE_ROLE_GEOMETRY) < 0)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "write GeoJSON: the datapoints have no geometry; take CSV or NDJSON");
    return DTAKE_OK;
}

static void dispose(dtake__table_output *output)
{
    output->kind->dispose(output);
    dtake__part_abort(output->part);
    dtake__buf_dispose(&output->text);
    dtake_schema_release(output->schema);
    dtake__free(output);
}

dtake_status dtake__table_output_open(dtake__table_output **out, const dtake__table_target *target,
                                      const dtake_schema *schema, dtake_error *err)
{
    dtake_status st = check(target, schema, err);
    if (st != DTAKE_OK)
        return st;
    dtake__table_output *output = dtake__calloc(1, sizeof *output);
    if (!output)
        return dtake__fail_nomem(err, "write a table");
    output->kind = kinds[target->format];
    output->target = *target;
    output->schema = dtake_schema_retain(schema);
    output->text = DTAKE_BUF_INIT(MOST_TEXT_BYTES);
    if (target->path)
        st = dtake__part_open(&output->part, target->path, 0, target->replace, err);
    if (st == DTAKE_OK)
        st = output->kind->begin(output, err);
    if (st == DTAKE_OK)
        *out = output;
    else
        dispose(output);
    return st;
}

dtake_status dtake__table_flush(dtake__table_output *output, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    if (output->part)
        st = dtake__part_write(output->part, output->bytes, output->text.data, output->text.len, err);
    else if (output->text.len > 0 &&
             !output->target.write(output->target.write_ctx, output->text.data, output->text.len))
        st = dtake__fail(err, DTAKE_E_CANCELLED, "write a table: the output takes nothing more");
    output->bytes += (int64_t)output->text.len;
    dtake__buf_clear(&output->text);
    return st;
}

dtake_status dtake__table_output_put(dtake__table_output *output, const dtake_batch *batch, dtake_error *err)
{
    dtake_status st = output->kind->put(output, batch, err);
    output->rows += dtake_batch_rows(batch);
    return st;
}

dtake_status dtake__table_output_close(dtake__table_output *output, int64_t *rows, int64_t *bytes,
                                       dtake_error *err)
{
    dtake_status st = output->kind->end(output, err);
    if (st == DTAKE_OK)
        st = dtake__table_flush(output, err);
    if (st == DTAKE_OK && output->part) {
        st = dtake__part_commit(output->part, err);
        output->part = NULL;
    }
    if (st == DTAKE_OK && rows)
        *rows = output->rows;
    if (st == DTAKE_OK && bytes)
        *bytes = output->bytes;
    dispose(output);
    return st;
}

void dtake__table_output_abort(dtake__table_output *output)
{
    if (output)
        dispose(output);
}
