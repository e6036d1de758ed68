/* What is made once for a runtime, when it is first asked for, and lives as long as the runtime does. */
#ifndef DTAKE_IO_KEPT_H
#define DTAKE_IO_KEPT_H

#include <datatake/runtime.h>

/* `key` is a static address. `make` returns NULL when out of memory, and so does this; `drop` is called when
 * nothing of the runtime runs any more. Any thread; `make` must not ask in turn. */
void *dtake__kept(dtake_runtime *runtime, const void *key, void *(*make)(dtake_runtime *runtime),
                  void (*drop)(void *thing));

#endif
