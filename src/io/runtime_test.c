#include "check.h"

#include "io/engine.h"
#include "io/loop.h"
#include "io/workers.h"

#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static dtake_runtime *open_runtime(int workers, int64_t budget)
{
    dtake_runtime *runtime;
    dtake_runtime_options options = { .workers = workers, .bytes_in_flight = budget, .cache_dir = "" };
    CHECK_OK(dtake_runtime_open(&runtime, &options, NULL));
    return runtime;
}

/* Runs `act` on the loop thread and waits for it. */
typedef struct on_loop {
    dtake__post post;
    void (*act)(void *ctx);
    void *ctx;
    dtake__latch *latch;
} on_loop;

static void run_on_loop(dtake__post *post)
{
    on_loop *call = (on_loop *)post;
    call->act(call->ctx);
    dtake__latch_open(call->latch);
}

static void call_on_loop(dtake_runtime *runtime, void (*act)(void *), void *ctx)
{
    on_loop call = { { run_on_loop, NULL }, act, ctx, dtake__latch_new() };
    dtake__loop_post(runtime, &call.post);
    CHECK(dtake__latch_wait(call.latch, 10000));
    dtake__latch_free(call.latch);
}

/* --- work in order --- */

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

/* --- scratch --- */

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

/* --- timers --- */

typedef struct clockwork {
    dtake_runtime *runtime;
    dtake__timer *early, *late, *stopped;
    dtake__latch *latch;
    char fired[8];
} clockwork;

static void fire_early(void *ctx)
{
    strcat(((clockwork *)ctx)->fired, "e");
}

static void fire_late(void *ctx)
{
    clockwork *clock = ctx;
    strcat(clock->fired, "l");
    dtake__timer_free(clock->early);
    dtake__timer_free(clock->late);
    dtake__timer_free(clock->stopped);
    dtake__latch_open(clock->latch);
}

static void fire_stopped(void *ctx)
{
    strcat(((clockwork *)ctx)->fired, "s");
}

static void set_timers(void *ctx)
{
    clockwork *clock = ctx;
    clock->early = dtake__timer_new(clock->runtime, fire_early, clock);
    clock->late = dtake__timer_new(clock->runtime, fire_late, clock);
    clock->stopped = dtake__timer_new(clock->runtime, fire_stopped, clock);
    dtake__timer_start(clock->stopped, 1);
    dtake__timer_start(clock->late, 1);
    dtake__timer_start(clock->late, 30); /* moved */
    dtake__timer_start(clock->early, 5);
    dtake__timer_stop(clock->stopped);
    dtake__timer_stop(clock->stopped);
    CHECK_EQ(clock->fired[0], '\0'); /* never from inside start */
}

static void timers_fire_once_can_be_moved_and_stopped(void **state)
{
    (void)state;
    clockwork clock = { .runtime = open_runtime(1, 0), .latch = dtake__latch_new() };
    call_on_loop(clock.runtime, set_timers, &clock);
    CHECK(dtake__latch_wait(clock.latch, 10000));
    dtake_runtime_close(clock.runtime);
    CHECK_STR(clock.fired, "el");
    dtake__latch_free(clock.latch);
}

static void a_latch_gives_up_after_its_time(void **state)
{
    (void)state;
    dtake__latch *latch = dtake__latch_new();
    CHECK(!dtake__latch_wait(latch, 0));
    CHECK(!dtake__latch_wait(latch, 5));
    dtake__latch_open(latch);
    CHECK(dtake__latch_wait(latch, 0));
    CHECK(dtake__latch_wait(latch, -1));
    dtake__latch_free(latch);
}

/* --- the budget --- */

typedef struct share {
    dtake__budget_wait wait;
    char name;
    char *granted;
    dtake_runtime *runtime;
} share;

static void note_grant(dtake__budget_wait *wait)
{
    share *at = (share *)wait;
    char name[2] = { at->name, '\0' };
    strcat(at->granted, name);
}

static void nothing(void *ctx)
{
    (void)ctx;
}

