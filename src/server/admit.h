/* Who asks, and whether they may: keys, and how often. */
#ifndef DTAKE_SERVER_ADMIT_H
#define DTAKE_SERVER_ADMIT_H

#include "server/bucket.h"
#include "server/keys.h"
#include "server/rpc.h"

#include <sys/stat.h>

enum { DTAKE__CALLERS = 4096 /* remembered; one more replaces another */ };

/* How often one caller, a key or an address, has asked of late. */
typedef struct dtake__habit {
    uint64_t caller; /* hash */
    dtake__bucket requests, wrong_keys;
} dtake__habit;

typedef struct dtake__door {
    char path[DTAKE__KEYS_PATH_BYTES]; /* of the keys */
    dtake__keys keys;
    struct stat seen;     /* the file, when it was read */
    bool everybody_reads; /* without a key */
    bool is_local;        /* only this machine can come here: without a key, all is allowed */
    double each_second;   /* requests of one caller; 0: any number */
    dtake__habit *habits; /* DTAKE__CALLERS */
} dtake__door;

/* What became of a request's caller. */
typedef struct dtake__caller {
    int refused;                         /* status; 0: let in */
    const char *why;                     /* static */
    unsigned rights;                     /* dtake__right */
    char key_name[DTAKE_KEY_NAME_BYTES]; /* "": without a key */
} dtake__caller;

dtake_status dtake__door_open(dtake__door *door, const char *keys_path, dtake_error *err);
void dtake__door_refresh(dtake__door *door); /* reads the keys again when their file has changed */
void dtake__door_close(dtake__door *door);

/* `authorization`: the field of the request, or NULL. */
dtake__caller dtake__admit(dtake__door *door, const char *peer, const char *authorization, int64_t now_ms);
/* Whoever knows the address of what is asked for: without a key and without rights, but no more often. */
dtake__caller dtake__admit_anybody(dtake__door *door, const char *peer, int64_t now_ms);

#endif
