#include "server/admit.h"

#include "core/alloc.h"
#include "core/error.h"

#include <stdio.h>
#include <string.h>

/* Wrong keys of one address: who mistypes has enough, who guesses has not. */
static const dtake__allowance wrong_keys_allowed = { 20, 1 };

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

dtake_status dtake__door_open(dtake__door *door, const char *keys_path, dtake_error *err)
{
    struct stat now = { 0 };
    if (keys_path == NULL)
        dtake__keys_path(door->path);
    else if (strlen(keys_path) < sizeof door->path)
        strcpy(door->path, keys_path);
    else
        return dtake__fail(err, DTAKE_E_USAGE, "the path of the keys is too long");
    door->habits = dtake__calloc(DTAKE__CALLERS, sizeof *door->habits);
    if (door->habits == NULL)
        return dtake__fail_nomem(err, "server");
    if (door->path[0] == '\0')
        return DTAKE_OK;
    if (stat(door->path, &now) == 0)
        door->seen = now;
    return dtake__keys_load(&door->keys, door->path, err);
}

/* A file that cannot be read, or is damaged, changes nothing; one that is gone holds no key. */
void dtake__door_refresh(dtake__door *door)
{
    struct stat now = { 0 };
    if (door->path[0] == '\0')
        return;
    if (stat(door->path, &now) != 0)
        now = (struct stat){ 0 };
    if (same_file(&now, &door->seen))
        return;
    if (dtake__keys_load(&door->keys, door->path, NULL) == DTAKE_OK)
        door->seen = now;
}

void dtake__door_close(dtake__door *door)
{
    dtake__keys_dispose(&door->keys);
    dtake__free(door->habits);
}

/* FNV-1a. Of an IPv6 address its network counts: who has one address has them all. */
static uint64_t hash_of(const char *text, bool is_peer)
{
    uint64_t hash = 14695981039346656037U;
    int groups = 0;
    for (; *text != '\0' && groups < 4; text++) {
        hash = (hash ^ (unsigned char)*text) * 1099511628211U;
        groups += is_peer && *text == ':';
    }
    return hash;
}

static dtake__habit *habit_of(dtake__door *door, uint64_t caller)
{
    dtake__habit *habit = &door->habits[caller % DTAKE__CALLERS];
    if (habit->caller != caller)
        *habit = (dtake__habit){ .caller = caller };
    return habit;
}

static void refuse(dtake__caller *caller, int status, const char *why)
{
    *caller = (dtake__caller){ .refused = status, .why = why };
}

static unsigned bits_of(dtake_key_rights rights)
{
    return rights == DTAKE_KEY_ADMIN   ? DTAKE__RIGHTS_ALL
           : rights == DTAKE_KEY_WRITE ? DTAKE__RIGHT_READ | DTAKE__RIGHT_WRITE
                                       : DTAKE__RIGHT_READ;
}

/* The key of "Bearer KEY"; NULL: none. Some clients send the word alone. */
static const char *bearer(const char *authorization)
{
    if (authorization == NULL || strncasecmp(authorization, "bearer", 6) != 0)
        return NULL;
    const char *key = authorization + 6;
    key += strspn(key, " ");
    return *key != '\0' ? key : NULL;
}

static void use_key(dtake__door *door, dtake__caller *caller, const char *key, const char *peer,
                    int64_t now_ms)
{
    const dtake__key *found = dtake__keys_find(&door->keys, key);
    if (found != NULL) {
        caller->rights = bits_of(found->info.rights);
        memcpy(caller->key_name, found->info.name, sizeof caller->key_name);
    } else if (dtake__bucket_take(&habit_of(door, hash_of(peer, true))->wrong_keys, wrong_keys_allowed, 1,
                                  now_ms)) {
        refuse(caller, 401, "the API key is not known here");
    } else {
        refuse(caller, 429, "too many wrong keys from this address; try again in a while");
    }
}

/* One request more of whoever it is. */
static void count_request(dtake__door *door, dtake__caller *caller, const char *peer, int64_t now_ms)
{
    const dtake__allowance allowed = { 2 * door->each_second + 1, door->each_second };
    const char *name = caller->key_name[0] != '\0' ? caller->key_name : peer;
    if (caller->refused != 0 || door->each_second <= 0)
        return;
    dtake__habit *habit = habit_of(door, hash_of(name, name == peer));
    if (!dtake__bucket_take(&habit->requests, allowed, 1, now_ms))
        refuse(caller, 429, "too many requests; try again in a second");
}

dtake__caller dtake__admit(dtake__door *door, const char *peer, const char *authorization, int64_t now_ms)
{
    const char *key = bearer(authorization);
    dtake__caller caller = { .rights = 0 };
    if (key != NULL && !(door->is_local && door->keys.count == 0))
        use_key(door, &caller, key, peer, now_ms);
    else if (door->is_local)
        caller.rights = DTAKE__RIGHTS_ALL;
    else if (door->everybody_reads)
        caller.rights = DTAKE__RIGHT_READ;
    else
        refuse(&caller, 401, "an API key is needed here: 'authorization: Bearer KEY'");
    count_request(door, &caller, peer, now_ms);
    return caller;
}

dtake__caller dtake__admit_anybody(dtake__door *door, const char *peer, int64_t now_ms)
{
    dtake__caller caller = { .rights = 0 };
    count_request(door, &caller, peer, now_ms);
    return caller;
}
