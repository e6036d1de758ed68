/* Questions to a catalogue, one a line of standard input, and how long each kind of them took, as JSON. What
 * is between the questions (parsing the line, freeing) is not counted; building the query is.
 *
 *   catalog_queries SOURCE DATASET [REPEAT] < QUESTIONS
 *
 *   box W S E N [START/END] [limit=N]   datapoints that meet a box, over all time or in an interval; all
 * fields find ID                             by id or by name load FIELDS                         all
 * datapoints, these fields ("*": all), as Arrow batches
 *
 * All are asked REPEAT times (1); a first time before that is not counted (it fills caches). Times are in
 * milliseconds: `p50`, `p99` by the clock, `cpu_p50`, `cpu_p99` of all threads of the process.
 */
#include <datatake/datatake.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KINDS = 4, LINE_MAX_BYTES = 4096 };
typedef enum kind { BOX, BOX_TIME, FIND, LOAD } kind;
static const char *const names[KINDS] = { "box", "box_time", "find", "load" };

typedef struct question {
    kind kind;
    double box[4];
    char text[LINE_MAX_BYTES]; /* interval, id or fields */
    long long limit;
} question;

typedef struct tally {
    double *wall_ms, *cpu_ms;
    size_t count, room;
    long long hits, most_hits;
} tally;

typedef struct bench {
    dtake_client *client;
    const char *dataset;
    question *questions;
    size_t count, room;
    tally tallies[KINDS];
    dtake_error err;
} bench;

static double now_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void *grown(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return array;
    *room = *room == 0 ? 1024 : 2 * *room;
    array = realloc(array, *room * size);
    if (array == NULL) {
        fprintf(stderr, "catalog_queries: out of memory\n");
        exit(1);
    }
    return array;
}

/* --- questions --- */

static bool parse_box(question *q, char *rest)
{
    int used = 0;
    if (sscanf(rest, "%lf %lf %lf %lf%n", &q->box[0], &q->box[1], &q->box[2], &q->box[3], &used) != 4)
        return false;
    for (char *word = strtok(rest + used, " "); word != NULL; word = strtok(NULL, " ")) {
        if (sscanf(word, "limit=%lld", &q->limit) == 1)
            continue;
        q->kind = BOX_TIME;
        snprintf(q->text, sizeof q->text, "%s", word);
    }
    return true;
}

static bool parse(question *q, char *line)
{
    line[strcspn(line, "\r\n")] = '\0';
    *q = (question){ .kind = BOX };
    if (strncmp(line, "box ", 4) == 0)
        return parse_box(q, line + 4);
    if (strncmp(line, "find ", 5) != 0 && strncmp(line, "load ", 5) != 0)
        return false;
    q->kind = line[0] == 'f' ? FIND : LOAD;
    snprintf(q->text, sizeof q->text, "%s", line + 5);
    return true;
}

static bool read_questions(bench *b)
{
    char line[LINE_MAX_BYTES];
    while (fgets(line, sizeof line, stdin) != NULL) {
        b->questions = grown(b->questions, b->count, &b->room, sizeof *b->questions);
        if (!parse(&b->questions[b->count++], line)) {
            fprintf(stderr, "catalog_queries: line %zu is no question: %s\n", b->count, line);
            return false;
        }
    }
    return true;
}

/* --- asking --- */

static dtake_status make_query(bench *b, const question *q, dtake_query **query)
{
    dtake_status st = dtake_query_new(query, &b->err);
    if (st == DTAKE_OK)
        st = dtake_query_dataset(*query, b->dataset, &b->err);
    if (st == DTAKE_OK && q->kind == LOAD)
        return strcmp(q->text, "*") == 0 ? DTAKE_OK : dtake_query_fields(*query, q->text, &b->err);
    if (st == DTAKE_OK)
        st = dtake_query_box(*query, (dtake_box){ q->box[0], q->box[1], q->box[2], q->box[3] }, &b->err);
    if (st == DTAKE_OK && q->kind == BOX_TIME)
        st = dtake_query_time(*query, q->text, DTAKE_INTERVAL_CLOSED, &b->err);
    return st == DTAKE_OK && q->limit > 0 ? dtake_query_limit(*query, q->limit, &b->err) : st;
}

/* As an Arrow consumer takes them. */
static dtake_status take_all(bench *b, dtake_load *load, long long *rows)
{
    struct ArrowArrayStream stream;
    dtake_status st = dtake_load_to_arrow(load, &stream, &b->err);
    while (st == DTAKE_OK) {
        struct ArrowArray array = { 0 };
        if (stream.get_next(&stream, &array) != 0) {
            snprintf(b->err.message, sizeof b->err.message, "%s", stream.get_last_error(&stream));
            st = DTAKE_E_OTHER;
        }
        if (st != DTAKE_OK || array.release == NULL)
            break;
        *rows += array.length;
        array.release(&array);
    }
    if (stream.release != NULL)
        stream.release(&stream);
    return st;
}

