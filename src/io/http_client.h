/* The inside of the HTTP client, for src/io/http_*.c only. Everything runs on the loop thread unless said
 * otherwise.
 *
 * The way of a request: start (any thread) -> enqueue at its host -> permit -> transfer (one attempt) ->
 * judge the answer -> keep the body -> end; or from a failed attempt to a rest on an alarm and back to
 * enqueue. */
#ifndef DTAKE_IO_HTTP_CLIENT_H
#define DTAKE_IO_HTTP_CLIENT_H

#include <curl/curl.h>
#include <sys/socket.h>

#include "io/engine.h"
#include "io/failure.h"
#include "io/http.h"
#include "io/http_text.h"
#include "io/permits.h"

enum {
    DTAKE__MAX_REDIRECTS = 10,
    DTAKE__MAX_ANSWER_HEADER = 64 * 1024, /* bytes of all header lines of one answer */
    DTAKE__MAX_LOCATION = 8 * 1024,
    DTAKE__MAX_TALK = 1024, /* bytes kept of what an error answer says */
    DTAKE__MAX_RETRY_AFTER_S = 120,
    DTAKE__MAX_WHOLE_FOR_RANGE = 64 << 20, /* a 200 for a range is read up to here */
    DTAKE__DEFAULT_MAX_BODY = 64 << 20,
    DTAKE__MAX_WARM = 64,
    DTAKE__READ_ON_BYTES = 64 * 1024, /* reading on costs less than a new connection */
};

/* A call back at a time of dtake__now_ms(). */
typedef struct dtake__alarm {
    dtake__heap_node node;
    void (*ring)(struct dtake__alarm *alarm);
} dtake__alarm;

/* What http_endgame.c knows of a host. */
typedef struct dtake__endgame {
    dtake__alarm look; /* for those that need help */
    int64_t look_due_ms;
    double usual_bytes_s;              /* of all connections, over the last second or so */
    int64_t span_start_ms, span_bytes; /* not in that yet */
    int64_t heard_ms, judge_from_ms;   /* the last bytes; after a silence of all: so long again */
    int64_t waste_bytes;               /* reckoned: of connections broken off because of helpers */
    int failures;                      /* of helpers */
} dtake__endgame;

/* One scheme, host and port: its permits and what was measured on the way there. */
typedef struct dtake__http_host {
    struct dtake__http_host *next;
    dtake__http_client *client;
    char *key;                           /* "https://example.org:443" */
    dtake__heap waiting, waiting_shorts; /* long requests and short ones */
    dtake__alarm pause;                  /* set while Retry-After of a 429 is obeyed */
    bool pumping;
    dtake__permits permits;
    int running, running_longs; /* permits taken, and by long requests */
    int parallel_max;
    int64_t window_slot; /* number of the newest slot */
    int64_t window[8];   /* bytes of the last slots */
    /* connections opened ahead, and where to: the address of the last one opened; 0 bytes: not known yet */
    curl_socket_t warm[DTAKE__MAX_WARM];
    int warm_count, warm_wanted;
    int family, protocol;
    unsigned address_bytes;
    struct sockaddr_storage address;
    dtake__alarm cool;
    atomic_int connections;
    atomic_int_least64_t rtt_us, first_byte_us; /* smallest seen; 0: none */
    int64_t received;                           /* bytes of bodies so far */
    dtake__endgame endgame;
    atomic_int_least64_t bandwidth_bytes_s;
} dtake__http_host;

typedef struct dtake__socket dtake__socket;

struct dtake__http_client {
    dtake_runtime *runtime;
    CURLM *multi;
    CURLSH *share; /* TLS sessions; the multi handle shares the rest */
    dtake__timer *curl_timer, *alarm_timer;
    dtake__heap alarms;
    int64_t alarm_set_for; /* INT64_MAX: not set */
    dtake__http *requests; /* all that have begun and not ended */
    atomic_int under_way;  /* how many that are */
    CURL **idle;           /* handles to use again */
    int idle_count, idle_capacity;
    dtake__socket *sockets; /* by number; http_socket.c */
    int socket_slots;
    dtake__http_host *hosts; /* only ever grows */
    pthread_mutex_t hosts_lock;
    atomic_int connections;
    bool has_netrc;
    char *ca_file, *ca_folder;
    uint64_t random;
    struct {
        double bytes; /* that may be taken now; negative: owed */
        int64_t filled_ms;
        dtake__alarm alarm;
        dtake__http *paused;
    } rate;
};

typedef enum dtake__sink {
    DTAKE__SINK_UNDECIDED,
    DTAKE__SINK_KEEP,  /* the body asked for, after `skip` bytes */
    DTAKE__SINK_TALK,  /* an error's explanation */
    DTAKE__SINK_REFUSE /* http->err says why */
} dtake__sink;

