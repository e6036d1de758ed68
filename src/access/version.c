#include "access/version.h"

#include "core/text.h"
#include "sources/rasters.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* "\"SIZE-MTIME-INODE\"" of a local file without the inode: a copy that kept its time is the same file. */
static void cut_inode(char *etag)
{
    char *dash = strrchr(etag, '-');
    if (dash != NULL)
        strcpy(dash, "\"");
}

dtake__version dtake__version_of_object(const dtake__object *object)
{
    dtake__version version = { .bytes = dtake__object_bytes(object) };
    snprintf(version.etag, sizeof version.etag, "%s", dtake__object_etag(object));
    if (!dtake__object_is_remote(object))
        cut_inode(version.etag);
    if (version.etag[0] == '\0')
        snprintf(version.modified, sizeof version.modified, "%s", dtake__object_last_modified(object));
    return version;
}

bool dtake__version_of_foreign(const char *href, dtake__version *out)
{
    const dtake__foreign_kind *kind = dtake__source_rasters();
    if (!kind->takes(href))
        return false;
    *out = (dtake__version){ .bytes = 0 };
    kind->version(href, out->etag, sizeof out->etag);
    return true;
}

/* GDAL reads with files of its own: of those only local ones have a version. */
dtake__version dtake__version_of_raster(const dtake_raster *raster, const char *href)
{
    const dtake__object *object = dtake__raster_object(raster);
    dtake__version version = { .bytes = -1 };
    struct stat is;
    if (dtake__version_of_foreign(href, &version))
        return version;
    if (object != NULL)
        return dtake__version_of_object(object);
    if (dtake__is_http_url(href) || stat(href, &is) != 0)
        return version;
    version.bytes = is.st_size;
    dtake__file_etag(&is, version.etag, sizeof version.etag);
    cut_inode(version.etag);
    return version;
}

dtake__version dtake__version_of_probe(const dtake__object *object, dtake_status status)
{
    dtake__version version = dtake__version_of_object(object);
    if (status == DTAKE_E_RANGE)
        version = (dtake__version){ .bytes = 0 };
    return version;
}
