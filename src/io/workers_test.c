#include "io/runtime_fixture.h"
#include "io/workers.h"

#include <stdatomic.h>
#include <unistd.h>

typedef struct job {
    dtake__work work;
    int number;
    struct trail *trail;
} job;

typedef struct trail {
    dtake_runtime *runtime;
    dtake__latch *gate, *all_done;
    atomic_int ran;
    int order[16];
    int done, done_on_loop;
} trail;

static void wait_at_gate(dtake__work *work)
{
    dtake__latch_wait(((job *)work)->trail->gate, -1);
}

static void note_run(dtake__work *work)
{
    job *at = (job *)work;
    at->trail->order[atomic_fetch_add(&at->trail->ran, 1)] = at->number;
}

static void note_done(dtake__work *work)
{
    trail *seen = ((job *)work)->trail;
    seen->done_on_loop += dtake__on_loop(seen->runtime);
    if (++seen->done == 6)
        dtake__latch_open(seen->all_done);
}

static void work_of_earlier_images_goes_first(void **state)
{
    (void)state;
    dtake_runtime *runtime = open_runtime(1, 0);
    trail seen = { .runtime = runtime, .gate = dtake__latch_new(), .all_done = dtake__latch_new() };
    job first = { .work = { .run = wait_at_gate }, .trail = &seen };
    const uint64_t orders[6] = { 7, 2, 7, 0, 2, 9 };
    const int expected[6] = { 3, 1, 4, 0, 2, 5 };
    job jobs[6];
    dtake__workers_run(runtime, &first.work);
    for (int i = 0; i < 6; i++) {
        jobs[i] = (job){ .work = { .run = note_run, .done = note_done, .order = orders[i] },
                         .number = i,
                         .trail = &seen };
        dtake__workers_run(runtime, &jobs[i].work);
    }
    dtake__latch_open(seen.gate);
    CHECK(dtake__latch_wait(seen.all_done, 10000));
    dtake_runtime_close(runtime);
    CHECK_EQ(seen.done_on_loop, 6);
    for (int i = 0; i < 6; i++)
        CHECK_EQ(seen.order[i], expected[i]);
    dtake__latch_free(seen.gate);
    dtake__latch_free(seen.all_done);
}

typedef struct counted_work {
    dtake__work work;
    dtake_runtime *runtime;
    atomic_int *finished;
    int rounds;
} counted_work;

static void do_nothing(dtake__work *work)
{
    (void)work;
}

static void go_round_again(dtake__work *work)
{
    counted_work *at = (counted_work *)work;
    if (at->rounds-- > 0)
        dtake__workers_run(at->runtime, &at->work);
    else
        atomic_fetch_add(at->finished, 1);
}

static void closing_waits_for_work_and_for_what_it_starts(void **state)
{
    (void)state;
    atomic_int finished = 0;
    counted_work work[50];
    dtake_runtime *runtime = open_runtime(3, 0);
    for (int i = 0; i < 50; i++) {
        work[i] = (counted_work){ { .run = do_nothing, .done = go_round_again }, runtime, &finished, 20 };
        dtake__workers_run(runtime, &work[i].work);
    }
    dtake_runtime_close(runtime);
    CHECK_EQ(finished, 50);
}

typedef struct handshake {
    dtake__work work;
    dtake__latch *wait, *open;
    bool met;
} handshake;

static void meet(dtake__work *work)
{
    handshake *h = (handshake *)work;
    dtake__latch_open(h->open);
    h->met = dtake__latch_wait(h->wait, 30000);
}

static void work_that_waits_for_a_disk_holds_up_no_worker(void **state)
{
    (void)state;
    dtake_runtime *runtime = open_runtime(1, 0);
    dtake__latch *one = dtake__latch_new(), *two = dtake__latch_new();
    handshake slow = { { .run = meet }, one, two, false }, busy = { { .run = meet }, two, one, false };
    dtake__files_run(runtime, &slow.work); /* each ends only when the other runs beside it */
    dtake__workers_run(runtime, &busy.work);
    dtake_runtime_close(runtime);
    CHECK(slow.met && busy.met);
    dtake__latch_free(one);
    dtake__latch_free(two);
}

static atomic_int scratches_made, scratches_freed;

static void *make_scratch(void)
{
    atomic_fetch_add(&scratches_made, 1);
    return malloc(1);
}

static void free_scratch(void *value)
{
    atomic_fetch_add(&scratches_freed, 1);
    free(value);
}

static void use_scratch(dtake__work *work)
{
    static const char key, other;
    (void)work;
    void *first = dtake__thread_scratch(&key, make_scratch, free_scratch);
    CHECK(first != NULL && first == dtake__thread_scratch(&key, make_scratch, free_scratch));
    CHECK(first != dtake__thread_scratch(&other, make_scratch, free_scratch));
}

static void each_thread_makes_its_scratch_once_and_frees_it(void **state)
{
    (void)state;
    dtake_runtime *runtime = open_runtime(2, 0);
    dtake__work work[40];
    for (int i = 0; i < 40; i++) {
        work[i] = (dtake__work){ .run = use_scratch };
        dtake__workers_run(runtime, &work[i]);
    }
    dtake_runtime_close(runtime);
    CHECK(scratches_made == 2 || scratches_made == 4);
    CHECK_EQ(scratches_made, scratches_freed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_of_earlier_images_goes_first),
        cmocka_unit_test(closing_waits_for_work_and_for_what_it_starts),
        cmocka_unit_test(work_that_waits_for_a_disk_holds_up_no_worker),
        cmocka_unit_test(each_thread_makes_its_scratch_once_and_frees_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
