/* The journal of a part file: what it claims never passes the object's length, and a claim needs its
 * checksums. */
#include "io/journal.h"

#include <stdlib.h>
#include <string.h>

static const dtake__journal_object scene = {
    .href = "http://127.0.0.1/B04.tif", .etag = "\"5f-1\"", .options = "raw", .bytes = 1000000
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t done, done_of_good;
    size_t good, good_again;
    char *copy = malloc(size > 0 ? size : 1); /* of exactly this size, so that a step too far is seen */
    if (copy == NULL)
        return 0;
    memcpy(copy, data, size);
    dtake__journal_parse(copy, size, &scene, &done, &good);
    if (done < 0 || done > scene.bytes || good > size || (good == 0 && done != 0))
        abort();
    dtake__journal_parse(copy, good, &scene, &done_of_good, &good_again);
    if (done_of_good != done || good_again != good)
        abort();
    free(copy);
    return 0;
}
