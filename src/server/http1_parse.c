#include "server/http1_parse.h"

#include "core/text.h"

#include <string.h>

static dtake__http1_progress bad(dtake__http1_fault *fault, int status, const char *why)
{
    *fault = (dtake__http1_fault){ status, why };
    return DTAKE__HTTP1_BAD;
}

/* A line has ended at scan->at. */
static dtake__http1_progress end_line(dtake__http1_scan *scan, dtake__http1_fault *fault)
{
    bool empty = scan->at - scan->line_start == 2;
    scan->line_start = scan->at;
    if (!empty)
        return DTAKE__HTTP1_MORE;
    if (scan->at > scan->start + 2)
        return DTAKE__HTTP1_DONE;
    if (scan->start > 0)
        return bad(fault, 400, "empty lines before the request");
    scan->start = scan->at; /* RFC 9112, 2.2: one is overlooked */
    return DTAKE__HTTP1_MORE;
}

dtake__http1_progress dtake__http1_scan_head(dtake__http1_scan *scan, const uint8_t *bytes, size_t len,
                                             size_t limit, dtake__http1_fault *fault)
{
    while (scan->at < len) {
        if (scan->line_start == scan->start && scan->at - scan->start >= DTAKE__HTTP1_MAX_LINE)
            return bad(fault, 414, "the request line is over 8 KiB");
        if (scan->at - scan->start >= limit)
            return bad(fault, scan->line_start == scan->start ? 414 : 431,
                       "the request's header is over the limit");
        uint8_t c = bytes[scan->at++];
        if (c == '\n') {
            if (!scan->cr)
                return bad(fault, 400, "a line ends without a carriage return");
            scan->cr = false;
            dtake__http1_progress progress = end_line(scan, fault);
            if (progress != DTAKE__HTTP1_MORE)
                return progress;
        } else if (scan->cr) {
            return bad(fault, 400, "a carriage return within a line");
        } else if (c == '\r') {
            scan->cr = true;
        } else if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return bad(fault, 400, "a control character in the header");
        }
    }
    return DTAKE__HTTP1_MORE;
}

static bool is_token_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(const char *text)
{
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++)
        if (!is_token_char(*text))
            return false;
    return true;
}

/* Characters of a URI as it may be sent; no fragment. */
static bool is_target(const char *text)
{
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++)
        if ((unsigned char)*text <= 0x20 || (unsigned char)*text >= 0x7f ||
            strchr("\"<>\\^`{|}#", *text) != NULL)
            return false;
    return true;
}

/* "name", "name:port", "[::1]:port"; may be empty. */
static bool is_host(const char *text)
{
    bool bracket = *text == '[';
    if (bracket) {
        text++;
        while (*text != '\0' && strchr("0123456789abcdefABCDEF:.", *text) != NULL)
            text++;
        if (*text++ != ']')
            return false;
    } else {
        while (*text != '\0' && *text != ':' && (is_token_char(*text) || strchr("()=;,", *text) != NULL))
            text++;
    }
    if (*text == ':')
        for (text++; *text >= '0' && *text <= '9';)
            text++;
    return *text == '\0';
}

static dtake__http1_fault refuse(int status, const char *why)
{
    return (dtake__http1_fault){ status, why };
}

static const dtake__http1_fault fine = { 0, NULL };

/* "http://host/path"; the target stays whole for the log, so the host is copied. */
static dtake__http1_fault parse_absolute(dtake__http1_head *head)
{
    const char *authority = strstr(head->target, "://") + 3;
    size_t len = strcspn(authority, "/?");
    if (len == 0 || len >= sizeof head->authority)
        return refuse(400, "the request's target names no host");
    memcpy(head->authority, authority, len);
    head->authority[len] = '\0';
    head->host = head->authority;
    head->resource = authority + len;
    return is_host(head->host) ? fine : refuse(400, "the host in the request's target is malformed");
}

static dtake__http1_fault parse_version(dtake__http1_head *head, const char *version)
{
    if (strncasecmp(version, "HTTP/", 5) != 0)
        return (dtake__http1_fault){ 400, "the request line does not end with a version", true };
    if (strncmp(version, "HTTP/", 5) != 0 || version[5] < '0' || version[5] > '9' || version[6] != '.' ||
        version[7] < '0' || version[7] > '9' || version[8] != '\0')
        return refuse(400, "the request line does not end with a version");
    if (version[5] != '1' || version[7] > '1')
        return refuse(505, "HTTP/1.0 and HTTP/1.1 are spoken here");
    head->minor = version[7] - '0';
    return fine;
}