static dtake_status ask(bench *b, const question *q, long long *rows)
{
    dtake_query *query = NULL;
    dtake_load *load = NULL;
    dtake_batch *found = NULL;
    *rows = 0;
    if (q->kind == FIND) {
        dtake_status st = dtake_find(b->client, b->dataset, NULL, q->text, &found, &b->err);
        *rows = st == DTAKE_OK ? dtake_batch_rows(found) : 0;
        dtake_batch_release(found);
        return st;
    }
    dtake_status st = make_query(b, q, &query);
    if (st == DTAKE_OK)
        st = dtake_load_start(&load, b->client, query, &b->err);
    if (st == DTAKE_OK)
        st = take_all(b, load, rows);
    dtake_query_free(query);
    return st;
}

static void count(tally *t, double wall_ms, double cpu_ms, long long rows)
{
    size_t room = t->room;
    t->wall_ms = grown(t->wall_ms, t->count, &room, sizeof *t->wall_ms);
    t->cpu_ms = grown(t->cpu_ms, t->count, &t->room, sizeof *t->cpu_ms);
    t->wall_ms[t->count] = wall_ms;
    t->cpu_ms[t->count++] = cpu_ms;
    t->hits += rows;
    t->most_hits = rows > t->most_hits ? rows : t->most_hits;
}

static dtake_status ask_all(bench *b, bool counts)
{
    for (size_t i = 0; i < b->count; i++) {
        const question *q = &b->questions[i];
        double wall = now_ms(CLOCK_MONOTONIC), cpu = now_ms(CLOCK_PROCESS_CPUTIME_ID);
        long long rows;
        dtake_status st = ask(b, q, &rows);
        if (st != DTAKE_OK)
            return st;
        if (counts)
            count(&b->tallies[q->kind], now_ms(CLOCK_MONOTONIC) - wall,
                  now_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu, rows);
    }
    return DTAKE_OK;
}

/* --- telling --- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The value that so many in a hundred do not pass. */
static double percentile(const double *sorted, size_t count, int percent)
{
    size_t at = (count * (size_t)percent + 99) / 100;
    return sorted[at > 0 ? at - 1 : 0];
}

static double sum(const double *values, size_t count)
{
    double total = 0;
    for (size_t i = 0; i < count; i++)
        total += values[i];
    return total;
}

static void tell(const tally *t, const char *name, bool first)
{
    double wall_s = sum(t->wall_ms, t->count) / 1e3, cpu_s = sum(t->cpu_ms, t->count) / 1e3;
    qsort(t->wall_ms, t->count, sizeof *t->wall_ms, compare);
    qsort(t->cpu_ms, t->count, sizeof *t->cpu_ms, compare);
    printf(
        "%s\"%s\": {\"questions\": %zu, \"datapoints\": %lld, \"most\": %lld, \"p50\": %.4f, \"p99\": %.4f, "
        "\"cpu_p50\": %.4f, \"cpu_p99\": %.4f, \"datapoints_per_second\": %.0f, "
        "\"datapoints_per_cpu_second\": %.0f}",
        first ? "" : ",\n ", name, t->count, t->hits, t->most_hits, percentile(t->wall_ms, t->count, 50),
        percentile(t->wall_ms, t->count, 99), percentile(t->cpu_ms, t->count, 50),
        percentile(t->cpu_ms, t->count, 99), (double)t->hits / wall_s, (double)t->hits / cpu_s);
}

int main(int argc, char **argv)
{
    bench b = { 0 };
    dtake_runtime *runtime = NULL;
    if (argc < 3) {
        fprintf(stderr, "usage: catalog_queries SOURCE DATASET [REPEAT] < QUESTIONS\n");
        return 2;
    }
    dtake_client_options options = { .source = argv[1], .read_only = true, .must_exist = true };
    b.dataset = argv[2];
    int repeat = argc > 3 ? atoi(argv[3]) : 1;
    if (!read_questions(&b))
        return 2;
    dtake_status st = dtake_runtime_open(&runtime, NULL, &b.err);
    if (st == DTAKE_OK)
        st = dtake_client_open(&b.client, runtime, &options, &b.err);
    for (int i = 0; i <= repeat && st == DTAKE_OK; i++)
        st = ask_all(&b, i > 0);
    if (st != DTAKE_OK)
        fprintf(stderr, "catalog_queries: %s\n", b.err.message);
    bool first = true;
    printf("{");
    for (int k = 0; k < KINDS && st == DTAKE_OK; k++)
        if (b.tallies[k].count > 0) {
            tell(&b.tallies[k], names[k], first);
            first = false;
        }
    printf("}\n");
    dtake_client_close(b.client);
    dtake_runtime_close(runtime);
    for (int k = 0; k < KINDS; k++) {
        free(b.tallies[k].wall_ms);
        free(b.tallies[k].cpu_ms);
    }
    free(b.questions);
    return dtake_status_exit(st);
}