/* Grants are given on the loop: after a round trip there they have been given. */
static void settle(dtake_runtime *runtime)
{
    call_on_loop(runtime, nothing, NULL);
    call_on_loop(runtime, nothing, NULL);
}

static void tell_on_loop(dtake_runtime *runtime, void (*tell)(void *ctx), share *at)
{
    call_on_loop(runtime, tell, at);
    settle(runtime);
}

static void the_budget_is_shared_in_order_and_lets_a_giant_in_alone(void **state)
{
    (void)state;
    char granted[16] = "";
    dtake_runtime *runtime = open_runtime(1, 100);
    const struct {
        char name;
        int64_t bytes;
        uint64_t order;
    } asked[] = { { 'a', 60, 1 }, { 'b', 50, 5 }, { 'c', 10, 9 }, { 'd', 30, 2 }, { 'G', 500, 6 } };
    share shares[5];
    for (int i = 0; i < 5; i++) {
        shares[i] = (share){ { .bytes = asked[i].bytes, .order = asked[i].order, .granted = note_grant },
                             asked[i].name,
                             granted };
        dtake__budget_acquire(runtime, &shares[i].wait);
        settle(runtime);
    }
    /* a takes 60; b does not fit; c may not overtake it; d is earlier than b and fits */
    CHECK_STR(granted, "ad");
    dtake__budget_release(runtime, 60);
    settle(runtime);
    CHECK_STR(granted, "adb"); /* 80 of 100; the giant waits, c behind it */
    dtake__budget_release(runtime, 30);
    settle(runtime);
    CHECK_STR(granted, "adb");
    dtake__budget_release(runtime, 50);
    settle(runtime);
    CHECK_STR(granted, "adbG"); /* alone */
    dtake__budget_release(runtime, 500);
    settle(runtime);
    CHECK_STR(granted, "adbGc");
    dtake__budget_release(runtime, 10);
    dtake_runtime_close(runtime);
}

/* What the loop thread does for who has all its bytes, or is through. */
static void tell_fetched(void *ctx)
{
    share *at = ctx;
    dtake__budget_fetched(at->runtime, &at->wait);
}

static void tell_ended(void *ctx)
{
    share *at = ctx;
    dtake__budget_ended(at->runtime, &at->wait);
    dtake__budget_release(at->runtime, at->wait.bytes);
}

static void while_nobody_fetches_one_more_is_let_in_beyond_the_budget(void **state)
{
    (void)state;
    char granted[16] = "";
    dtake_runtime *runtime = open_runtime(1, 100);
    static const int64_t bytes[] = { 90, 50, 10, 500, 400 };
    share shares[5];
    for (int i = 0; i < 5; i++) {
        shares[i] =
            (share){ { .bytes = bytes[i], .granted = note_grant, .fetches = true, .order = (uint64_t)i },
                     (char)('a' + i),
                     granted,
                     runtime };
        dtake__budget_acquire(runtime, &shares[i].wait);
    }
    settle(runtime);
    CHECK_STR(granted, "a");
    CHECK_EQ(dtake__budget_waiting(runtime), 4);
    tell_on_loop(runtime, tell_fetched, &shares[0]);
    CHECK_STR(granted, "ab"); /* 140 of 100, and b fetches */
    tell_on_loop(runtime, tell_fetched, &shares[1]);
    CHECK_STR(granted, "ab"); /* no third beyond the limit */
    tell_on_loop(runtime, tell_ended, &shares[0]);
    CHECK_STR(granted, "abc"); /* fits */
    tell_on_loop(runtime, tell_ended, &shares[1]);
    tell_on_loop(runtime, tell_fetched, &shares[2]);
    CHECK_STR(granted, "abcd"); /* giants: two at a time */
    tell_on_loop(runtime, tell_fetched, &shares[3]);
    CHECK_STR(granted, "abcd");
    tell_on_loop(runtime, tell_ended, &shares[2]);
    CHECK_STR(granted, "abcde");
    tell_on_loop(runtime, tell_ended, &shares[3]);
    tell_on_loop(runtime, tell_ended, &shares[4]);
    dtake_runtime_close(runtime);
}

