#include "io/space.h"

#include "core/alloc.h"
#include "core/error.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

/* The disk of the deepest folder that is there. */
static bool look(const char *path, struct statvfs *out)
{
    char *folder = dtake__strdup(path);
    bool found = false;
    while (folder != NULL && !found) {
        char *slash = strrchr(folder, '/');
        if (slash == NULL) {
            found = statvfs(".", out) == 0;
            break;
        }
        slash[slash == folder ? 1 : 0] = '\0';
        found = statvfs(folder, out) == 0;
        if (found || errno != ENOENT || slash == folder)
            break;
    }
    dtake__free(folder);
    return found;
}

dtake_status dtake__space_check(const char *path, int64_t bytes, dtake_error *err)
{
    struct statvfs disk;
    if (!look(path, &disk) || disk.f_blocks == 0) /* some file systems do not count */
        return DTAKE_OK;
    double room = (double)disk.f_bavail * (double)disk.f_frsize;
    if (room >= (double)bytes)
        return DTAKE_OK;
    return dtake__fail(err, DTAKE_E_LOCAL_IO,
                       "write %s: it needs %.1f MB and %.1f MB are free on its disk: make room, or choose "
                       "another folder",
                       path, (double)bytes * 1e-6, room * 1e-6);
}
