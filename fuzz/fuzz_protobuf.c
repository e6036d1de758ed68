/* Wire messages of strangers. Whatever the bytes: what is read lies inside of them, and what was read without
 * a mistake, written again field by field, reads as the same. */
#include "core/alloc.h"
#include "format/protobuf.h"

#include <stdlib.h>

static void copy(dtake__pb_in *in, dtake__pb_out *out)
{
    while (dtake__pb_next(in)) {
        if (in->wire == DTAKE__PB_VARINT)
            dtake__pb_put_u64(out, in->field, dtake__pb_u64(in));
        else if (in->wire == DTAKE__PB_FIXED64)
            dtake__pb_put_f64(out, in->field, dtake__pb_f64(in));
        else if (in->wire == DTAKE__PB_FIXED32)
            dtake__pb_put_f32(out, in->field, dtake__pb_f32(in));
        else if (in->field % 3 == 0) {
            size_t mark = dtake__pb_begin(out, in->field);
            dtake__pb_in inside = dtake__pb_enter(in);
            copy(&inside, out);
            dtake__pb_leave(in, &inside);
            dtake__pb_end(out, mark);
        } else if (in->field % 3 == 1) {
            dtake__pb_run run = { 0 };
            uint64_t number;
            size_t mark = dtake__pb_begin(out, in->field);
            while (dtake__pb_each(in, &run, DTAKE__PB_VARINT, &number))
                dtake__pb_add_varint(out, number);
            dtake__pb_end(out, mark);
        } else
            dtake__pb_put_span(out, in->field, dtake__pb_text(in));
    }
}

static bool copy_all(const void *bytes, size_t len, dtake_buf *to)
{
    dtake__pb_in in = dtake__pb_read(bytes, len);
    dtake__pb_out out = { .to = to };
    dtake_error err;
    copy(&in, &out);
    return dtake__pb_done(&out, "a copy", &err) == DTAKE_OK &&
           dtake__pb_finish(&in, "bytes", &err) == DTAKE_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dtake_buf once = DTAKE_BUF_INIT(64 << 20), twice = DTAKE_BUF_INIT(64 << 20);
    if (copy_all(data, size, &once)) {
        /* the shortest form: never longer than what came, and the same when it is copied again */
        if (once.len > size || !copy_all(once.data, once.len, &twice) || once.len != twice.len ||
            (once.len > 0 && memcmp(once.data, twice.data, once.len) != 0))
            abort();
    }
    dtake__buf_dispose(&once);
    dtake__buf_dispose(&twice);
    return 0;
}
