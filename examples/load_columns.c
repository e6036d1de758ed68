/* Loads the datapoints of a dataset and says how many there are, from when to when, and the mean of a field
 * of numbers.
 *
 *   load_columns DATASET FIELD [A/B]
 *   load_columns open_data.copernicus.landsat8_oli_tirs cloud_cover 2020-01-01/2020-12-31
 */
#include <datatake/datatake.h>

#include <stdio.h>

typedef struct sum {
    int64_t rows, values;
    double total;
} sum;

static bool has_value(const dtake_column *column, int64_t row)
{
    return column->validity == NULL || (column->validity[row >> 3] >> (row & 7) & 1);
}

static void add(sum *s, const dtake_batch *batch, size_t field)
{
    const dtake_column *column = dtake_batch_column(batch, field);
    const double *values = column->values;
    for (int64_t row = 0; row < column->rows; row++)
        if (has_value(column, row)) {
            s->total += values[row];
            s->values++;
        }
    s->rows += column->rows;
}

static dtake_status read_all(dtake_load *load, const char *name, sum *s, dtake_error *err)
{
    const dtake_schema *schema = dtake_load_schema(load);
    int field = schema != NULL ? dtake_schema_find(schema, name) : -1;
    if (schema != NULL &&
        (field < 0 || dtake_schema_field(schema, (size_t)field)->type != DTAKE_FIELD_FLOAT64)) {
        snprintf(err->message, sizeof err->message, "%s is not a field of type float64", name);
        return err->status = DTAKE_E_USAGE;
    }
    for (;;) {
        dtake_batch *batch;
        dtake_status st = dtake_load_next(load, &batch, err);
        if (st != DTAKE_OK || batch == NULL)
            return st;
        add(s, batch, (size_t)field);
        dtake_batch_release(batch);
    }
}

static dtake_status make_query(dtake_query **query, char **argv, int argc, dtake_error *err)
{
    dtake_status st = dtake_query_new(query, err);
    if (st == DTAKE_OK)
        st = dtake_query_dataset(*query, argv[1], err);
    if (st == DTAKE_OK && argc > 3)
        st = dtake_query_time(*query, argv[3], DTAKE_INTERVAL_CLOSED, err);
    return st == DTAKE_OK ? dtake_query_fields(*query, argv[2], err) : st; /* only this column is read */
}

int main(int argc, char **argv)
{
    dtake_error err = { .message = "" };
    dtake_runtime *runtime = NULL;
    dtake_client *client = NULL;
    dtake_query *query = NULL;
    dtake_load *load = NULL;
    sum s = { 0 };
    if (argc < 3) {
        fprintf(stderr, "usage: load_columns DATASET FIELD [A/B]\n");
        return 2;
    }
    dtake_status st = dtake_runtime_open(&runtime, NULL, &err);
    if (st == DTAKE_OK)
        st = dtake_client_open(&client, runtime, NULL, &err);
    if (st == DTAKE_OK)
        st = make_query(&query, argv, argc, &err);
    if (st == DTAKE_OK)
        st = dtake_load_start(&load, client, query, &err);
    if (st == DTAKE_OK)
        st = read_all(load, argv[2], &s, &err);
    if (st == DTAKE_OK)
        printf("%lld datapoints, mean %s %.3f\n", (long long)s.rows, argv[2],
               s.values > 0 ? s.total / (double)s.values : 0);
    else
        fprintf(stderr, "load_columns: %s\n", err.message);
    dtake_load_free(load);
    dtake_query_free(query);
    dtake_client_close(client);
    dtake_runtime_close(runtime);
    return dtake_status_exit(st);
}
