#include "raster/gdal_api.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static dtake__gdal_api api;
static bool loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void ignore_error(int kind, int number, const char *message)
{
    (void)kind;
    (void)number;
    (void)message;
}

/* The library stays until the process ends: it has threads' leavings and atexit handlers of its own. */
static void load(void)
{
    static const char *const names[] = { "libgdal.so.32", "libgdal.so", "libgdal.so.36", "libgdal.so.34",
                                         "libgdal.so.33" };
    void *library = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && library == NULL; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return;
    bool all = true;
#define FIND(name, result, arguments)                                                                        \
    do {                                                                                                     \
        void *symbol = dlsym(library, #name);                                                                \
        memcpy(&api.name, &symbol, sizeof symbol);                                                           \
        all = all && symbol != NULL;                                                                         \
    } while (0);
    DTAKE_GDAL_MAP(FIND)
#undef FIND
    if (!all)
        return;
    api.CPLPushErrorHandler(ignore_error);
    api.GDALAllRegister();
    api.CPLPopErrorHandler();
    loaded = true;
}

const dtake__gdal_api *dtake__gdal_load(void)
{
    pthread_once(&once, load);
    return loaded ? &api : NULL;
}