/* The header of one answer. */
typedef struct dtake__answer {
    int status;
    size_t header_bytes;
    int64_t content_length, retry_after_s; /* -1: none */
    bool has_content_range, content_range_ok, encoded;
    dtake__content_range content_range;
    char etag[256], last_modified[64], content_type[128];
    char encoding[32], retry_after[64], date[64];
} dtake__answer;

typedef enum dtake__phase {
    DTAKE__HTTP_NEW,
    DTAKE__HTTP_QUEUED, /* for a permit */
    DTAKE__HTTP_CONNECTING,
    DTAKE__HTTP_SENT, /* waiting for the first byte */
    DTAKE__HTTP_BODY,
    DTAKE__HTTP_RESTING, /* before the next attempt */
    DTAKE__HTTP_HELPED,  /* its own part is there, others are on their way */
    DTAKE__HTTP_ENDED
} dtake__phase;

/* How fast an attempt's body comes: what had come at two moments, and when something came last. */
typedef struct dtake__pace {
    int64_t before_ms, before_bytes, mark_ms, mark_bytes, last_ms; /* last_ms 0: nothing yet */
} dtake__pace;

struct dtake__http {
    dtake_runtime *runtime;
    dtake__http_client *client;
    dtake__http *prev, *next;
    dtake__http_fn done;
    void *ctx;
    dtake__post begin_post, cancel_post;
    atomic_bool cancel_posted;
    bool cancel_ran, begun;
    bool no_memory; /* for what we keep of its socket: it is ended like a cancelled one */

    dtake__http_request wanted; /* its strings are the request's own */
    char method[16];
    char *shown;  /* the URL as messages show it: without password */
    char *origin; /* key of the host that `wanted.url` names */
    struct curl_slist *given_headers;
    int64_t started_ms, deadline_ms; /* INT64_MAX: none */

    dtake__phase phase;
    dtake__alarm alarm;
    dtake__heap_node queued;
    bool queued_short;      /* with the short requests, and so its permit is */
    dtake__http_host *host; /* of `target` */
    char *target;           /* the URL after redirects */
    int redirects, attempts, failures;
    bool retried_now, signed_again, fresh_connection, sign_fresh;
    int64_t queued_at_ms;

    CURL *easy; /* of the attempt under way */
    struct curl_slist *headers;
    int connecting;            /* sockets opened for this attempt, until it sends */
    curl_socket_t warm_socket; /* given to this attempt; CURL_SOCKET_BAD: none */
    int64_t permit_bytes;      /* its part of the host's asked_bytes */
    bool has_permit, paused, reused, got_bytes, range_sent, broke_off;
    char curl_said[CURL_ERROR_SIZE];
    dtake__http *next_paused;
    int64_t attempt_us;                  /* when it began */
    int64_t attempt_bytes, marked_bytes; /* received; at the last look at the speed */
    int64_t want_first, want_count;      /* what this attempt asks for */
    dtake__sink sink;
    int64_t skip, expect; /* bytes to drop, then to keep; expect -1: unknown */
    dtake__answer answer;
    dtake_buf location, talk;

    dtake_buf body;          /* kept over attempts when it can be gone on with */
    bool body_owned_by_etag; /* resume under held_etag rather than held_last_modified */
    char held_etag[256], held_last_modified[64];
    int64_t held_total;

    /* http_help.c. The body of a helper is a part of that of the request it helps. */
    dtake__http *helps;                /* NULL: a request of its own */
    dtake__http *helper, *next_helper; /* in the order of their parts */
    int helpers_made;
    int64_t whole_expect;           /* what `expect` was before it was helped */
    bool races, unwanted, finished; /* of a helper */
    dtake__pace pace;

    dtake_status status;
    dtake_error err;
    dtake__http_response response;
};

/* http_client.c */
dtake_status dtake__http_client_open(dtake_runtime *runtime, dtake_error *err);
void dtake__http_client_close(dtake_runtime *runtime); /* after the loop thread has ended */
void dtake__http_client_cancel_all(dtake_runtime *runtime);
void dtake__alarm_set(dtake__http_client *client, dtake__alarm *alarm, int64_t due_ms);
void dtake__alarm_clear(dtake__http_client *client, dtake__alarm *alarm);
CURL *dtake__easy_take(dtake__http_client *client); /* NULL: no memory */
void dtake__easy_give_back(dtake__http_client *client, CURL *easy);
void dtake__client_ready(dtake__http_client *client, curl_socket_t fd, int flags); /* CURL_CSELECT_... */
void dtake__client_kick(dtake__http_client *client);   /* lets curl begin with what was added */
double dtake__random_unit(dtake__http_client *client); /* 0 <= x < 1 */

