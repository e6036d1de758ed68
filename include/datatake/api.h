/* What every public header needs: export marks and the five sentences about callbacks.
 *
 * Callbacks (`done, void *ctx`), everywhere in this library:
 *   1. `done` is called exactly once for each call that returned DTAKE_OK.
 *   2. Never from inside the call that started it.
 *   3. On the runtime's loop thread with no lock held; it must not block.
 *   4. Cancelling is a request; the answer is `done` with DTAKE_E_CANCELLED.
 *   5. `done, ctx` come last, side by side.
 */
#ifndef DATATAKE_API_H
#define DATATAKE_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define DTAKE_API                __attribute__((visibility("default")))
#define DTAKE_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#else
#define DTAKE_API
#define DTAKE_PRINTF(fmt, first)
#endif

#endif
