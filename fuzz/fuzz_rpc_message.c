/* What stands in the body of a call: gRPC's frame, gzip in it or around a Connect message. The message is no
 * longer than the limit, lies in memory that is there, and all that was counted is given back. */
#include "server/rpc_call.h"
#include "server/server.h"

#include <stdlib.h>
#include <string.h>

static void decode(dtake_server *server, const dtake__rpc_wire *wire, bool packed, const uint8_t *data,
                   size_t size)
{
    dtake__rpc_call call = { .server = server, .wire = wire, .packed = packed };
    call.body.bytes = DTAKE_BUF_INIT(DTAKE__BODY_MAX + 5);
    if (dtake__body_append(&server->bodies, &call.body, data, size) != 0)
        return;
    if (wire->decode(&call) == 0) {
        uint8_t sum = 0;
        if (call.message.len > DTAKE__BODY_MAX + 5)
            abort();
        for (size_t i = 0; i < call.message.len; i++)
            sum ^= (uint8_t)call.message.text[i];
        dtake_buf message = DTAKE_BUF_INIT(DTAKE__RPC_MAX_ANSWER);
        dtake__rpc_out out = { .body = DTAKE_BUF_INIT(DTAKE__RPC_MAX_ANSWER) };
        call.packs = sum & 1;
        if (dtake__buf_append(&message, call.message.text, call.message.len) != DTAKE_OK ||
            wire->encode(&call, &message, &out) != DTAKE_OK)
            abort();
        dtake__buf_dispose(&message);
        dtake__buf_dispose(&out.body);
    }
    dtake__body_dispose(&server->bodies, &call.body);
    dtake__body_dispose(&server->bodies, &call.unpacked);
    if (atomic_load(&server->bodies.held) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static dtake_server server;
    if (size == 0)
        return 0;
    decode(&server, data[0] & 1 ? &dtake__rpc_grpc : &dtake__rpc_connect, (data[0] & 2) != 0, data + 1,
           size - 1);
    return 0;
}
