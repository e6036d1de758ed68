#include "output/netcdf_api.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

static dtake__netcdf_api api;
static bool loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER; /* HDF5 is not built for threads */

/* The library stays until the process ends: HDF5 has atexit handlers of its own. */
static void load(void)
{
    static const char *const names[] = { "libnetcdf.so.19", "libnetcdf.so", "libnetcdf.so.22",
                                         "libnetcdf.so.18" };
    void *library = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && library == NULL; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return;
    bool all = true;
#define FIND(name)                                                                                           \
    do {                                                                                                     \
        void *symbol = dlsym(library, #name);                                                                \
        memcpy(&api.name, &symbol, sizeof symbol);                                                           \
        all = all && symbol != NULL;                                                                         \
    } while (0);
    DTAKE_NETCDF_MAP(FIND)
#undef FIND
    loaded = all;
}

const dtake__netcdf_api *dtake__netcdf_load(void)
{
    pthread_once(&once, load);
    return loaded ? &api : NULL;
}

void dtake__netcdf_lock(void)
{
    pthread_mutex_lock(&one_at_a_time);
}

void dtake__netcdf_unlock(void)
{
    pthread_mutex_unlock(&one_at_a_time);
}
