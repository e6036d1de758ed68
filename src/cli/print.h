/* Where text leaves the program: data to standard output, everything else to standard error. */
#ifndef DTAKE_CLI_PRINT_H
#define DTAKE_CLI_PRINT_H

#include "core/buf.h"

/* Exit status when the reader of standard output went away (a shell shows the same for SIGPIPE). */
enum { DTAKE_EXIT_PIPE = 141 };

/* Writes through to standard output. After a failure nothing is written any more and false is returned. */
bool dtake__stdout_write(const void *bytes, size_t len);
bool dtake__stdout_puts(const char *text);
bool dtake__stdout_buf(dtake_buf *text); /* writes and empties it */
bool dtake__stdout_failed(void);

/* The exit status after all output: `status` if it arrived, DTAKE_EXIT_PIPE without a word if the reader went
 * away, 8 with a line when it could not be written. */
int dtake__stdout_finish(int status);

/* "datatake: ..." and a line end to standard error; control characters are made visible. */
void dtake__say(const char *fmt, ...) DTAKE_PRINTF(1, 2);
void dtake__stderr_write(const char *text, size_t len);

/* Says the error and returns its exit status. */
int dtake__say_error(const dtake_error *err);
int dtake__say_status(dtake_status status, dtake_error *err); /* the same, with that status; OK: 0, unsaid */

/* Appends text from outside so that a terminal shows it and obeys nothing in it: control characters, also the
 * C1 range, and bytes that are not UTF-8 become \xNN. */
dtake_status dtake__put_visible(dtake_buf *buf, const char *text);

/* Bytes of the UTF-8 character at `text` when it is valid and no control character, else 0. */
size_t dtake__visible_char(const char *text);

#endif
