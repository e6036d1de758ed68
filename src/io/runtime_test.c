#include "io/kept.h"
#include "io/runtime_fixture.h"

#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

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

static int made, dropped;

static void *make_number(dtake_runtime *runtime)
{
    CHECK(runtime != NULL);
    return ++made == 1 ? NULL : &made; /* no memory at first */
}

static void drop_number(void *thing)
{
    CHECK(thing == &made);
    dropped++;
}

static void what_is_kept_is_made_once_and_dropped_with_the_runtime(void **state)
{
    (void)state;
    static const char key = 0, other = 0;
    dtake_runtime *runtime = open_runtime(1, 0);
    made = dropped = 0;
    CHECK(dtake__kept(runtime, &key, make_number, drop_number) == NULL);
    CHECK(dtake__kept(runtime, &key, make_number, drop_number) == &made);
    CHECK(dtake__kept(runtime, &key, make_number, drop_number) == &made);
    CHECK(dtake__kept(runtime, &other, make_number, drop_number) == &made);
    CHECK(made == 3 && dropped == 0);
    dtake_runtime_close(runtime);
    CHECK_EQ(dropped, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_once_can_be_moved_and_stopped),
        cmocka_unit_test(a_latch_gives_up_after_its_time),
        cmocka_unit_test(completions_are_drained_in_batches_while_the_descriptor_is_readable),
        cmocka_unit_test(after_fork_the_child_is_told_to_open_its_own_runtime),
        cmocka_unit_test(a_blocking_call_on_the_loop_thread_is_refused),
        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(many_bodies_over_a_long_way_are_received_once_a_millisecond),
        cmocka_unit_test(what_is_kept_is_made_once_and_dropped_with_the_runtime),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
