#include "sources/earthengine/token.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "io/http.h"
#include "sources/refusal.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_FORM = 64 * 1024,
    MAX_TOKEN = 16 * 1024,
    MAX_WORDS = 300,
    EARLY_S = 225, /* a token that ends so soon may end on its way: as much as google-auth allows */
    DEFAULT_LIFE_S = 3600,
    DEADLINE_MS = 60000,
};

struct dtake__ee_token {
    atomic_int refs;
    dtake_runtime *runtime;
    dtake__google credential;
    char *line; /* NULL: none yet; "": nothing is needed */
    int64_t good_until_ms;
    dtake__ee_wait *waiting;
    dtake__ee_wait *ending; /* their exchange has ended, and they are being told */
    bool under_way;
};

static char *header_line(const char *start, const char *value)
{
    size_t size = strlen(start) + strlen(value) + 1;
    char *line = dtake__alloc(size);
    if (line != NULL)
        snprintf(line, size, "%s%s", start, value);
    return line;
}

static bool is_exchanged(const dtake__ee_token *token)
{
    return token->credential.kind == DTAKE__GOOGLE_USER || token->credential.kind == DTAKE__GOOGLE_SERVICE;
}

dtake_status dtake__ee_token_new(dtake__ee_token **out, dtake_runtime *runtime, dtake__google *credential,
                                 dtake_error *err)
{
    dtake__ee_token *token = dtake__calloc(1, sizeof *token);
    if (token == NULL)
        return dtake__fail_nomem(err, "a token");
    token->refs = 1;
    token->runtime = runtime;
    token->credential = *credential;
    *credential = (dtake__google){ 0 };
    token->good_until_ms = INT64_MAX;
    if (!is_exchanged(token)) {
        const char *secret = token->credential.secret;
        token->line =
            token->credential.kind == DTAKE__GOOGLE_TOKEN     ? header_line("authorization: Bearer ", secret)
            : token->credential.kind == DTAKE__GOOGLE_API_KEY ? header_line("x-goog-api-key: ", secret)
                                                              : dtake__strdup("");
        if (token->line == NULL) {
            dtake__ee_token_release(token);
            return dtake__fail_nomem(err, "a token");
        }
    }
    *out = token;
    return DTAKE_OK;
}

static void drop_line(dtake__ee_token *token)
{
    if (token->line != NULL)
        explicit_bzero(token->line, strlen(token->line));
    dtake__free(token->line);
    token->line = NULL;
}

void dtake__ee_token_release(dtake__ee_token *token)
{
    if (token == NULL || atomic_fetch_sub(&token->refs, 1) > 1)
        return;
    drop_line(token);
    dtake__google_dispose(&token->credential);
    dtake__free(token);
}

const dtake__google *dtake__ee_token_credential(const dtake__ee_token *token)
{
    return &token->credential;
}

const char *dtake__ee_token_line(const dtake__ee_token *token)
{
    return token->line != NULL && dtake__now_ms() < token->good_until_ms ? token->line : NULL;
}

bool dtake__ee_token_refused(dtake__ee_token *token, const char *line)
{
    if (!is_exchanged(token))
        return false;
    if (token->line != NULL && strcmp(token->line, line) == 0) /* else another is there by now */
        drop_line(token);
    return true;
}

/* --- the answer --- */

typedef struct answer {
    char token[MAX_TOKEN], error[60], words[MAX_WORDS];
    int64_t life_s;
} answer;

/* Whole or not at all. */
static void copy_token(dtake__json_in *in, char out[MAX_TOKEN])
{
    dtake__json_quoted text;
    if (dtake__json_read_text(in, &text) && text.raw.len < MAX_TOKEN)
        out[dtake__json_unescape(text, out)] = '\0';
}

static bool read_answer(const dtake_buf *body, answer *a)
{
    dtake__json_in in;
    dtake__json_quoted key;
    *a = (answer){ .life_s = DEFAULT_LIFE_S };
    dtake__json_start(&in, dtake__buf_str(body), body->len);
    dtake__json_enter_object(&in);
    while (dtake__json_next_key(&in, &key))
        if (dtake__json_key_is(key, "access_token"))
            copy_token(&in, a->token);
        else if (dtake__json_key_is(key, "expires_in"))
            dtake__json_read_i64(&in, &a->life_s);
        else if (dtake__json_key_is(key, "error"))
            dtake__refusal_text(&in, a->error, sizeof a->error);
        else if (dtake__json_key_is(key, "error_description"))
            dtake__refusal_text(&in, a->words, sizeof a->words);
        else
            dtake__json_skip(&in);
    return dtake__json_finish(&in, NULL) == DTAKE_OK;
}

