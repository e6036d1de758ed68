/* Messages of the Tilebox API as C structs, read and written by one table a message.
 *
 * Texts and bytes are spans that point into what was read (or into what the caller lent for writing); a span
 * whose text is NULL is absent. Messages inside begin with `bool set`. Lists are the struct's own memory. */
#ifndef DTAKE_PROTOCOL_TILEBOX_MESSAGE_H
#define DTAKE_PROTOCOL_TILEBOX_MESSAGE_H

#include "format/protobuf.h"

#include <stddef.h>

enum { DTAKE__TB_MAX_ITEMS = 100000 }; /* of all lists of one message together */

typedef struct dtake__tb_list {
    void *at; /* an array of what the field's kind says; NULL when empty */
    size_t count;
} dtake__tb_list;

typedef struct dtake__tb_id {
    bool set; /* false also for an ID without bytes: "no id" */
    uint8_t bytes[16];
} dtake__tb_id;

/* google.protobuf.Timestamp and Duration */
typedef struct dtake__tb_time {
    bool set;
    int64_t seconds;
    int32_t nanos;
} dtake__tb_time;

typedef enum dtake__tb_kind {
    DTAKE__TB_BOOL,    /* bool */
    DTAKE__TB_I64,     /* int64_t */
    DTAKE__TB_U64,     /* uint64_t */
    DTAKE__TB_ENUM,    /* int32_t */
    DTAKE__TB_F64,     /* double */
    DTAKE__TB_TEXT,    /* dtake__span, UTF-8 */
    DTAKE__TB_BYTES,   /* dtake__span */
    DTAKE__TB_RAW,     /* dtake__span: a message inside, as its bytes */
    DTAKE__TB_ID,      /* dtake__tb_id, from a message whose field 1 is its bytes */
    DTAKE__TB_ID_TEXT, /* dtake__tb_id, from the text of a UUID (2024) */
    DTAKE__TB_TIME,    /* dtake__tb_time */
    DTAKE__TB_MESSAGE, /* a struct with a table of its own, whose first member is `bool set` */
} dtake__tb_kind;

typedef struct dtake__tb_message dtake__tb_message;

typedef struct dtake__tb_field {
    const char *name; /* as errors say it */
    uint32_t number;
    dtake__tb_kind kind;
    bool is_list;
    size_t offset;
    ptrdiff_t has; /* of the bool that says whether a number is there; -1: zero is absent */
    const dtake__tb_message *message;
} dtake__tb_field;

struct dtake__tb_message {
    const char *name;
    size_t bytes; /* of the struct */
    const dtake__tb_field *fields;
    size_t count;
};

/* Fills *out, which need not be initialised; what is absent is zero. On failure (DTAKE_E_FORMAT names the
 * field, DTAKE_E_LIMIT) it holds nothing to dispose of. */
dtake_status dtake__tb_read(const dtake__tb_message *message, const void *bytes, size_t len, void *out,
                            dtake_error *err);
void dtake__tb_dispose(const dtake__tb_message *message, void *value);

/* Appends the message. */
dtake_status dtake__tb_write(const dtake__tb_message *message, const void *value, dtake_buf *out,
                             dtake_error *err);
/* The same as a field of another message. */
void dtake__tb_put(const dtake__tb_message *message, const void *value, uint32_t number, dtake__pb_out *out);

/* Nanoseconds since 1970, cut to what int64 holds: "until the year 9999" is as good as for ever. */
int64_t dtake__tb_time_ns(dtake__tb_time time);
dtake__tb_time dtake__tb_time_of(int64_t ns);
dtake__tb_id dtake__tb_id_of(const uint8_t bytes[16]);

#endif
