/* Requests come from strangers: the head, in two pieces and at once with the same outcome, its body, its
 * path. */
#include "core/alloc.h"
#include "server/http1_parse.h"
#include "server/path.h"
#include "server/range.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 4096 };

static void use_head(const dtake__http1_head *head)
{
    char path[LIMIT * 2], value[16];
    int64_t at, len;
    size_t path_len = strcspn(head->resource, "?");
    if (dtake__path_clean(head->resource, path_len, path) && (path[0] != '/' || strstr(path, "/../") != NULL))
        abort();
    dtake__query_value(head->resource + path_len, "f", value, sizeof value);
    for (size_t i = 0; i < head->field_count; i++)
        if (dtake__range_parse(head->fields[i].value, 1000, &at, &len) == DTAKE__RANGE_ONE &&
            (at < 0 || len <= 0 || at + len > 1000))
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
        dtake__http1_body body;
        size_t used;
        use_head(&head);
        dtake__http1_body_begin(&body, &head);
        dtake__http1_skip_body(&body, data + scan.at, size - scan.at, &used, &fault);
        if (used > size - scan.at)
            abort();
    }
    dtake__free(text);
    return 0;
}