typedef struct withdrawal {
    dtake_runtime *runtime;
    share *waiting, *granted;
} withdrawal;

static void withdraw_both(void *ctx)
{
    withdrawal *at = ctx;
    CHECK(dtake__budget_withdraw(at->runtime, &at->waiting->wait));
    CHECK(!dtake__budget_withdraw(at->runtime, &at->waiting->wait));
    CHECK(!dtake__budget_withdraw(at->runtime, &at->granted->wait));
}

static void who_withdraws_is_not_granted_and_makes_way(void **state)
{
    (void)state;
    char granted[16] = "";
    dtake_runtime *runtime = open_runtime(1, 100);
    share a = { { .bytes = 90, .granted = note_grant }, 'a', granted };
    share b = { { .bytes = 50, .granted = note_grant }, 'b', granted };
    share c = { { .bytes = 10, .granted = note_grant }, 'c', granted };
    dtake__budget_acquire(runtime, &a.wait);
    dtake__budget_acquire(runtime, &b.wait);
    dtake__budget_acquire(runtime, &c.wait);
    settle(runtime);
    CHECK_STR(granted, "a");
    call_on_loop(runtime, withdraw_both, &(withdrawal){ runtime, &b, &a });
    settle(runtime);
    CHECK_STR(granted, "ac");
    dtake_runtime_close(runtime);
}

/* --- completions for a foreign loop --- */

static bool readable(dtake_queue *queue)
{
    struct pollfd fd = { dtake_queue_fd(queue), POLLIN, 0 };
    return poll(&fd, 1, 0) == 1;
}

static void completions_are_drained_in_batches_while_the_descriptor_is_readable(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    static char tags[COUNT];
    dtake_queue *queue;
    dtake_completion batch[300];
    CHECK_OK(dtake_queue_open(&queue, NULL));
    CHECK(!readable(queue));
    CHECK_EQ(dtake_queue_drain(queue, batch, 300), 0);
    size_t seen = 0;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++)
            CHECK_OK(dtake_queue_push(queue, &tags[i], i % 2 ? DTAKE_E_TIMEOUT : DTAKE_OK));
        for (size_t got, at = 0; readable(queue); at += got, seen += got) {
            got = dtake_queue_drain(queue, batch, 300);
            CHECK(got == 300 || at + got == COUNT);
            for (size_t i = 0; i < got; i++) {
                CHECK(batch[i].tag == &tags[at + i]);
                CHECK_EQ(batch[i].status, (at + i) % 2 ? DTAKE_E_TIMEOUT : DTAKE_OK);
            }
        }
    }
    CHECK_EQ(seen, 3 * COUNT);
    dtake_queue_close(queue);
    dtake_queue_close(NULL);
}

/* --- fork, closing, options --- */

static int threads_not_asleep(void)
{
    int awake = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        char path[300], line[512] = "";
        if (task->d_name[0] == '.' || atoi(task->d_name) == getpid())
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/stat", task->d_name);
        FILE *file = fopen(path, "r");
        if (file == NULL)
            continue;
        const char *name_end = fgets(line, sizeof line, file) != NULL ? strrchr(line, ')') : NULL;
        awake += name_end != NULL && name_end[2] != 'S';
        fclose(file);
    }
    closedir(tasks);
    return awake;
}

