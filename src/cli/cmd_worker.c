/* worker: the body of a process of get --mode processes and of compare. */
#include "cli/commands.h"
#include "cli/print.h"

#include <datatake/worker.h>

#include <signal.h>
#include <unistd.h>

int dtake__cmd_worker(const dtake__args *args)
{
    (void)args;
    dtake_error err = { .message = "" };
    /* Ctrl-C reaches the whole process group; whoever started this worker hears it too, and closes the pipe.
     */
    signal(SIGINT, SIG_IGN);
    dtake_status st = dtake_worker_run(STDIN_FILENO, STDOUT_FILENO, &err);
    if (st == DTAKE_E_USAGE || st == DTAKE_E_FORMAT)
        dtake__say("worker: %s", err.message);
    return dtake_status_exit(st);
}
