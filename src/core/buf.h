/* A growing run of bytes that states at birth how large it may get. */
#ifndef DTAKE_CORE_BUF_H
#define DTAKE_CORE_BUF_H

#include <datatake/status.h>

typedef struct dtake_buf {
    uint8_t *data; /* always followed by a '\0' when not NULL, so that text can be read as a string */
    size_t len;    /* bytes used */
    size_t cap;    /* bytes allocated, without the '\0' */
    size_t limit;  /* len never passes it */
} dtake_buf;

#define DTAKE_BUF_INIT(max_bytes) ((dtake_buf){ NULL, 0, 0, (max_bytes) })

/* DTAKE_E_LIMIT over the limit, DTAKE_E_NOMEM; the content is then unchanged. */
dtake_status dtake__buf_append(dtake_buf *buf, const void *bytes, size_t len);
dtake_status dtake__buf_puts(dtake_buf *buf, const char *text);
dtake_status dtake__buf_printf(dtake_buf *buf, const char *fmt, ...) DTAKE_PRINTF(2, 3);
dtake_status dtake__buf_reserve(dtake_buf *buf, size_t more); /* room for `more` bytes after len */
void dtake__buf_clear(dtake_buf *buf);                        /* empties, keeps the memory */
void dtake__buf_shrink(dtake_buf *buf);                       /* gives back memory behind len */
void dtake__buf_dispose(dtake_buf *buf);
void dtake__buf_move(dtake_buf *to, dtake_buf *from); /* to must hold nothing; from is left empty */
const char *dtake__buf_str(const dtake_buf *buf);     /* "" when nothing was written */

#endif