static void after_fork_the_child_is_told_to_open_its_own_runtime(void **state)
{
    (void)state;
    dtake_runtime *runtime = open_runtime(1, 0);
    dtake_queue *queue;
    CHECK_OK(dtake_queue_open(&queue, NULL));
    /* The address sanitizer's locks do not survive a fork while a thread that starts holds one, and the child
     * starts threads of its own. */
    while (threads_not_asleep() > 0)
        sched_yield();
    pid_t child = fork();
    if (child == 0) {
        dtake_error err = { 0 };
        dtake_runtime *own = NULL;
        dtake_runtime_options options = { .workers = 1, .cache_dir = "" };
        int wrong = dtake__runtime_usable(runtime, false, &err) != DTAKE_E_STATE;
        wrong |= (strstr(err.message, "before fork()") == NULL) << 1;
        wrong |= (dtake_queue_push(queue, NULL, DTAKE_OK) != DTAKE_E_STATE) << 2;
        dtake_runtime_close(runtime); /* nothing to wait for */
        wrong |= (dtake_runtime_open(&own, &options, NULL) != DTAKE_OK) << 3;
        wrong |= own != NULL && dtake__runtime_usable(own, true, NULL) != DTAKE_OK ? 16 : 0;
        dtake_runtime_close(own);
        _exit(wrong);
    }
    int status = -1;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK_OK(dtake__runtime_usable(runtime, true, NULL));
    CHECK(!readable(queue));
    dtake_queue_close(queue);
    dtake_runtime_close(runtime);
}

static void ask_to_block(void *ctx)
{
    dtake_error err;
    CHECK_OK(dtake__runtime_usable(ctx, false, NULL));
    CHECK_STATUS(dtake__runtime_usable(ctx, true, &err), DTAKE_E_STATE);
    CHECK(strstr(err.message, "_start") != NULL);
}

static void a_blocking_call_on_the_loop_thread_is_refused(void **state)
{
    (void)state;
    dtake_runtime *runtime = open_runtime(1, 0);
    call_on_loop(runtime, ask_to_block, runtime);
    dtake_runtime_close(runtime);
    dtake_runtime_close(NULL);
}

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    const dtake_runtime_options wrong[] = {
        { .workers = -1 }, { .workers = 100000 },     { .connections_per_host = -5 },
        { .retries = -2 }, { .bytes_in_flight = -1 }, { .low_speed_ms = -1 }
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        dtake_runtime *runtime = (dtake_runtime *)&wrong;
        CHECK_STATUS(dtake_runtime_open(&runtime, &wrong[i], NULL), DTAKE_E_USAGE);
        CHECK(runtime == NULL);
    }
}

static void many_bodies_over_a_long_way_are_received_once_a_millisecond(void **state)
{
    (void)state;
    CHECK_EQ(dtake__loop_rest_us(64, 50000, 300), 700);
    CHECK_EQ(dtake__loop_rest_us(64, 50000, 1000), 0); /* the round was long enough, waiting included */
    CHECK_EQ(dtake__loop_rest_us(64, 50000, 20000), 0);
    CHECK_EQ(dtake__loop_rest_us(7, 50000, 300), 0);
    CHECK_EQ(dtake__loop_rest_us(64, 200, 300), 0); /* this machine, or its neighbour */
    CHECK_EQ(dtake__loop_rest_us(64, 0, 300), 0);   /* not known yet */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_of_earlier_images_goes_first),
        cmocka_unit_test(closing_waits_for_work_and_for_what_it_starts),
        cmocka_unit_test(work_that_waits_for_a_disk_holds_up_no_worker),
        cmocka_unit_test(each_thread_makes_its_scratch_once_and_frees_it),
        cmocka_unit_test(timers_fire_once_can_be_moved_and_stopped),
        cmocka_unit_test(a_latch_gives_up_after_its_time),
        cmocka_unit_test(the_budget_is_shared_in_order_and_lets_a_giant_in_alone),
        cmocka_unit_test(while_nobody_fetches_one_more_is_let_in_beyond_the_budget),
        cmocka_unit_test(who_withdraws_is_not_granted_and_makes_way),
        cmocka_unit_test(completions_are_drained_in_batches_while_the_descriptor_is_readable),
        cmocka_unit_test(after_fork_the_child_is_told_to_open_its_own_runtime),
        cmocka_unit_test(a_blocking_call_on_the_loop_thread_is_refused),
        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(many_bodies_over_a_long_way_are_received_once_a_millisecond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
