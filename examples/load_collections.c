/* Loads a year of every collection of a dataset, all fields, first one collection after another, then all at
 * once, and says how long either took.
 *
 *   load_collections DATASET YEAR
 *   load_collections open_data.copernicus.landsat8_oli_tirs 2020
 */
#include <datatake/datatake.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_COLLECTIONS = 64 };

typedef struct year {
    dtake_client *client;
    const dtake_collection_list *collections;
    const char *dataset;
    int number; /* 2020 */
    size_t count;
    int64_t datapoints[MAX_COLLECTIONS];
} year;

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static dtake_status start(const year *y, size_t at, dtake_load **out, dtake_error *err)
{
    char interval[32];
    dtake_query *query = NULL;
    dtake_status st = dtake_query_new(&query, err);
    if (st == DTAKE_OK)
        st = dtake_query_dataset(query, y->dataset, err);
    if (st == DTAKE_OK)
        st = dtake_query_collection(query, dtake_collection_list_at(y->collections, at)->name, err);
    snprintf(interval, sizeof interval, "%04d-01-01/%04d-01-01", y->number, y->number + 1);
    if (st == DTAKE_OK)
        st = dtake_query_time(query, interval, DTAKE_INTERVAL_HALF_OPEN, err);
    if (st == DTAKE_OK)
        st = dtake_load_start(out, y->client, query, err);
    dtake_query_free(query);
    return st;
}

/* As Arrow, which any library that reads Arrow could take from here. */
static dtake_status take(dtake_load *load, int64_t *datapoints, dtake_error *err)
{
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    dtake_status st = dtake_load_to_arrow(load, &stream, err);
    *datapoints = 0;
    if (st != DTAKE_OK)
        return st;
    while (stream.get_next(&stream, &batch) == 0 && batch.release != NULL) {
        *datapoints += batch.length;
        batch.release(&batch);
    }
    const char *wrong = stream.get_last_error(&stream);
    if (wrong != NULL) {
        snprintf(err->message, sizeof err->message, "%s", wrong);
        st = err->status = DTAKE_E_OTHER;
    }
    stream.release(&stream);
    return st;
}

static dtake_status one_after_another(year *y, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < y->count && st == DTAKE_OK; i++) {
        dtake_load *load = NULL;
        st = start(y, i, &load, err);
        if (st == DTAKE_OK)
            st = take(load, &y->datapoints[i], err);
    }
    return st;
}

static dtake_status all_at_once(year *y, dtake_error *err)
{
    dtake_load *load[MAX_COLLECTIONS] = { NULL };
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < y->count && st == DTAKE_OK; i++)
        st = start(y, i, &load[i], err);
    for (size_t i = 0; i < y->count; i++)
        if (st == DTAKE_OK)
            st = take(load[i], &y->datapoints[i], err);
        else
            dtake_load_free(load[i]);
    return st;
}

static dtake_status measure(year *y, const char *how, dtake_status (*load)(year *, dtake_error *),
                            dtake_error *err)
{
    double before = seconds_now();
    dtake_status st = load(y, err);
    double took = seconds_now() - before;
    if (st != DTAKE_OK)
        return st;
    printf("%s:\n", how);
    for (size_t i = 0; i < y->count; i++)
        printf("There are %lld datapoints in %s for %d.\n", (long long)y->datapoints[i],
               dtake_collection_list_at(y->collections, i)->name, y->number);
    printf("Fetching data took %.3f seconds\n", took);
    return DTAKE_OK;
}

int main(int argc, char **argv)
{
    dtake_error err = { .message = "" };
    dtake_runtime *runtime = NULL;
    dtake_collection_list *collections = NULL;
    if (argc != 3 || atoi(argv[2]) < 1900 || atoi(argv[2]) > 2200) {
        fprintf(stderr, "usage: load_collections DATASET YEAR\n");
        return 2;
    }
    year y = { .dataset = argv[1], .number = atoi(argv[2]) };
    dtake_status st = dtake_runtime_open(&runtime, NULL, &err);
    if (st == DTAKE_OK)
        st = dtake_client_open(&y.client, runtime, NULL, &err);
    if (st == DTAKE_OK)
        st = dtake_collections(y.client, y.dataset, &collections, &err);
    if (st == DTAKE_OK) {
        y.collections = collections;
        y.count = dtake_collection_list_count(collections);
        y.count = y.count < MAX_COLLECTIONS ? y.count : MAX_COLLECTIONS;
        st = measure(&y, "One collection after another", one_after_another, &err);
    }
    if (st == DTAKE_OK)
        st = measure(&y, "All at once", all_at_once, &err);
    if (st != DTAKE_OK)
        fprintf(stderr, "load_collections: %s\n", err.message);
    dtake_collection_list_free(collections);
    dtake_client_close(y.client);
    dtake_runtime_close(runtime);
    return dtake_status_exit(st);
}
