#include "cli/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* Also looked at by threads that write; free of locks, so that a handler may set them. */
static atomic_int first_signal, at_once;
static volatile sig_atomic_t resized;
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler must not wait for a lock");
static volatile bool stop;

static void end(int signal_number)
{
    static const char line[] = "datatake: stopped\n";
    ssize_t ignored = write(STDERR_FILENO, line, sizeof line - 1);
    (void)ignored;
    _exit(dtake__signals_exit(signal_number));
}

static void on_stop(int signal_number)
{
    if (at_once != 0)
        end(signal_number);
    if (first_signal != 0)
        _exit(dtake__signals_exit(signal_number));
    first_signal = signal_number;
    stop = true;
}

static void on_resize(int signal_number)
{
    (void)signal_number;
    resized = 1;
}

static void catch_signal(int number, void (*handler)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigaction(number, &action, NULL);
}

void dtake__signals_catch(void)
{
    catch_signal(SIGINT, on_stop);
    catch_signal(SIGTERM, on_stop);
    catch_signal(SIGWINCH, on_resize);
}

void dtake__signals_end_at_once(void)
{
    at_once = 1;
    if (first_signal != 0)
        end(first_signal);
}

int dtake__signals_seen(void)
{
    return first_signal;
}

const volatile bool *dtake__signals_flag(void)
{
    return &stop;
}

static void stop_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

void dtake__signals_block(void)
{
    sigset_t set;
    stop_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void dtake__signals_wait(void)
{
    sigset_t set;
    int number = 0;
    stop_signals(&set);
    while (sigwait(&set, &number) != 0)
        ;
    dtake__signals_catch();
    first_signal = number;
    stop = true;
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

bool dtake__signals_resized(void)
{
    bool now = resized != 0;
    resized = 0;
    return now;
}

int dtake__signals_exit(int signal_number)
{
    return 128 + signal_number;
}
