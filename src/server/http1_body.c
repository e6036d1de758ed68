/* Where a request's body ends. */
#include "server/http1_parse.h"

#include "core/text.h"

static dtake__http1_progress bad(dtake__http1_fault *fault, int status, const char *why)
{
    *fault = (dtake__http1_fault){ status, why };
    return DTAKE__HTTP1_BAD;
}

enum { SIZE, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, TRAILER, TRAILER_LF, LENGTH };

void dtake__http1_body_begin(dtake__http1_body *body, const dtake__http1_head *head, int64_t limit)
{
    *body = (dtake__http1_body){
        .state = head->chunked ? SIZE : LENGTH,
        .left = head->content_length,
        .limit = limit,
    };
}

static dtake__http1_progress size_byte(dtake__http1_body *body, uint8_t c, dtake__http1_fault *fault)
{
    int digit = dtake__hex_digit((char)c);
    if (digit >= 0 && body->digits < 8) {
        body->left = body->left * 16 + digit;
        body->digits++;
        return DTAKE__HTTP1_MORE;
    }
    if (body->digits == 0 || digit >= 0 || (c != ';' && c != '\r'))
        return bad(fault, 400, "the size of a chunk is malformed");
    body->total += body->left;
    if (body->total > body->limit)
        return bad(fault, 413, "the body is over the limit");
    body->state = c == ';' ? EXTENSION : SIZE_LF;
    return DTAKE__HTTP1_MORE;
}

/* Chunk extensions and trailer fields are skipped, but not for ever and not with control characters. */
static dtake__http1_progress skipped_byte(dtake__http1_body *body, uint8_t c, int after,
                                          dtake__http1_fault *fault)
{
    if (++body->extra > DTAKE__HTTP1_MAX_TRAILER)
        return bad(fault, 431, "chunk extensions and trailer fields over 4 KiB");
    if (c == '\r')
        body->state = after;
    else if ((c < 0x20 && c != '\t') || c == 0x7f)
        return bad(fault, 400, "a control character between chunks");
    return DTAKE__HTTP1_MORE;
}

static dtake__http1_progress framing_byte(dtake__http1_body *body, uint8_t c, dtake__http1_fault *fault)
{
    dtake__http1_progress progress = DTAKE__HTTP1_MORE;
    switch (body->state) {
    case SIZE:
        return size_byte(body, c, fault);
    case EXTENSION:
        return skipped_byte(body, c, SIZE_LF, fault);
    case TRAILER:
        progress = skipped_byte(body, c, TRAILER_LF, fault);
        body->at_line_start = body->at_line_start && c == '\r';
        return progress;
    case DATA_CR:
        body->state = DATA_LF;
        return c == '\r' ? progress : bad(fault, 400, "a chunk is longer than its size");
    default: /* a line feed is due */
        break;
    }
    if (c != '\n')
        return bad(fault, 400, "a carriage return within a line");
    if (body->state == TRAILER_LF && body->at_line_start)
        return DTAKE__HTTP1_DONE;
    if (body->state == SIZE_LF && body->left > 0) {
        body->state = DATA;
    } else if (body->state == DATA_LF) {
        body->state = SIZE;
        body->digits = 0;
    } else {
        body->state = TRAILER;
        body->at_line_start = true;
    }
    return DTAKE__HTTP1_MORE;
}

dtake__http1_progress dtake__http1_read_body(dtake__http1_body *body, const uint8_t *bytes, size_t len,
                                             size_t *used, size_t *run, dtake__http1_fault *fault)
{
    dtake__http1_progress progress = DTAKE__HTTP1_MORE;
    *used = *run = 0;
    if (body->state == LENGTH && body->left > body->limit)
        return bad(fault, 413, "the body is over the limit");
    while (progress == DTAKE__HTTP1_MORE && *used < len && body->state != LENGTH && body->state != DATA)
        progress = framing_byte(body, bytes[(*used)++], fault);
    if (progress != DTAKE__HTTP1_MORE || (body->state != LENGTH && body->state != DATA))
        return progress;
    *run = len - *used < (uint64_t)body->left ? len - *used : (size_t)body->left;
    *used += *run;
    body->left -= (int64_t)*run;
    if (body->state == LENGTH) {
        body->limit -= (int64_t)*run;
        return body->left == 0 ? DTAKE__HTTP1_DONE : DTAKE__HTTP1_MORE;
    }
    if (body->left == 0)
        body->state = DATA_CR;
    return DTAKE__HTTP1_MORE;
}
