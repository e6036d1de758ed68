/* The life of a NetCDF file. Batches wait until there are many, so that the widths of texts and lists are
 * known: a table that fits has exact dimensions and plain arrays; a larger one goes on with dimensions that
 * grow. */
#include "core/alloc.h"
#include "core/error.h"
#include "io/part.h"
#include "output/netcdf_file.h"
#include "table/column.h"

enum { WAITING_BYTES = 64 << 20, WAITING_BATCHES = 4096 };

typedef struct netcdf {
    dtake__netcdf_file file;
    dtake__netcdf_waiting waiting[WAITING_BATCHES];
    size_t waiting_count, waiting_bytes, waiting_rows;
    bool lent; /* the part file is the library's */
} netcdf;

static dtake_status begin(dtake__table_output *output, dtake_error *err)
{
    const dtake__netcdf_api *nc = dtake__netcdf_load();
    if (!nc)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "write %s: there is no NetCDF library (Debian's libnetcdf19)",
                           output->target.path);
    netcdf *n = dtake__calloc(1, sizeof *n);
    output->inside = n;
    if (n) {
        n->file = (dtake__netcdf_file){ .nc = nc,
                                        .schema = output->schema,
                                        .path = output->target.path,
                                        .title = output->target.title,
                                        .id = -1,
                                        .count = dtake_schema_count(output->schema) };
        n->file.vars = dtake__calloc(n->file.count, sizeof *n->file.vars);
    }
    if (!n || !n->file.vars)
        return dtake__fail_nomem(err, "write NetCDF");
    dtake__netcdf_plan(&n->file);
    return DTAKE_OK;
}

/* About what a batch holds in memory. */
static size_t bytes_of(const dtake_batch *batch, const dtake__netcdf_waiting *waiting)
{
    size_t bytes = 0;
    for (size_t i = 0; i < dtake_schema_count(dtake_batch_schema(batch)); i++) {
        const dtake_field *field = dtake_schema_field(dtake_batch_schema(batch), i);
        const dtake_column *columns[] = { dtake_batch_column(batch, i), &waiting->texts[i] };
        for (int k = 0; k < 2; k++) {
            const dtake_column *values = columns[k]->items ? columns[k]->items : columns[k];
            bytes += (size_t)values->rows * (4 + dtake__value_bytes(field));
            if (values->offsets)
                bytes += (size_t)(values->offsets[values->rows] - values->offsets[0]);
        }
    }
    return bytes;
}

static dtake_status create(dtake__table_output *output, bool streaming, dtake_error *err)
{
    netcdf *n = output->inside;
    n->file.streaming = streaming;
    n->lent = true;
    int status = n->file.nc->nc_create(dtake__part_lend(output->part), NC_CLOBBER | NC_NETCDF4, &n->file.id);
    if (status != NC_NOERR) {
        n->file.id = -1;
        return dtake__netcdf_fail(&n->file, status, "make it", err);
    }
    return dtake__netcdf_define(&n->file, n->waiting_rows, err);
}

static dtake_status write_waiting(netcdf *n, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < n->waiting_count; i++) {
        if (st == DTAKE_OK)
            st = dtake__netcdf_write(&n->file, &n->waiting[i], err);
        dtake__netcdf_forget(&n->waiting[i]);
    }
    n->waiting_count = n->waiting_bytes = n->waiting_rows = 0;
    return st;
}

static dtake_status put(dtake__table_output *output, const dtake_batch *batch, dtake_error *err)
{
    netcdf *n = output->inside;
    dtake__netcdf_waiting *waiting = &n->waiting[n->waiting_count];
    if (dtake_batch_rows(batch) == 0)
        return DTAKE_OK;
    dtake_status st = dtake__netcdf_measure(&n->file, batch, waiting, err);
    if (st != DTAKE_OK)
        return st;
    n->waiting_count++;
    n->waiting_rows += (size_t)dtake_batch_rows(batch);
    n->waiting_bytes += bytes_of(batch, waiting);
    if (n->waiting_count < WAITING_BATCHES && n->waiting_bytes < WAITING_BYTES)
        return DTAKE_OK;
    dtake__netcdf_lock();
    if (n->file.id < 0)
        st = create(output, true, err);
    if (st == DTAKE_OK)
        st = write_waiting(n, err);
    dtake__netcdf_unlock();
    return st;
}

static dtake_status end(dtake__table_output *output, dtake_error *err)
{
    netcdf *n = output->inside;
    dtake_status st = DTAKE_OK;
    dtake__netcdf_lock();
    if (n->file.id < 0)
        st = create(output, false, err);
    if (st == DTAKE_OK)
        st = write_waiting(n, err);
    if (st == DTAKE_OK) {
        int status = n->file.nc->nc_close(n->file.id);
        n->file.id = -1;
        st = status == NC_NOERR ? DTAKE_OK : dtake__netcdf_fail(&n->file, status, "finish it", err);
    }
    dtake__netcdf_unlock();
    if (st == DTAKE_OK)
        st = dtake__part_take_back(output->part, err);
    if (st == DTAKE_OK)
        output->bytes = dtake__part_bytes(output->part);
    return st;
}

static void dispose(dtake__table_output *output)
{
    netcdf *n = output->inside;
    if (!n)
        return;
    if (n->file.id >= 0) {
        dtake__netcdf_lock();
        n->file.nc->nc_close(n->file.id);
        dtake__netcdf_unlock();
    }
    for (size_t i = 0; i < n->waiting_count; i++)
        dtake__netcdf_forget(&n->waiting[i]);
    dtake__free(n->file.vars);
    dtake__free(n);
}

const dtake__table_kind dtake__table_netcdf = { begin, put, end, dispose };