static dtake__http1_fault parse_request_line(dtake__http1_head *head, char *line)
{
    char *target = strchr(line, ' ');
    char *version = target != NULL ? strchr(target + 1, ' ') : NULL;
    if (version == NULL)
        return refuse(400, "the request line is not 'METHOD target HTTP/1.1'");
    *target++ = '\0';
    *version++ = '\0';
    head->method = line;
    head->target = head->resource = target;
    dtake__http1_fault fault = parse_version(head, version);
    if (fault.status != 0)
        return fault;
    if (!is_token(head->method))
        return refuse(400, "the method is not a token");
    if (strcmp(head->method, "CONNECT") == 0)
        return refuse(501, "this server is no proxy");
    if (!is_target(target))
        return refuse(400, "the target holds characters that no URI may hold");
    if (dtake__is_http_url(target))
        return parse_absolute(head);
    if (target[0] != '/' && !(strcmp(target, "*") == 0 && strcmp(head->method, "OPTIONS") == 0))
        return refuse(400, "the target must begin with '/'");
    return fine;
}

/* "name: value" */
static dtake__http1_fault parse_field(dtake__http1_head *head, char *line)
{
    if (*line == ' ' || *line == '\t')
        return refuse(400, "a header field is folded over two lines");
    if (head->field_count == DTAKE__HTTP1_MAX_FIELDS)
        return refuse(431, "more than 100 header fields");
    char *value = strchr(line, ':');
    if (value == NULL)
        return refuse(400, "a header field without a colon");
    *value++ = '\0';
    if (!is_token(line))
        return refuse(400, "the name of a header field is not a token");
    value += strspn(value, " \t");
    size_t len = strlen(value);
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
        value[--len] = '\0';
    head->fields[head->field_count++] = (dtake__field){ line, value };
    return fine;
}

static dtake__http1_fault use_host(dtake__http1_head *head, const char *value, bool *seen)
{
    if (*seen)
        return refuse(400, "two Host fields");
    *seen = true;
    if (!is_host(value))
        return refuse(400, "the Host field is malformed");
    if (head->host == NULL)
        head->host = value;
    return fine;
}

static dtake__http1_fault use_length(dtake__http1_head *head, const char *value, bool *seen)
{
    size_t digits = strspn(value, "0123456789");
    if (*seen) /* RFC 9112, 6.3: even equal ones may be refused */
        return refuse(400, "two Content-Length fields");
    *seen = true;
    if (digits == 0 || value[digits] != '\0' || !dtake__parse_i64(value, &head->content_length))
        return refuse(400, "the Content-Length is not a number");
    return fine;
}

static dtake__http1_fault use_coding(dtake__http1_head *head, const char *value)
{
    if (head->minor == 0)
        return refuse(400, "Transfer-Encoding in an HTTP/1.0 request");
    if (head->chunked)
        return refuse(400, "two Transfer-Encoding fields");
    if (!dtake__equal_nocase(value, "chunked"))
        return refuse(501, "the only transfer coding understood is chunked");
    head->chunked = true;
    return fine;
}

static void use_connection(dtake__http1_head *head, const char *value, bool *close)
{
    char option[32];
    while (dtake__next_piece(&value, ',', option, sizeof option)) {
        char *word = option + strspn(option, " \t");
        word[strcspn(word, " \t")] = '\0';
        if (dtake__equal_nocase(word, "close"))
            *close = true;
        else if (dtake__equal_nocase(word, "keep-alive"))
            head->keep_alive = true;
    }
}

static dtake__http1_fault use_expect(dtake__http1_head *head, const char *value)
{
    if (!dtake__equal_nocase(value, "100-continue"))
        return refuse(417, "the only expectation understood is 100-continue");
    head->expects_continue = head->minor > 0;
    return fine;
}

/* The fields that decide where this request ends and whether another may follow. */
static dtake__http1_fault use_fields(dtake__http1_head *head)
{
    bool host = false, length = false, close = false;
    head->keep_alive = head->minor > 0;
    for (size_t i = 0; i < head->field_count; i++) {
        const char *name = head->fields[i].name, *value = head->fields[i].value;
        dtake__http1_fault fault = fine;
        if (dtake__equal_nocase(name, "host"))
            fault = use_host(head, value, &host);
        else if (dtake__equal_nocase(name, "content-length"))
            fault = use_length(head, value, &length);
        else if (dtake__equal_nocase(name, "transfer-encoding"))
            fault = use_coding(head, value);
        else if (dtake__equal_nocase(name, "expect"))
            fault = use_expect(head, value);
        else if (dtake__equal_nocase(name, "connection"))
            use_connection(head, value, &close);
        if (fault.status != 0)
            return fault;
    }
    head->keep_alive = head->keep_alive && !close;
    if (length && head->chunked)
        return refuse(400, "Content-Length and Transfer-Encoding together");
    if (head->minor > 0 && !host)
        return refuse(400, "no Host field");
    if (head->host == NULL)
        head->host = "";
    return fine;
}

dtake__http1_fault dtake__http1_parse_head(dtake__http1_head *head, char *text, size_t len)
{
    memset(head, 0, offsetof(dtake__http1_head, fields));
    head->field_count = 0;
    dtake__http1_fault fault = fine;
    char *end = text + len - 2; /* the empty line */
    for (char *line = text, *next; line < end && fault.status == 0; line = next) {
        next = memchr(line, '\r', (size_t)(end - line));
        *next = '\0';
        next += 2;
        fault = line == text ? parse_request_line(head, line) : parse_field(head, line);
    }
    return fault.status == 0 ? use_fields(head) : fault;
}
