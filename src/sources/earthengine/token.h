/* The access token of one credential: fetched when it is first needed, and again before it ends or when it
 * was refused. One exchange at a time, however many wait. Loop thread only, but for new and release. */
#ifndef DTAKE_SOURCES_EARTHENGINE_TOKEN_H
#define DTAKE_SOURCES_EARTHENGINE_TOKEN_H

#include <datatake/runtime.h>

#include "config/google.h"
#include "core/buf.h"

typedef struct dtake__ee_token dtake__ee_token;

/* Takes what `credential` holds (it is then empty), whatever its kind; one reference. */
dtake_status dtake__ee_token_new(dtake__ee_token **out, dtake_runtime *runtime, dtake__google *credential,
                                 dtake_error *err);
void dtake__ee_token_release(
    dtake__ee_token *token); /* any thread; an exchange under way goes on without us */
const dtake__google *dtake__ee_token_credential(const dtake__ee_token *token);

/* The header line that goes with requests now, which lasts until the loop's next turn. NULL: there is no
 * valid one, wait for it. "": requests go without. */
const char *dtake__ee_token_line(const dtake__ee_token *token);

typedef struct dtake__ee_wait {
    void (*done)(struct dtake__ee_wait *wait); /* never from inside dtake__ee_token_await */
    dtake_status status;
    dtake_error err;
    struct dtake__ee_wait *next; /* the token's own */
} dtake__ee_wait;

/* Until the next exchange has ended; begins one unless it is under way. A failure to begin is returned. */
dtake_status dtake__ee_token_await(dtake__ee_token *token, dtake__ee_wait *wait, dtake_error *err);
void dtake__ee_token_forget(dtake__ee_token *token, dtake__ee_wait *wait); /* `done` is not called any more */

/* The service did not take `line`: the next request needs a new one. False when there never will be one: what
 * was refused is all there is. */
bool dtake__ee_token_refused(dtake__ee_token *token, const char *line);

/* What is posted to token_uri at `now_s` (Unix time): RFC 6749 section 6, or RFC 7523 with a JWT signed by
 * RS256. DTAKE_E_AUTH: the private key is none. */
dtake_status dtake__ee_token_form(const dtake__google *credential, int64_t now_s, dtake_buf *out,
                                  dtake_error *err);

#endif
