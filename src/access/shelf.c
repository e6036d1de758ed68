#include "access/shelf.h"

#include "core/alloc.h"

#include <string.h>
#include <zstd.h>

enum {
    BLOCK_RECORDS = 64,
    MAX_RECORD_BYTES = 1 << 20,
    LEVEL = 3, /* of zstd; higher ones gain nothing on blocks this small */
};

/* `newest` becomes a block. */
static dtake_status close_block(dtake__shelf *shelf)
{
    dtake_status st = DTAKE_E_NOMEM;
    size_t bound = ZSTD_compressBound(shelf->newest.len);
    uint8_t *packed = dtake__alloc(bound), *fits = NULL;
    if (packed == NULL)
        return st;
    dtake__shelf_block *more =
        dtake__room_for_one(shelf->block, shelf->blocks, &shelf->capacity, sizeof *more);
    if (more == NULL)
        goto done;
    shelf->block = more;
    size_t len = ZSTD_compress(packed, bound, shelf->newest.data, shelf->newest.len, LEVEL);
    if (ZSTD_isError(len) || (fits = dtake__alloc(len)) == NULL)
        goto done;
    memcpy(fits, packed, len);
    shelf->block[shelf->blocks++] =
        (dtake__shelf_block){ fits, (uint32_t)len, (uint32_t)shelf->newest.len, 0 };
    dtake__buf_clear(&shelf->newest);
    st = DTAKE_OK;
done:
    dtake__free(packed);
    return st;
}

dtake_status dtake__shelf_put(dtake__shelf *shelf, const void *bytes, size_t len)
{
    uint32_t size = (uint32_t)len;
    if (len > MAX_RECORD_BYTES)
        return DTAKE_E_LIMIT;
    shelf->newest.limit = (size_t)BLOCK_RECORDS * (MAX_RECORD_BYTES + sizeof size);
    if (shelf->count > 0 && shelf->count % BLOCK_RECORDS == 0 && shelf->newest.len > 0 &&
        close_block(shelf) != DTAKE_OK)
        return DTAKE_E_NOMEM;
    if (dtake__buf_reserve(&shelf->newest, sizeof size + len) != DTAKE_OK)
        return DTAKE_E_NOMEM;
    dtake__buf_append(&shelf->newest, &size, sizeof size);
    dtake__buf_append(&shelf->newest, bytes, len);
    shelf->count++;
    return DTAKE_OK;
}

static bool show(dtake__shelf *shelf, size_t block)
{
    const dtake__shelf_block *at = &shelf->block[block];
    if (shelf->shown.len > 0 && shelf->shown_block == block)
        return true;
    dtake__buf_clear(&shelf->shown);
    shelf->shown.limit = shelf->newest.limit;
    if (dtake__buf_reserve(&shelf->shown, at->bytes) != DTAKE_OK ||
        ZSTD_decompress(shelf->shown.data, at->bytes, at->packed, at->packed_bytes) != at->bytes)
        return false;
    shelf->shown.len = at->bytes;
    shelf->shown_block = block;
    return true;
}

const void *dtake__shelf_get(dtake__shelf *shelf, uint32_t number, size_t *len)
{
    size_t block = number / BLOCK_RECORDS;
    if (block < shelf->blocks && !show(shelf, block))
        return NULL;
    const uint8_t *at = block < shelf->blocks ? shelf->shown.data : shelf->newest.data;
    uint32_t size;
    memcpy(&size, at, sizeof size);
    for (uint32_t i = 0; i < number % BLOCK_RECORDS; i++) {
        at += sizeof size + size;
        memcpy(&size, at, sizeof size);
    }
    *len = size;
    return at + sizeof size;
}

void dtake__shelf_drop(dtake__shelf *shelf, uint32_t number)
{
    size_t block = number / BLOCK_RECORDS;
    if (block >= shelf->blocks || ++shelf->block[block].dropped < BLOCK_RECORDS)
        return;
    dtake__free(shelf->block[block].packed);
    shelf->block[block].packed = NULL;
}

void dtake__shelf_dispose(dtake__shelf *shelf)
{
    for (size_t i = 0; i < shelf->blocks; i++)
        dtake__free(shelf->block[i].packed);
    dtake__free(shelf->block);
    dtake__buf_dispose(&shelf->newest);
    dtake__buf_dispose(&shelf->shown);
    *shelf = (dtake__shelf){ 0 };
}
