#include "graph/text_reader.h"

#include "core/alloc.h"

#include <stdio.h>
#include <string.h>

enum { BUCKETS = 8192 };

static void here(dtake__text_reader *in)
{
    dtake__graph_at(in->graph, in->line, (uint32_t)(in->at - in->line_start) + 1);
}

bool dtake__text_failed(const dtake__text_reader *in)
{
    return dtake__graph_status(in->graph, NULL) != DTAKE_OK;
}

void dtake__text_skip(dtake__text_reader *in)
{
    for (; in->at < in->end; in->at++) {
        if (*in->at == '\n') {
            in->line++;
            in->line_start = in->at + 1;
        } else if (*in->at == '#') {
            while (in->at + 1 < in->end && in->at[1] != '\n')
                in->at++;
        } else if (*in->at != ' ' && *in->at != '\t' && *in->at != '\r') {
            break;
        }
    }
    here(in);
}

char dtake__text_peek(dtake__text_reader *in)
{
    dtake__text_skip(in);
    return in->at < in->end ? *in->at : '\0';
}

bool dtake__text_take(dtake__text_reader *in, char c)
{
    if (dtake__text_peek(in) != c || dtake__text_failed(in))
        return false;
    in->at++;
    return true;
}

bool dtake__text_want(dtake__text_reader *in, char c)
{
    if (dtake__text_take(in, c))
        return true;
    if (in->at == in->end)
        dtake__graph_fail(in->graph, DTAKE_E_FORMAT, "'%c' is missing at the end", c);
    else
        dtake__graph_fail(in->graph, DTAKE_E_FORMAT, "'%c' is expected here, not '%.*s'", c,
                          (int)(in->end - in->at < 12 ? in->end - in->at : 12), in->at);
    return false;
}

bool dtake__text_is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(char c)
{
    return dtake__text_is_name_start(c) || (c >= '0' && c <= '9') || c == '.';
}

bool dtake__text_name(dtake__text_reader *in, char out[DTAKE__GRAPH_MAX_NAME])
{
    size_t len = 0;
    if (!dtake__text_is_name_start(dtake__text_peek(in))) {
        dtake__graph_fail(in->graph, DTAKE_E_FORMAT, "a name is expected here");
        return false;
    }
    while (in->at + len < in->end && is_name(in->at[len]))
        len++;
    if (len >= DTAKE__GRAPH_MAX_NAME) {
        dtake__graph_fail(in->graph, DTAKE_E_LIMIT, "a name of %zu characters: at most %d are allowed", len,
                          DTAKE__GRAPH_MAX_NAME - 1);
        return false;
    }
    memcpy(out, in->at, len);
    out[len] = '\0';
    in->at += len;
    return true;
}

/* --- names --- */

static size_t bucket_of(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name != '\0'; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    return (hash ^ hash >> 15) % BUCKETS;
}

const dtake__text_bound *dtake__text_find(const dtake__text_reader *in, const char *name)
{
    for (size_t i = in->bucket[bucket_of(name)]; i > 0; i = in->bound[i - 1].before)
        if (strcmp(in->bound[i - 1].name, name) == 0)
            return &in->bound[i - 1];
    return NULL;
}

bool dtake__text_bind(dtake__text_reader *in, const char *name, dtake__node node)
{
    dtake__text_bound *grown = dtake__room_for_one(in->bound, in->count, &in->cap, sizeof *grown);
    if (grown == NULL) {
        dtake__graph_fail(in->graph, DTAKE_E_NOMEM, "out of memory");
        return false;
    }
    in->bound = grown;
    size_t *bucket = &in->bucket[bucket_of(name)];
    dtake__text_bound *b = &in->bound[in->count++];
    snprintf(b->name, sizeof b->name, "%s", name);
    b->node = node;
    b->before = *bucket;
    *bucket = in->count;
    return true;
}

/* Names bound since then mean nothing any more. */
void dtake__text_unbind(dtake__text_reader *in, size_t count)
{
    for (; in->count > count; in->count--)
        in->bucket[bucket_of(in->bound[in->count - 1].name)] = in->bound[in->count - 1].before;
}

dtake_status dtake__text_begin(dtake__text_reader *in, dtake__graph *graph, const char *text, size_t len)
{
    *in =
        (dtake__text_reader){ .graph = graph, .at = text, .end = text + len, .line_start = text, .line = 1 };
    in->bucket = dtake__calloc(BUCKETS, sizeof *in->bucket);
    return in->bucket != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
}

void dtake__text_end(dtake__text_reader *in)
{
    dtake__free(in->bound);
    dtake__free(in->bucket);
}