/* http_rate.c: the limit over all connections */
void dtake__rate_init(dtake__http_client *client);
bool dtake__rate_may_take(dtake__http *http); /* false: paused, goes on by itself */
void dtake__rate_took(dtake__http_client *client, size_t bytes);
void dtake__rate_forget(dtake__http *http);

/* http_host.c */
dtake__http_host *dtake__host_find(dtake__http_client *client, const char *key,
                                   bool make); /* any thread when not `make` */
void dtake__host_enqueue(dtake__http *http);   /* ends with dtake__transfer_start */
void dtake__host_dequeue(dtake__http *http);   /* harmless when not queued */
void dtake__host_give_back(dtake__http *http); /* the permit; harmless without one */
void dtake__host_pump(dtake__http_host *host); /* lets those begin that may */
void dtake__host_release(dtake__http *http);   /* both */
void dtake__host_succeeded(dtake__http_host *host, int64_t bytes);
void dtake__host_overloaded(dtake__http_host *host, int64_t attempt_us, int64_t pause_ms); /* 0: no pause */
void dtake__host_received(dtake__http_host *host, size_t bytes);
void dtake__host_measured(dtake__http_host *host, int64_t connect_us,
                          int64_t first_byte_us); /* 0: not known */

/* http_socket.c: called by curl for its sockets */
curl_socket_t dtake__socket_open(void *http, curlsocktype purpose, struct curl_sockaddr *to);
int dtake__socket_opened(void *http, curl_socket_t fd, curlsocktype purpose);
int dtake__socket_close(void *host, curl_socket_t fd);
int dtake__socket_watch(CURL *easy, curl_socket_t fd, int what, void *client, void *unused);
/* and by us */
curl_socket_t dtake__socket_new(dtake__http_host *host, int family, int type, int protocol); /* counted */
void dtake__sockets_settle(dtake__http *http, bool sends); /* the attempt goes out, or is over */

/* http_warm.c */
/* CURL_SOCKET_BAD: none is connected to there. */
curl_socket_t dtake__warm_take(dtake__http_host *host, const struct curl_sockaddr *to);
void dtake__warm_learn(dtake__http_host *host, const struct curl_sockaddr *to); /* the way there */
void dtake__host_cool(dtake__http_host *host); /* closes what was opened ahead */

/* http_endgame.c */
void dtake__help_when_idle(dtake__http_host *host); /* looks soon, if permits and connections are idle */
void dtake__help_note_bytes(dtake__http *http, size_t bytes); /* come, and not counted yet */

/* http_help.c */
/* In equal parts, for [start, end) of the body, which is where its own attempt ends; 0: no memory. */
int dtake__help_begin(dtake__http *whole, int64_t start, int64_t end, int parts, bool races);
bool dtake__help_goes_on(
    dtake__http *whole); /* at `expect`: true when the helper from there on has not begun */
void dtake__help_own_part_done(dtake__http *whole);
void dtake__helpers_drop(dtake__http *whole);
void dtake__helper_ended(dtake__http *helper, dtake_status status);

/* http_url.c: any thread */
dtake_status dtake__url_clean(const char *url, char **clean, char **shown, char **key, dtake_error *err);
dtake_status dtake__url_join(char **out, const char *base,
                             const char *reference); /* DTAKE_E_REMOTE: not an http(s) URL */

/* http_transfer.c: one attempt */
dtake_status dtake__transfer_start(dtake__http *http);
void dtake__transfer_look_again(dtake__http *http);          /* lets curl run it, whatever it waits for */
void dtake__transfer_stop(dtake__http *http);                /* harmless when none is under way */
void dtake__transfer_over(dtake__http *http, CURLcode code); /* curl is done with it */

/* http_answer.c */
void dtake__answer_reset(dtake__answer *answer);
void dtake__answer_add_line(dtake__http *http, const char *line, size_t len);
void dtake__answer_judge(dtake__http *http); /* decides the sink */
void dtake__refuse(dtake__http *http, dtake_status status, const char *fmt, ...) DTAKE_PRINTF(3, 4);

/* http_outcome.c */
void dtake__http_attempt_ended(dtake__http *http, CURLcode code);

/* http_again.c */
void dtake__http_cut_off(dtake__http *http); /* the body stopped half way; http->err says why */
void dtake__http_attempt_failed(dtake__http *http, dtake__failure failure,
                                int64_t retry_after_s); /* http->err says why */

/* http.c: the life of a request */
void dtake__http_free(dtake__http *http); /* ended; by the cancel that is on its way, if one is */
void dtake__http_end(dtake__http *http, dtake_status status);
void dtake__http_end_without_memory(dtake__http *http);
void dtake__http_watch(dtake__http *http, int64_t due_ms); /* rings then, or at the deadline */
dtake_status dtake__http_fail(dtake__http *http, dtake_status status, const char *fmt, ...)
    DTAKE_PRINTF(3, 4);

#endif
