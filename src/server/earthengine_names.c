#include "server/earthengine_names.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>

enum { SLOTS = 4096, MOST_BYTES = 128 << 20, MOST = 100000, LIFE_MS = 6 * 3600 * 1000, KIND_BYTES = 24 };

typedef struct kept {
    char name[DTAKE__EE_NAME_BYTES];
    char kind[KIND_BYTES];
    char *bytes;
    size_t len;
    uint64_t content; /* hash of kind and bytes */
    int64_t made_ms;
    struct kept *by_name, *by_content; /* the next of the slot */
    struct kept *newer;
} kept;

struct dtake__ee_names_kept {
    pthread_mutex_t lock;
    kept *by_name[SLOTS], *by_content[SLOTS];
    kept *oldest, *newest;
    size_t count, bytes;
};

static uint64_t hash_of(const char *text, size_t len, uint64_t hash)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)text[i]) * 1099511628211U;
    return hash ^ hash >> 29;
}

static size_t slot_of_name(const char *name)
{
    return hash_of(name, strlen(name), 14695981039346656037U) % SLOTS;
}

static uint64_t content_of(const char *kind, dtake__span bytes)
{
    return hash_of(bytes.text, bytes.len, hash_of(kind, strlen(kind), 14695981039346656037U));
}

dtake_status dtake__ee_names_new(dtake__ee_names_kept **out, dtake_error *err)
{
    *out = dtake__calloc(1, sizeof(**out));
    if (*out == NULL)
        return dtake__fail_nomem(err, "names");
    pthread_mutex_init(&(*out)->lock, NULL);
    return DTAKE_OK;
}

static void drop_oldest(dtake__ee_names_kept *names)
{
    kept *old = names->oldest;
    kept **at = &names->by_name[slot_of_name(old->name)];
    while (*at != old)
        at = &(*at)->by_name;
    *at = old->by_name;
    at = &names->by_content[old->content % SLOTS];
    while (*at != old)
        at = &(*at)->by_content;
    *at = old->by_content;
    names->oldest = old->newer;
    if (names->oldest == NULL)
        names->newest = NULL;
    names->count--;
    names->bytes -= old->len + sizeof *old;
    dtake__free(old->bytes);
    dtake__free(old);
}

void dtake__ee_names_free(dtake__ee_names_kept *names)
{
    if (names == NULL)
        return;
    while (names->oldest != NULL)
        drop_oldest(names);
    pthread_mutex_destroy(&names->lock);
    dtake__free(names);
}

static bool make_name(char out[DTAKE__EE_NAME_BYTES])
{
    uint8_t chance[32];
    if (getrandom(chance, sizeof chance, 0) != (ssize_t)sizeof chance)
        return false;
    dtake__hex_write(out, chance, 16);
    out[32] = '-';
    dtake__hex_write(out + 33, chance + 16, 16);
    return true;
}

/* Those that are over, and the oldest while there is no room for `more`. */
static void make_room(dtake__ee_names_kept *names, size_t more)
{
    int64_t now = dtake__now_ms();
    while (names->oldest != NULL && (now - names->oldest->made_ms > LIFE_MS || names->count >= MOST ||
                                     names->bytes + more > MOST_BYTES))
        drop_oldest(names);
}

static const kept *find_content(const dtake__ee_names_kept *names, const char *kind, dtake__span bytes,
                                uint64_t content)
{
    int64_t now = dtake__now_ms();
    for (const kept *k = names->by_content[content % SLOTS]; k != NULL; k = k->by_content)
        if (k->content == content && k->len == bytes.len && strcmp(k->kind, kind) == 0 &&
            now - k->made_ms < LIFE_MS / 2 && memcmp(k->bytes, bytes.text, bytes.len) == 0)
            return k;
    return NULL;
}

/* With the lock held. */
static kept *add(dtake__ee_names_kept *names, const char *kind, dtake__span bytes, uint64_t content)
{
    make_room(names, bytes.len + sizeof(kept));
    kept *k = dtake__calloc(1, sizeof *k);
    char *copy = dtake__strndup(bytes.text, bytes.len);
    if (k == NULL || copy == NULL || !make_name(k->name)) {
        dtake__free(k);
        dtake__free(copy);
        return NULL;
    }
    size_t slot = slot_of_name(k->name);
    strncpy(k->kind, kind, KIND_BYTES - 1);
    k->bytes = copy;
    k->len = bytes.len;
    k->content = content;
    k->made_ms = dtake__now_ms();
    k->by_name = names->by_name[slot];
    names->by_name[slot] = k;
    k->by_content = names->by_content[content % SLOTS];
    names->by_content[content % SLOTS] = k;
    *(names->newest != NULL ? &names->newest->newer : &names->oldest) = k;
    names->newest = k;
    names->count++;
    names->bytes += k->len + sizeof *k;
    return k;
}

dtake_status dtake__ee_names_add(dtake__ee_names_kept *names, const char *kind, dtake__span bytes,
                                 char out[DTAKE__EE_NAME_BYTES], dtake_error *err)
{
    uint64_t content = content_of(kind, bytes);
    pthread_mutex_lock(&names->lock);
    const kept *k = find_content(names, kind, bytes, content);
    if (k == NULL)
        k = add(names, kind, bytes, content);
    if (k != NULL)
        memcpy(out, k->name, DTAKE__EE_NAME_BYTES);
    pthread_mutex_unlock(&names->lock);
    return k != NULL ? DTAKE_OK : dtake__fail_nomem(err, "a name");
}

bool dtake__ee_names_get(dtake__ee_names_kept *names, const char *kind, const char *name, dtake_buf *out)
{
    int64_t now = dtake__now_ms();
    pthread_mutex_lock(&names->lock);
    const kept *k = names->by_name[slot_of_name(name)];
    while (k != NULL && (strcmp(k->name, name) != 0 || strcmp(k->kind, kind) != 0))
        k = k->by_name;
    bool found =
        k != NULL && now - k->made_ms <= LIFE_MS && dtake__buf_append(out, k->bytes, k->len) == DTAKE_OK;
    pthread_mutex_unlock(&names->lock);
    return found;
}
