#include "format/zip_write.h"

#include "core/error.h"

#include <libdeflate.h>
#include <string.h>

enum {
    LOCAL = 0x04034b50,
    CENTRAL = 0x02014b50,
    END = 0x06054b50,
    VERSION = 20,
    UTF8_NAMES = 0x0800,
    JANUARY_1980 = 0x21, /* the oldest date there is: the same files give the same bytes */
    NAME_BYTES = 255,
    DIRECTORY_BYTES = 1 << 20
};

static void put(dtake__zip *zip, dtake_buf *to, const void *bytes, size_t len)
{
    if (zip->status == DTAKE_OK)
        zip->status = dtake__buf_append(to, bytes, len);
}

/* Little-endian, `bytes` of it. */
static void put_number(dtake__zip *zip, dtake_buf *to, uint32_t value, int bytes)
{
    uint8_t raw[4];
    for (int i = 0; i < bytes; i++)
        raw[i] = (uint8_t)(value >> (8 * i));
    put(zip, to, raw, (size_t)bytes);
}

/* What a local header and its entry of the directory have in common. */
static void put_facts(dtake__zip *zip, dtake_buf *to, uint32_t crc, size_t len, size_t name_len)
{
    put_number(zip, to, VERSION, 2);
    put_number(zip, to, UTF8_NAMES, 2);
    put_number(zip, to, 0, 2); /* stored */
    put_number(zip, to, 0, 2);
    put_number(zip, to, JANUARY_1980, 2);
    put_number(zip, to, crc, 4);
    put_number(zip, to, (uint32_t)len, 4);
    put_number(zip, to, (uint32_t)len, 4);
    put_number(zip, to, (uint32_t)name_len, 2);
    put_number(zip, to, 0, 2);
}

void dtake__zip_begin(dtake__zip *zip, dtake_buf *out)
{
    *zip = (dtake__zip){ .out = out, .directory = DTAKE_BUF_INIT(DIRECTORY_BYTES) };
}

void dtake__zip_add(dtake__zip *zip, const char *name, const void *bytes, size_t len)
{
    size_t name_len = strnlen(name, NAME_BYTES), at = zip->out->len;
    if (zip->files == DTAKE__ZIP_MAX_FILES || len > INT32_MAX || at > INT32_MAX)
        zip->status = zip->status == DTAKE_OK ? DTAKE_E_LIMIT : zip->status;
    if (zip->status != DTAKE_OK)
        return;
    uint32_t crc = libdeflate_crc32(0, bytes, len);
    zip->files++;
    put_number(zip, zip->out, LOCAL, 4);
    put_facts(zip, zip->out, crc, len, name_len);
    put(zip, zip->out, name, name_len);
    put(zip, zip->out, bytes, len);
    put_number(zip, &zip->directory, CENTRAL, 4);
    put_number(zip, &zip->directory, VERSION, 2);
    put_facts(zip, &zip->directory, crc, len, name_len);
    for (int i = 0; i < 3; i++) /* comment, disk, internal attributes */
        put_number(zip, &zip->directory, 0, 2);
    put_number(zip, &zip->directory, 0, 4);
    put_number(zip, &zip->directory, (uint32_t)at, 4);
    put(zip, &zip->directory, name, name_len);
}

dtake_status dtake__zip_end(dtake__zip *zip, dtake_error *err)
{
    size_t at = zip->out->len, len = zip->directory.len;
    put(zip, zip->out, zip->directory.data, len);
    put_number(zip, zip->out, END, 4);
    put_number(zip, zip->out, 0, 4); /* one disk */
    put_number(zip, zip->out, (uint32_t)zip->files, 2);
    put_number(zip, zip->out, (uint32_t)zip->files, 2);
    put_number(zip, zip->out, (uint32_t)len, 4);
    put_number(zip, zip->out, (uint32_t)at, 4);
    put_number(zip, zip->out, 0, 2);
    dtake__buf_dispose(&zip->directory);
    return zip->status == DTAKE_OK
               ? DTAKE_OK
               : dtake__fail(err, zip->status, "a ZIP archive of more than 2 GiB, or no memory");
}
