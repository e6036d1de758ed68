/* Opening what lies inside a folder and nothing else. */
#ifndef DTAKE_SERVER_BENEATH_H
#define DTAKE_SERVER_BENEATH_H

#include <datatake/api.h>

/* Opens `path` (relative, "" is the folder itself) for reading, or negative errno. Links are followed as long
 * as they stay inside; one that leads out, also by an absolute path, is -ENOENT. Never waits for the other
 * end of a fifo. The descriptor is the caller's. */
int dtake__open_beneath(int folder_fd, const char *path);

/* The same by walking, for kernels and sandboxes without openat2(2): no link is followed at all. */
int dtake__open_beneath_walk(int folder_fd, const char *path);

#endif
