/* Loads all collections of a dataset, all fields, and keeps the datapoints, as a program would that works
 * with them; says as JSON how long that took and what it came to.
 *
 *   tilebox_load SOURCE DATASET INTERVAL one|all
 *
 * one: a collection after another; all: at once. The clock runs from the first load's start to the last
 * datapoint. `sum` is that of orbit_number over all datapoints.
 */
#include <datatake/datatake.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_COLLECTIONS = 64, MAX_BATCHES = 1 << 16 };

typedef struct loaded {
    dtake_batch *batches[MAX_BATCHES];
    size_t count;
    int64_t datapoints;
} loaded;

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static dtake_status start(dtake_client *client, const char *dataset, const char *collection,
                          const char *interval, dtake_load **out, dtake_error *err)
{
    dtake_query *query = NULL;
    dtake_status st = dtake_query_new(&query, err);
    if (st == DTAKE_OK)
        st = dtake_query_dataset(query, dataset, err);
    if (st == DTAKE_OK)
        st = dtake_query_collection(query, collection, err);
    if (st == DTAKE_OK)
        st = dtake_query_time(query, interval, DTAKE_INTERVAL_HALF_OPEN, err);
    if (st == DTAKE_OK)
        st = dtake_load_start(out, client, query, err);
    dtake_query_free(query);
    return st;
}

static dtake_status take(dtake_load *load, loaded *all, dtake_error *err)
{
    dtake_batch *batch = NULL;
    dtake_status st;
    while ((st = dtake_load_next(load, &batch, err)) == DTAKE_OK && batch != NULL) {
        if (all->count == MAX_BATCHES) {
            snprintf(err->message, sizeof err->message, "more than %d batches", MAX_BATCHES);
            dtake_batch_release(batch);
            return DTAKE_E_LIMIT;
        }
        all->datapoints += dtake_batch_rows(batch);
        all->batches[all->count++] = batch;
    }
    return st;
}

static dtake_status load_all(dtake_client *client, const dtake_collection_list *list, char **argv,
                             loaded *all, dtake_error *err)
{
    dtake_load *loads[MAX_COLLECTIONS] = { NULL };
    size_t count = dtake_collection_list_count(list), step = strcmp(argv[4], "all") == 0 ? count : 1;
    dtake_status st = count <= MAX_COLLECTIONS ? DTAKE_OK : DTAKE_E_LIMIT;
    for (size_t first = 0; first < count && st == DTAKE_OK; first += step) {
        for (size_t i = first; i < first + step && st == DTAKE_OK; i++)
            st = start(client, argv[2], dtake_collection_list_at(list, i)->name, argv[3], &loads[i], err);
        for (size_t i = first; i < first + step && st == DTAKE_OK; i++)
            st = take(loads[i], all, err);
    }
    for (size_t i = 0; i < count && i < MAX_COLLECTIONS; i++)
        dtake_load_free(loads[i]);
    return st;
}

static int64_t sum_of(const loaded *all)
{
    int64_t sum = 0;
    for (size_t i = 0; i < all->count; i++) {
        int at = dtake_schema_find(dtake_batch_schema(all->batches[i]), "orbit_number");
        const dtake_column *column = at >= 0 ? dtake_batch_column(all->batches[i], (size_t)at) : NULL;
        for (int64_t row = 0; column != NULL && row < column->rows; row++)
            sum += ((const int64_t *)column->values)[row];
    }
    return sum;
}

int main(int argc, char **argv)
{
    static loaded all;
    dtake_error err = { .message = "" };
    dtake_runtime *runtime = NULL;
    dtake_client *client = NULL;
    dtake_collection_list *list = NULL;
    if (argc != 5) {
        fprintf(stderr, "usage: tilebox_load SOURCE DATASET INTERVAL one|all\n");
        return 2;
    }
    dtake_status st = dtake_runtime_open(&runtime, NULL, &err);
    if (st == DTAKE_OK)
        st = dtake_client_open(&client, runtime, &(dtake_client_options){ .source = argv[1] }, &err);
    if (st == DTAKE_OK)
        st = dtake_collections(client, argv[2], &list, &err);
    double before = seconds_now(), took = 0;
    if (st == DTAKE_OK) {
        st = load_all(client, list, argv, &all, &err);
        took = seconds_now() - before;
    }
    if (st == DTAKE_OK)
        printf("{\"seconds\": %.6f, \"datapoints\": %lld, \"sum\": %lld, \"version\": \"%s\"}\n", took,
               (long long)all.datapoints, (long long)sum_of(&all), dtake_version());
    else
        fprintf(stderr, "tilebox_load: %s\n", err.message);
    for (size_t i = 0; i < all.count; i++)
        dtake_batch_release(all.batches[i]);
    dtake_collection_list_free(list);
    dtake_client_close(client);
    dtake_runtime_close(runtime);
    return dtake_status_exit(st);
}
