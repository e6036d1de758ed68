/* Sending a part of an open file as the body of an answer. */
#ifndef DTAKE_SERVER_FILE_BODY_H
#define DTAKE_SERVER_FILE_BODY_H

#include "server/exchange.h"
#include "server/multipart.h"

#include <sys/stat.h>

/* A file, as it was when it was opened. */
typedef struct dtake__served_file {
    int fd;
    struct stat as_opened;
} dtake__served_file;

/* Takes the descriptor, starts the answer with `status` and sends the ranges (for HEAD nothing); several need
 * `parts`, which stand around them. An empty file is one range of no length. When the file is not the same
 * any more before the last bytes are sent, the answer is broken off: two versions are never mixed. */
void dtake__send_file(dtake__exchange *exchange, dtake__served_file file, int status,
                      const dtake__ranges *ranges, const dtake__multipart *parts);

#endif
