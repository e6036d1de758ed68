/* What went wrong in an ingest: kept for who asks, written to the list of failures, judged at the end. */
#include "access/ingest.h"

#include "core/alloc.h"
#include "core/error.h"
#include "format/json_write.h"

#include <string.h>

static void write_failure(dtake_ingest *ingest, size_t input, int64_t line, const char *message,
                          dtake__span record)
{
    dtake_buf text = DTAKE_BUF_INIT((size_t)512 << 20);
    dtake__json json = { .out = &text };
    dtake__json_object(&json, NULL);
    dtake__json_i64(&json, "v", 1);
    dtake__json_text(&json, "input", dtake__ingest_input(ingest, input));
    dtake__json_i64(&json, "line", line);
    dtake__json_text(&json, "message", message);
    dtake__json_span(&json, "record", record);
    dtake__json_end(&json, '}');
    if (json.status != DTAKE_OK || fprintf(ingest->failed_file, "%s\n", dtake__buf_str(&text)) < 0)
        ingest->failed_file_broken = true;
    dtake__buf_dispose(&text);
}

/* What failed as a whole comes behind its records. */
static bool is_before(size_t input_a, int64_t line_a, size_t input_b, int64_t line_b)
{
    if (input_a != input_b)
        return input_a < input_b;
    return line_a > 0 && (line_b == 0 || line_a < line_b);
}

/* In the order of the input, though parsers are through in any: the first ones are kept. */
static void keep_failure(dtake_ingest *ingest, size_t input, int64_t line, const char *message)
{
    size_t at = ingest->failure_count;
    while (at > 0 && is_before(input, line, ingest->failure[at - 1].input, ingest->failure[at - 1].line))
        at--;
    if (at == DTAKE_INGEST_FAILURES)
        return;
    if (ingest->failure_count == DTAKE_INGEST_FAILURES)
        dtake__free(ingest->failure[--ingest->failure_count].message);
    memmove(&ingest->failure[at + 1], &ingest->failure[at],
            (ingest->failure_count++ - at) * sizeof ingest->failure[0]);
    ingest->failure[at].input = input;
    ingest->failure[at].line = line;
    ingest->failure[at].message = dtake__strdup(message);
}

void dtake__ingest_fail_record(dtake_ingest *ingest, size_t input, int64_t line, const dtake_error *why,
                               dtake__span record)
{
    const char *message = why->message[0] != '\0' ? why->message : dtake_status_text(why->status);
    pthread_mutex_lock(&ingest->lock);
    if (atomic_fetch_add(&ingest->failed, 1) == 0)
        ingest->first_failure = why->status != DTAKE_OK ? why->status : DTAKE_E_FORMAT;
    keep_failure(ingest, input, line, message);
    if (ingest->failed_file != NULL)
        write_failure(ingest, input, line, message, record);
    pthread_mutex_unlock(&ingest->lock);
}

bool dtake_ingest_failure_at(const dtake_ingest *ingest, size_t index, dtake_ingest_failure *out)
{
    dtake_ingest *g = (dtake_ingest *)ingest;
    pthread_mutex_lock(&g->lock);
    bool there = index < g->failure_count;
    if (there)
        *out =
            (dtake_ingest_failure){ dtake__ingest_input(g, g->failure[index].input), g->failure[index].line,
                                    g->failure[index].message != NULL ? g->failure[index].message : "" };
    pthread_mutex_unlock(&g->lock);
    return there;
}

dtake_status dtake__ingest_verdict(dtake_ingest *ingest, dtake_error *err)
{
    int64_t failed = atomic_load(&ingest->failed), records = atomic_load(&ingest->records);
    int64_t taken = atomic_load(&ingest->added) + atomic_load(&ingest->replaced) + atomic_load(&ingest->same);
    if (ingest->stop != DTAKE_OK) {
        dtake__error_copy(err, &ingest->stop_err);
        return ingest->stop;
    }
    if (ingest->failed_file_broken)
        return dtake__fail(err, DTAKE_E_LOCAL_IO, "write the failed list %.300s: it is not complete",
                           ingest->options.value.failed_path);
    if (failed == 0)
        return DTAKE_OK;
    const char *input = dtake__ingest_input(ingest, ingest->failure[0].input);
    const char *message = ingest->failure[0].message != NULL ? ingest->failure[0].message : "";
    long long line = (long long)ingest->failure[0].line;
    if (failed == 1 && records == 0)
        return dtake__fail(err, ingest->first_failure, "%.200s: %.280s", input, message);
    dtake_status st = taken > 0 ? DTAKE_E_PARTIAL : DTAKE_E_FORMAT;
    const char *kept = ingest->options.value.all_or_nothing ? "; nothing was kept" : "";
    if (line > 0)
        return dtake__fail(err, st, "%lld of %lld records failed%s; the first: %.150s:%lld: %.200s",
                           (long long)failed, (long long)records, kept, input, line, message);
    return dtake__fail(err, st, "%lld failed%s; the first: %.150s: %.200s", (long long)failed, kept, input,
                       message);
}
