/* Loads: batches in order, under back pressure, told of, cancelled, from a forked child. */
#include "access/fake_source.h"

#include "table/column.h"

#include <semaphore.h>
#include <sys/wait.h>
#include <unistd.h>

static dtake_load *start(fake *f)
{
    dtake_query *query;
    dtake_load *load;
    CHECK_OK(dtake_query_new(&query, NULL));
    CHECK_OK(dtake_load_start(&load, &f->client, query, NULL));
    dtake_query_free(query);
    return load;
}

static int64_t take_all(dtake_load *load, dtake_status *status)
{
    int64_t rows = 0;
    for (;;) {
        dtake_batch *batch;
        *status = dtake_load_next(load, &batch, NULL);
        if (*status != DTAKE_OK || batch == NULL)
            return rows;
        for (int64_t i = 0; i < dtake_batch_rows(batch); i++)
            CHECK_EQ(dtake__get_i64(dtake_batch_column(batch, 0), i), rows + i);
        rows += dtake_batch_rows(batch);
        dtake_batch_release(batch);
    }
}

static void batches_come_in_order_and_then_the_end_again_and_again(void **state)
{
    (void)state;
    fake f;
    fake_open(&f, 0);
    dtake_load *load = start(&f);
    dtake_status st;
    CHECK(dtake_load_schema(load) == f.schema);
    CHECK_EQ(take_all(load, &st), 1000);
    CHECK_EQ(st, DTAKE_OK);
    CHECK_EQ(take_all(load, &st), 0);
    CHECK_EQ(st, DTAKE_OK);
    dtake_load_progress p;
    dtake_load_progress_get(load, &p);
    CHECK(p.finished && p.fraction == 1 && p.datapoints == 1000 && p.bytes >= 8000);
    dtake_load_free(load);
    fake_end(&f);
}

static void a_failure_comes_after_what_came_before_it(void **state)
{
    (void)state;
    fake f;
    fake_open(&f, 0);
    f.ends_with = DTAKE_E_INTEGRITY;
    dtake_load *load = start(&f);
    dtake_status st;
    CHECK_EQ(take_all(load, &st), 1000);
    CHECK_EQ(st, DTAKE_E_INTEGRITY);
    dtake_load_free(load);
    fake_end(&f);
}

static void loads_run_ahead_only_as_far_as_the_budget_allows_and_none_blocks_another(void **state)
{
    (void)state;
    fake f;
    fake_open(&f, 20000);
    f.batches = 1000;
    f.rows_each = 500; /* 4,000 bytes and a little */
    dtake_load *one = start(&f), *two = start(&f);
    CHECK(dtake_load_schema(one) != NULL);
    dtake_status st;
    /* what waits in the first one fills the budget; the second goes on, a batch at a time */
    CHECK_EQ(take_all(two, &st), 500000);
    CHECK_EQ(take_all(one, &st), 500000);
    CHECK(atomic_load(&f.most_ahead) >= 8000);
    CHECK(atomic_load(&f.most_ahead) <= 20000 + 2 * 4200);
    dtake_load_free(one);
    dtake_load_free(two);
    CHECK_EQ(atomic_load(&f.client.ahead_bytes), 0);
    fake_end(&f);
}

typedef struct told {
    sem_t sem;
    dtake_status status;
    int64_t rows;
    bool frees;
} told;

static void read_on(dtake_status status, dtake_load *load, void *ctx)
{
    told *t = ctx;
    dtake_batch *batch = NULL;
    t->status = status;
    if (status == DTAKE_OK)
        CHECK_OK(dtake_load_next(load, &batch, NULL)); /* does not wait, so it may be called here */
    if (batch == NULL) {
        if (t->frees)
            dtake_load_free(load);
        sem_post(&t->sem);
        return;
    }
    t->rows += dtake_batch_rows(batch);
    dtake_batch_release(batch);
    CHECK_OK(dtake_load_notify(load, NULL, read_on, t));
}

static void a_callback_can_take_everything_and_free_the_load(void **state)
{
    (void)state;
    fake f;
    fake_open(&f, 0);
    for (int frees = 0; frees < 2; frees++) {
        told t = { .frees = frees };
        sem_init(&t.sem, 0, 0);
        dtake_load *load = start(&f);
        CHECK_OK(dtake_load_notify(load, NULL, read_on, &t));
        sem_wait(&t.sem);
        CHECK_EQ(t.rows, 1000);
        CHECK_EQ(t.status, DTAKE_OK);
        if (!frees)
            dtake_load_free(load);
        sem_destroy(&t.sem);
    }
    fake_end(&f);
}

static void only_note(dtake_status status, dtake_load *load, void *ctx)
{
    (void)load;
    told *t = ctx;
    t->status = status;
    sem_post(&t->sem);
}

static void who_waits_for_a_cancelled_load_is_told_so(void **state)
{
    (void)state;
    fake f;
    fake_open(&f, 1000);
    f.batches = 1000000;
    dtake_load *load = start(&f);
    dtake_load_cancel(load);
    dtake_status st;
    take_all(load, &st);
    CHECK_EQ(st, DTAKE_E_CANCELLED);
    told t = { .rows = 0 };
    sem_init(&t.sem, 0, 0);
    CHECK_OK(dtake_load_notify(load, NULL, only_note, &t));
    dtake_load_free(load); /* waits for the callback */
    CHECK_EQ(sem_trywait(&t.sem), 0);
    CHECK_EQ(t.status, DTAKE_E_CANCELLED);
    sem_destroy(&t.sem);
    /* freed at once, while the first pull is under way */
    for (int i = 0; i < 100; i++)
        dtake_load_free(start(&f));
    fake_end(&f);
}