/* What stands in a header line. */
static bool is_token(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    return text[0] != '\0';
}

static const char *advice(const dtake__google *c)
{
    return c->kind == DTAKE__GOOGLE_SERVICE ? "is the key still registered, and this machine's clock right?"
                                            : "run earthengine authenticate again";
}

static dtake_status judge(dtake__ee_token *token, dtake_status status, const dtake__http_response *response,
                          const dtake_error *why, answer *a, dtake_error *err)
{
    const dtake__google *c = &token->credential;
    bool read = read_answer(&response->body, a);
    if (status != DTAKE_OK && read && a->error[0] != '\0')
        return dtake__fail(err, DTAKE_E_AUTH, "fetch a token with the credentials of %s: %s%s%s; %s",
                           c->origin, a->error, a->words[0] != '\0' ? ": " : "", a->words, advice(c));
    if (status != DTAKE_OK)
        return dtake__fail(err, status, "fetch a token with the credentials of %s: %s", c->origin,
                           why->message);
    if (!read || !is_token(a->token))
        return dtake__fail(err, DTAKE_E_REMOTE,
                           "fetch a token with the credentials of %s: %s answers with none", c->origin,
                           c->token_uri);
    drop_line(token);
    token->line = header_line("authorization: Bearer ", a->token);
    int64_t life_s = a->life_s < 0 ? 0 : a->life_s > 86400 ? 86400 : a->life_s;
    /* One that ends within the margin is still good for what waits for it. */
    token->good_until_ms =
        dtake__now_ms() + 1000 * (life_s > 2 * EARLY_S ? life_s - EARLY_S : life_s / 2 + 1);
    return token->line != NULL ? DTAKE_OK : dtake__fail_nomem(err, "a token");
}

static void answered(dtake_status status, dtake__http_response *response, const dtake_error *why, void *ctx)
{
    dtake__ee_token *token = ctx;
    answer *a = dtake__alloc(sizeof *a);
    dtake_error err = { .message = "" };
    dtake_status st =
        a != NULL ? judge(token, status, response, why, a, &err) : dtake__fail_nomem(&err, "a token");
    if (a != NULL)
        explicit_bzero(a, sizeof *a);
    dtake__free(a);
    if (response->body.data != NULL)
        explicit_bzero(response->body.data, response->body.len);
    token->under_way = false;
    token->ending = token->waiting;
    token->waiting = NULL;
    for (dtake__ee_wait *wait; (wait = token->ending) != NULL;) {
        token->ending = wait->next;
        wait->status = st;
        if (st != DTAKE_OK)
            dtake__error_copy(&wait->err, &err);
        wait->done(wait);
    }
    dtake__ee_token_release(token);
}

/* --- the request --- */

static dtake_status begin(dtake__ee_token *token, dtake_error *err)
{
    static const char *const headers[] = { "content-type: application/x-www-form-urlencoded" };
    dtake_buf form = DTAKE_BUF_INIT(MAX_FORM);
    dtake_status st = dtake__ee_token_form(&token->credential, dtake__unix_now_ns() / 1000000000, &form, err);
    if (st == DTAKE_OK) {
        const dtake__http_request request = { .url = token->credential.token_uri,
                                              .method = "POST",
                                              .max_body = MAX_FORM,
                                              .headers = headers,
                                              .header_count = 1,
                                              .body = form.data,
                                              .body_bytes = form.len,
                                              .deadline_ms = DEADLINE_MS };
        atomic_fetch_add(&token->refs, 1);
        st = dtake__http_start(token->runtime, &request, NULL, err, answered, token);
        token->under_way = st == DTAKE_OK;
        if (st != DTAKE_OK)
            dtake__ee_token_release(token);
    }
    if (form.data != NULL)
        explicit_bzero(form.data, form.len);
    dtake__buf_dispose(&form);
    return st;
}

dtake_status dtake__ee_token_await(dtake__ee_token *token, dtake__ee_wait *wait, dtake_error *err)
{
    dtake_status st = token->under_way ? DTAKE_OK : begin(token, err);
    if (st != DTAKE_OK)
        return st;
    wait->next = token->waiting;
    token->waiting = wait;
    return DTAKE_OK;
}

static bool unlink_wait(dtake__ee_wait **at, const dtake__ee_wait *wait)
{
    while (*at != NULL && *at != wait)
        at = &(*at)->next;
    if (*at == NULL)
        return false;
    *at = wait->next;
    return true;
}

void dtake__ee_token_forget(dtake__ee_token *token, dtake__ee_wait *wait)
{
    if (!unlink_wait(&token->waiting, wait))
        unlink_wait(&token->ending, wait);
}
