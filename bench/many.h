/* What programs have in common that read many windows, one of each raster, and say how long it took. */
#ifndef BENCH_MANY_H
#define BENCH_MANY_H

#include <datatake/datatake.h>

enum { MANY_HREF = 1024 };

typedef struct many many;

/* First member of every window. */
typedef struct many_window {
    many *job;
    char href[MANY_HREF];
    dtake_raster *raster;
    dtake_error err;
} many_window;

typedef struct many_kind {
    const char *name; /* of the program */
    size_t bytes;     /* of a window */
    bool (*parse)(const char *line, many_window *window);
    dtake_status (*opened)(many_window *window, dtake_error *err); /* on the loop thread: many_tell follows */
    uint64_t (*finish)(many_window *window); /* on the main thread: the sum of its pixels */
} many_kind;

struct many {
    const many_kind *kind;
    dtake_runtime *runtime;
    dtake_queue *queue;
    char *windows;
    size_t count, started, finished, at_once;
    uint64_t sum;
};

_Noreturn void many_die(const many *job, const char *what, const char *message);

/* Any thread: whatever happened goes to the main thread, which adds up, so that a run is its own proof. */
void many_tell(many_window *window, dtake_status status, const dtake_error *err);

/* The sum of an image of uint16, which is disposed. */
uint64_t many_add_up(const many_window *window, dtake_pixels *pixels);

/* LIST [AT_ONCE]: prints a line of JSON, the seconds from the first call to the last pixel, and the sum. */
int many_main(int argc, char **argv, const many_kind *kind);

#endif
