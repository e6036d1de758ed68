#include "catalog/db.h"

#include "core/alloc.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/vfs.h>

static atomic_long pretended;

void dtake__pretend_file_system(long type)
{
    atomic_store(&pretended, type);
}

/* Numbers of linux/magic.h and of those who do not stand there. FUSE is not among them: most of it is local.
 */
static const struct {
    long type;
    const char *name;
} shared[] = {
    { 0x6969, "NFS" },      { 0x517b, "SMB" },        { 0xff534d42, "CIFS" },  { 0xfe534d42, "SMB2" },
    { 0x00c36400, "Ceph" }, { 0x0bd00bd0, "Lustre" }, { 0x47504653, "GPFS" },  { 0x19830326, "BeeGFS" },
    { 0x5346414f, "AFS" },  { 0x564c, "NCP" },        { 0x7461636f, "OCFS2" }, { 0x01161970, "GFS2" },
    { 0x01021997, "9p" },
};

/* A file that is not there yet is looked for where it will be. */
static bool type_of(const char *path, long *out)
{
    struct statfs facts;
    if (statfs(path, &facts) != 0) {
        char folder[4096];
        const char *slash = strrchr(path, '/');
        size_t len = slash != NULL ? (size_t)(slash - path) + 1 : 1;
        if (len >= sizeof folder)
            return false;
        memcpy(folder, slash != NULL ? path : ".", len);
        folder[len] = '\0';
        if (statfs(folder, &facts) != 0)
            return false;
    }
    *out = (long)facts.f_type & 0xffffffff;
    return true;
}

const char *dtake__network_file_system(const char *path)
{
    long type = atomic_load(&pretended);
    if (type == 0 && !type_of(path, &type))
        return NULL;
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
        if (shared[i].type == type)
            return shared[i].name;
    return NULL;
}
