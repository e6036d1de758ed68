/* What the journeys of this folder's tests share: a folder to write to, the real scenes, a run of a job. */
#ifndef DTAKE_ACCESS_JOURNEY_H
#define DTAKE_ACCESS_JOURNEY_H

#include "check.h"

#include <datatake/datatake.h>

#include <dirent.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCENES "../shared/data/imagery/sentinel2-l2a-33TWL-5dates"

static const char *const scenes_input[] = { SCENES };
static const char *const visual_bands[] = { "B8", "B4", "B3" };

typedef struct sandbox {
    char folder[TEMP_PATH];
    dtake_runtime *runtime;
} sandbox;

static inline sandbox open_sandbox(void)
{
    sandbox box;
    dtake_error err;
    CHECK(temp_folder(box.folder, "test"));
    if (dtake_runtime_open(&box.runtime, &(dtake_runtime_options){ .workers = 2, .cache_dir = "" }, &err) !=
        DTAKE_OK)
        fail_msg("%s", err.message);
    return box;
}

static inline int remove_one(const char *path, const struct stat *about, int kind, struct FTW *ftw)
{
    (void)about, (void)kind, (void)ftw;
    return remove(path);
}

static inline void close_sandbox(sandbox *box)
{
    dtake_runtime_close(box->runtime);
    nftw(box->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The tutorial's job on the five real scenes: the area lies within all of them. */
static inline dtake_get_options scenes_job(const char *out_dir)
{
    dtake_get_options o = { .inputs = scenes_input,
                            .input_count = 1,
                            .has_bbox = true,
                            .bbox = { 15.1, 45.3, 15.4, 45.5 },
                            .bands = visual_bands,
                            .band_count = 3,
                            .out_dir = out_dir };
    o.visualize = (dtake_visualize){ .enabled = true,
                                     .min_count = 1,
                                     .max_count = 1,
                                     .max = { 5000 },
                                     .gamma_count = 1,
                                     .gamma = { 1.35 },
                                     .opacity = 1 };
    return o;
}

static inline bool have_scenes(void)
{
    return access(SCENES, R_OK) == 0;
}

static inline dtake_status finish_job(dtake_job *job, dtake_error *err)
{
    CHECK(dtake_job_wait(job, 60000));
    return dtake_job_status(job, err);
}

static inline dtake_job *start_job(const sandbox *box, const dtake_get_options *o)
{
    dtake_job *job;
    dtake_error err;
    if (dtake_get_start(&job, box->runtime, o, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    return job;
}

/* Files below a folder whose name ends so, hidden ones too. */
static int counted;
static const char *counted_end;
static inline int count_one(const char *path, const struct stat *about, int kind, struct FTW *ftw)
{
    (void)about, (void)ftw;
    size_t n = strlen(path), e = strlen(counted_end);
    counted += kind == FTW_F && n >= e && strcmp(path + n - e, counted_end) == 0;
    return 0;
}

static inline int count_files(const char *folder, const char *end)
{
    counted = 0;
    counted_end = end;
    nftw(folder, count_one, 16, FTW_PHYS);
    return counted;
}

#endif
