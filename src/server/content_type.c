#include "server/content_type.h"

#include "core/text.h"

#include <string.h>

const char *dtake__content_type(const char *name)
{
    static const struct {
        const char *ending, *type;
    } types[] = {
        { "tif", "image/tiff; application=geotiff" },
        { "tiff", "image/tiff; application=geotiff" },
        { "json", "application/json" },
        { "geojson", "application/geo+json" },
        { "ndjson", "application/x-ndjson" },
        { "png", "image/png" },
        { "jpg", "image/jpeg" },
        { "jpeg", "image/jpeg" },
        { "jp2", "image/jp2" },
        { "webp", "image/webp" },
        { "svg", "image/svg+xml" },
        { "html", "text/html; charset=utf-8" },
        { "css", "text/css; charset=utf-8" },
        { "js", "text/javascript; charset=utf-8" },
        { "txt", "text/plain; charset=utf-8" },
        { "md", "text/markdown; charset=utf-8" },
        { "csv", "text/csv; charset=utf-8" },
        { "tsv", "text/tab-separated-values; charset=utf-8" },
        { "xml", "application/xml" },
        { "parquet", "application/vnd.apache.parquet" },
        { "arrow", "application/vnd.apache.arrow.file" },
        { "nc", "application/x-netcdf" },
        { "h5", "application/x-hdf5" },
        { "gz", "application/gzip" },
        { "zip", "application/zip" },
        { "pdf", "application/pdf" },
    };
    const char *slash = strrchr(name, '/'), *dot = strrchr(slash != NULL ? slash : name, '.');
    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof types[0]; i++)
        if (dtake__equal_nocase(dot + 1, types[i].ending))
            return types[i].type;
    return "application/octet-stream";
}
