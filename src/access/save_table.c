/* Rows as CSV, NDJSON, GeoJSON or NetCDF: the writers of src/output. */
#include "access/save.h"
#include "core/alloc.h"
#include "core/error.h"
#include "output/table_output.h"

typedef struct tables {
    dtake__saver saver;
    dtake__table_target target;
    dtake__table_output *output;
} tables;

static dtake_status tables_begin(dtake__saver *saver, const dtake_schema *schema, dtake_error *err)
{
    tables *s = (tables *)saver;
    return dtake__table_output_open(&s->output, &s->target, schema, err);
}

static dtake_status tables_put(dtake__saver *saver, const dtake_batch *batch, dtake_error *err)
{
    return dtake__table_output_put(((tables *)saver)->output, batch, err);
}

static dtake_status tables_end(dtake__saver *saver, dtake_error *err)
{
    tables *s = (tables *)saver;
    dtake__table_output *output = s->output;
    s->output = NULL;
    return dtake__table_output_close(output, NULL, NULL, err);
}

static void tables_free(dtake__saver *saver)
{
    dtake__table_output_abort(((tables *)saver)->output);
    dtake__free(saver);
}

static const dtake__saver_kind tables_kind = {
    .begin = tables_begin,
    .put = tables_put,
    .end = tables_end,
    .free = tables_free,
};

dtake_status dtake__saver_table_new(dtake__saver **out, const dtake_save_options *options, dtake_error *err)
{
    tables *s = dtake__calloc(1, sizeof *s);
    if (s == NULL)
        return dtake__fail_nomem(err, "a table");
    s->saver.kind = &tables_kind;
    s->target =
        (dtake__table_target){ .format = options->format == DTAKE_TABLE_CSV       ? DTAKE__TABLE_CSV
                                         : options->format == DTAKE_TABLE_NDJSON  ? DTAKE__TABLE_NDJSON
                                         : options->format == DTAKE_TABLE_GEOJSON ? DTAKE__TABLE_GEOJSON
                                                                                  : DTAKE__TABLE_NETCDF,
                               .path = options->path,
                               .replace = true,
                               .write = options->write,
                               .write_ctx = options->write_ctx };
    *out = &s->saver;
    return DTAKE_OK;
}
