/* Room on disks. */
#ifndef DTAKE_IO_SPACE_H
#define DTAKE_IO_SPACE_H

#include <datatake/status.h>

/* DTAKE_E_LOCAL_IO when a file of that path, which need not be there, nor its folders, has no room for so
 * many bytes. What cannot be found out is taken for enough. */
dtake_status dtake__space_check(const char *path, int64_t bytes, dtake_error *err);

#endif