static void two_cannot_wait_for_the_same_batch(void **state)
{
    (void)state;
    fake f;
    fake_open(&f, 0);
    dtake_load *load = start(&f);
    told t = { .rows = 0 };
    sem_init(&t.sem, 0, 0);
    dtake_status st;
    take_all(load, &st);
    CHECK_OK(dtake_load_notify(load, NULL, only_note, &t));
    dtake_status second = dtake_load_notify(load, NULL, only_note, &t);
    CHECK(second == DTAKE_E_STATE || second == DTAKE_OK); /* OK when the first was told already */
    sem_wait(&t.sem);
    dtake_load_free(load);
    sem_destroy(&t.sem);
    fake_end(&f);
}

static void a_load_leaves_as_an_arrow_stream(void **state)
{
    (void)state;
    fake f;
    fake_open(&f, 0);
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    CHECK_OK(dtake_load_to_arrow(start(&f), &stream, NULL));
    CHECK_EQ(stream.get_schema(&stream, &schema), 0);
    CHECK_STR(schema.format, "+s");
    CHECK_STR(schema.children[0]->name, "time");
    schema.release(&schema);
    int64_t rows = 0;
    for (;;) {
        struct ArrowArray array;
        CHECK_EQ(stream.get_next(&stream, &array), 0);
        if (array.release == NULL)
            break;
        rows += array.length;
        array.release(&array);
    }
    CHECK_EQ(rows, 1000);
    stream.release(&stream);
    fake_end(&f);
}

static void answered(dtake_status status, dtake_answer *answer, const dtake_error *err, void *ctx)
{
    (void)err;
    told *t = ctx;
    t->status = status;
    t->rows = answer->number;
    sem_post(&t->sem);
}

static void questions_are_answered_with_and_without_waiting(void **state)
{
    (void)state;
    fake f;
    fake_open(&f, 0);
    dtake_query *query;
    int64_t count = 0;
    dtake_error err;
    dtake_batch *batch;
    CHECK_OK(dtake_query_new(&query, NULL));
    CHECK_OK(dtake_count(&f.client, query, &count, NULL));
    CHECK_EQ(count, 42);
    CHECK_STATUS(dtake_find(&f.client, "d", NULL, "x", &batch, &err), DTAKE_E_NOT_FOUND);
    CHECK_STR(err.message, "no 'x' here");
    told t = { .rows = 0 };
    sem_init(&t.sem, 0, 0);
    CHECK_OK(dtake_count_start(&f.client, query, NULL, answered, &t));
    dtake_query_free(query); /* it was copied */
    sem_wait(&t.sem);
    CHECK(t.status == DTAKE_OK && t.rows == 42);
    CHECK_OK(dtake_find_start(&f.client, "d", NULL, "x", NULL, answered, &t));
    sem_wait(&t.sem);
    CHECK_EQ(t.status, DTAKE_E_NOT_FOUND);
    sem_destroy(&t.sem);
    fake_end(&f);
}

static bool is_refused(fake *f, dtake_load *load, const dtake_query *query)
{
    dtake_error err = { 0 };
    dtake_load *second;
    dtake_batch *batch;
    dtake_load_progress progress;
    int64_t count;
    dtake_load_progress_get(load, &progress);
    dtake_load_cancel(load);
    return dtake_load_start(&second, &f->client, query, &err) == DTAKE_E_STATE &&
           strstr(err.message, "fork") != NULL && dtake_load_next(load, &batch, NULL) == DTAKE_E_STATE &&
           dtake_count(&f->client, query, &count, NULL) == DTAKE_E_STATE;
}

/* Many times while batches arrive: now and then a thread that the child does not have holds the load's lock.
 */
static void a_forked_child_is_refused_with_one_sentence(void **state)
{
    (void)state;
    fake f;
    fake_open(&f, 0);
    f.batches = 100000;
    f.rows_each = 1;
    dtake_query *query;
    CHECK_OK(dtake_query_new(&query, NULL));
    dtake_load *load = start(&f);
    for (int i = 0; i < 50; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(20); /* one that hangs ends by the signal */
            bool refused = is_refused(&f, load, query);
            dtake_load_free(load); /* does nothing */
            _exit(refused ? 0 : 1);
        }
        int status;
        waitpid(child, &status, 0);
        CHECK_EQ(status, 0);
    }
    dtake_load_free(load);
    dtake_query_free(query);
    fake_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_come_in_order_and_then_the_end_again_and_again),
        cmocka_unit_test(a_failure_comes_after_what_came_before_it),
        cmocka_unit_test(loads_run_ahead_only_as_far_as_the_budget_allows_and_none_blocks_another),
        cmocka_unit_test(a_callback_can_take_everything_and_free_the_load),
        cmocka_unit_test(who_waits_for_a_cancelled_load_is_told_so),
        cmocka_unit_test(two_cannot_wait_for_the_same_batch),
        cmocka_unit_test(a_load_leaves_as_an_arrow_stream),
        cmocka_unit_test(questions_are_answered_with_and_without_waiting),
        cmocka_unit_test(a_forked_child_is_refused_with_one_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
