/* Cuts one area out of every raster named, all at once, and shows how far it is. Ctrl-C cancels: what is
 * finished stays, and no half file is left.
 *
 *   get_with_progress OUT_FOLDER W,S,E,N INPUT...
 */
#include <datatake/datatake.h>

#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static void show(const dtake_job *job)
{
    dtake_progress p;
    dtake_job_progress(job, &p);
    fprintf(stderr, "\r%lld of %lld images, %.1f MB, %lld requests, %.1f s", (long long)p.items_done,
            (long long)p.items_total, (double)p.bytes_done / 1e6, (long long)p.requests, p.seconds);
}

static void print_results(const dtake_job *job)
{
    dtake_result r;
    for (size_t i = 0; dtake_job_result(job, i, &r); i++) {
        if (r.status == DTAKE_OK)
            printf("%s %lld x %lld\n", r.path, (long long)r.width, (long long)r.height);
        else
            fprintf(stderr, "%s: %s\n", r.id, r.message);
    }
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: get_with_progress OUT_FOLDER W,S,E,N INPUT...\n");
        return 2;
    }
    signal(SIGINT, on_interrupt);

    dtake_error err;
    dtake_runtime *runtime = NULL;
    dtake_job *job = NULL;
    dtake_get_options options = { .inputs = (const char *const *)argv + 3,
                                  .input_count = (size_t)argc - 3,
                                  .has_bbox = true,
                                  .out_dir = argv[1],
                                  .overwrite = true };

    dtake_status st = dtake_box_parse(argv[2], &options.bbox, &err);
    if (st != DTAKE_OK)
        goto done;
    st = dtake_runtime_open(&runtime, NULL, &err);
    if (st != DTAKE_OK)
        goto done;
    st = dtake_get_start(&job, runtime, &options, &err);
    if (st != DTAKE_OK)
        goto done;
    while (!dtake_job_wait(job, 100)) {
        show(job);
        if (interrupted)
            dtake_job_cancel(job);
    }
    show(job);
    fputc('\n', stderr);
    print_results(job);
    st = dtake_job_status(job, &err);
done:
    if (st != DTAKE_OK)
        fprintf(stderr, "get_with_progress: %s\n", err.message);
    dtake_job_free(job);
    dtake_runtime_close(runtime);
    return dtake_status_exit(st);
}
