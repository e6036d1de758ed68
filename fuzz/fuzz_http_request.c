/* Requests come from strangers: the head, in two pieces and at once with the same outcome, its body, its
 * path. */
#include "core/alloc.h"
#include "server/http1_parse.h"
#include "server/path.h"
#include "server/range.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT = 4096 };

/* Ranges lie within the file and do not touch one another. */
static void use_range(const char *value, int64_t size)
{
    dtake__ranges ranges;
    if (dtake__range_parse(value, size, &ranges) != DTAKE__RANGE_SOME)
        return;
    if (ranges.count == 0 || ranges.count > DTAKE__RANGES_MAX)
        abort();
    for (size_t i = 0; i < ranges.count; i++) {
        const dtake__range *a = &ranges.range[i];
        if (a->at < 0 || a->len <= 0 || a->at + a->len > size)
            abort();
        for (size_t k = 0; k < i; k++) {
            const dtake__range *b = &ranges.range[k];
            if (a->at <= b->at + b->len && b->at <= a->at + a->len)
                abort();
        }
    }
}

static void use_head(const dtake__http1_head *head)
{
    char path[LIMIT * 2], value[16];
    size_t path_len = strcspn(head->resource, "?");
    if (dtake__path_clean(head->resource, path_len, path) && (path[0] != '/' || strstr(path, "/../") != NULL))
        abort();
    dtake__query_value(head->resource + path_len, "f", value, sizeof value);
    for (size_t i = 0; i < head->field_count; i++)
        use_range(head->fields[i].value, 1000);
}

/* The bytes of a body are the same however it is cut; each step takes something or wants more. */
static size_t read_body(const dtake__http1_head *head, const uint8_t *data, size_t size, size_t step,
                        int *end)
{
    dtake__http1_body body;
    dtake__http1_fault fault;
    dtake__http1_progress progress = DTAKE__HTTP1_MORE;
    size_t at = 0, total = 0;
    dtake__http1_body_begin(&body, head, LIMIT);
    while (progress == DTAKE__HTTP1_MORE) {
        size_t used, run, give = size - at < step ? size - at : step;
        progress = dtake__http1_read_body(&body, data + at, give, &used, &run, &fault);
        if (used > give || run > used)
            abort();
        at += used;
        total += run;
        if (progress == DTAKE__HTTP1_MORE && used == 0) {
            if (give > 0)
                abort();
            break;
        }
    }
    if (progress == DTAKE__HTTP1_DONE && total > LIMIT)
        abort();
    *end = (int)progress;
    return total;
}

static void use_body(const dtake__http1_head *head, const uint8_t *data, size_t size)
{
    int whole, bytewise;
    size_t total = read_body(head, data, size, size, &whole);
    if (read_body(head, data, size, 1, &bytewise) != total || whole != bytewise)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static dtake__http1_head head;
    dtake__http1_scan scan = { 0 }, halves = { 0 };
    dtake__http1_fault fault = { 0 };
    dtake__http1_progress at_once = dtake__http1_scan_head(&scan, data, size, LIMIT, &fault);
    dtake__http1_progress in_two = dtake__http1_scan_head(&halves, data, size / 2, LIMIT, &fault);
    if (in_two == DTAKE__HTTP1_MORE)
        in_two = dtake__http1_scan_head(&halves, data, size, LIMIT, &fault);
    if (at_once != in_two || scan.at != halves.at)
        abort();
    if (at_once != DTAKE__HTTP1_DONE)
        return 0;
    char *text = dtake__strndup((const char *)data + scan.start, scan.at - scan.start);
    if (text == NULL)
        return 0;
    if (dtake__http1_parse_head(&head, text, scan.at - scan.start).status == 0) {
        use_head(&head);
        use_body(&head, data + scan.at, size - scan.at);
    }
    dtake__free(text);
    return 0;
}
