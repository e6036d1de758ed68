#include "access/long_area.h"

#include "access/again.h"
#include "access/folder.h"
#include "core/alloc.h"
#include "core/error.h"
#include "io/checksum.h"

#include <string.h>
#include <sys/stat.h>

enum { MOST_IN_RECEIPT = 32 << 10 };
static const size_t MOST_IN_FILE = (size_t)64 << 20;

bool dtake__area_is_long(const char *text)
{
    return strlen(text) > MOST_IN_RECEIPT;
}

bool dtake__area_put(json_t *options, const char *text, const char *file)
{
    char hex[DTAKE__SHA256_HEX];
    dtake__sha256_hex(text, strlen(text), hex);
    bool ok = json_object_set_new(options, "intersects_sha256", json_string(hex)) == 0;
    if (file == NULL)
        return ok;
    char *whole = dtake__absolute_href(file);
    ok = ok && whole != NULL && json_object_set_new(options, "intersects_file", json_string(whole)) == 0;
    dtake__free(whole);
    return ok;
}

static dtake_status read_area(const char *file, const char *sha256, dtake_buf *area, dtake_error *err)
{
    char hex[DTAKE__SHA256_HEX];
    if (file == NULL)
        return dtake__fail(
            err, DTAKE_E_UNSUPPORTED,
            "its area (--intersects) has more than %d KiB and came from no file: run get again",
            MOST_IN_RECEIPT >> 10);
    struct stat about;
    if (stat(file, &about) == 0 && !S_ISREG(about.st_mode)) /* the receipt may be anybody's */
        return dtake__fail(err, DTAKE_E_USAGE, "its area (--intersects) %.300s is not a file", file);
    dtake_status st = dtake__file_read(file, area, err);
    if (st != DTAKE_OK) {
        dtake__error_prefix(err, "its area (--intersects)");
        return st;
    }
    dtake__sha256_hex(dtake__buf_str(area), area->len, hex);
    return strcmp(hex, sha256) == 0
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_CHANGED, "its area (--intersects) %.300s has changed", file);
}

dtake_status dtake__area_fill_in(json_t **out, const json_t *options, dtake_error *err)
{
    const char *sha256 = json_string_value(json_object_get(options, "intersects_sha256"));
    const char *file = json_string_value(json_object_get(options, "intersects_file"));
    dtake_buf area = DTAKE_BUF_INIT(MOST_IN_FILE);
    json_t *whole = json_copy((json_t *)options);
    dtake_status st = whole != NULL ? DTAKE_OK : dtake__fail_nomem(err, "a receipt");
    if (st == DTAKE_OK && sha256 != NULL) {
        json_object_del(whole, "intersects_sha256");
        st = read_area(file, sha256, &area, err);
        if (st == DTAKE_OK &&
            json_object_set_new(whole, "intersects", json_stringn(dtake__buf_str(&area), area.len)) != 0)
            st = dtake__fail(err, DTAKE_E_FORMAT, "its area (--intersects) %.300s is not text", file);
    }
    dtake__buf_dispose(&area);
    if (st == DTAKE_OK)
        *out = whole;
    else
        json_decref(whole);
    return st;
}
