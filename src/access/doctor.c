/* The machine: descriptors, disk, cache, certificates, proxies. */
#include "access/doctor.h"

#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { ENOUGH_FILES = 1024, LITTLE_DISK_MB = 1024, TEXT_BYTES = 1024 };

void dtake__found(const dtake__examination *e, dtake_finding_level level, const char *about,
                  const char *advice, const char *fmt, ...)
{
    char text[TEXT_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const dtake_finding finding = { level, about, text, advice };
    e->each(&finding, e->ctx);
}

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

static void examine_files(const dtake__examination *e)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    bool few = files.rlim_cur != RLIM_INFINITY && files.rlim_cur < ENOUGH_FILES;
    dtake__found(e, few ? DTAKE_FINDING_NOTE : DTAKE_FINDING_OK, "descriptors",
                 few ? "connections are limited to a quarter of them: ulimit -n 4096" : "",
                 "%lld files and connections may be open at once", (long long)files.rlim_cur);
}

static void examine_disk(const dtake__examination *e)
{
    struct statvfs disk;
    if (statvfs(".", &disk) != 0)
        return;
    uint64_t mb = (uint64_t)disk.f_bavail * disk.f_frsize / 1000000;
    bool little = mb < LITTLE_DISK_MB;
    dtake__found(e, little ? DTAKE_FINDING_NOTE : DTAKE_FINDING_OK, "disk",
                 little ? "outputs that find no room are errors; name another folder with -o" : "",
                 "%llu MB are free in this folder", (unsigned long long)mb);
    if (access(".", W_OK) != 0)
        dtake__found(e, DTAKE_FINDING_NOTE, "disk", "name another folder with -o",
                     "this folder cannot be written to");
}

/* As the HTTP client chooses them: one file, one folder, else the system's. */
static void examine_certificates(const dtake__examination *e)
{
    const char *file = is_set("CURL_CA_BUNDLE")  ? "CURL_CA_BUNDLE"
                       : is_set("SSL_CERT_FILE") ? "SSL_CERT_FILE"
                                                 : NULL;
    const char *const names[] = { file, is_set("SSL_CERT_DIR") ? "SSL_CERT_DIR" : NULL };
    for (size_t i = 0; i < 2; i++) {
        if (names[i] == NULL)
            continue;
        if (access(getenv(names[i]), R_OK) == 0)
            dtake__found(e, DTAKE_FINDING_OK, "certificates", "", "authorities are those of %s", names[i]);
        else
            dtake__found(e, DTAKE_FINDING_WRONG, "certificates",
                         "let it name a file (SSL_CERT_DIR: a folder) of PEM certificates, or unset it",
                         "%s names what is not there or cannot be read", names[i]);
    }
    if (file == NULL && names[1] == NULL)
        dtake__found(e, DTAKE_FINDING_OK, "certificates", "", "authorities are the system's");
}

const char *dtake__proxy_variable(bool secure)
{
    static const char *const names[2][4] = { { "http_proxy", "all_proxy", "ALL_PROXY", NULL },
                                             { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" } };
    for (size_t i = 0; i < 4 && names[secure][i] != NULL; i++)
        if (is_set(names[secure][i]))
            return names[secure][i];
    return NULL;
}

static void examine_proxies(const dtake__examination *e)
{
    const char *plain = dtake__proxy_variable(false), *secure = dtake__proxy_variable(true);
    const char *except = is_set("no_proxy") ? "no_proxy" : is_set("NO_PROXY") ? "NO_PROXY" : NULL;
    if (plain == NULL && secure == NULL)
        dtake__found(e, DTAKE_FINDING_OK, "proxy", "", "none");
    if (secure != NULL)
        dtake__found(e, DTAKE_FINDING_NOTE, "proxy", "", "https goes by that of %s%s%s", secure,
                     except != NULL ? ", but for hosts of " : "", except != NULL ? except : "");
    if (plain != NULL)
        dtake__found(e, DTAKE_FINDING_NOTE, "proxy", "", "http goes by that of %s%s%s", plain,
                     except != NULL ? ", but for hosts of " : "", except != NULL ? except : "");
}

dtake_status dtake_doctor(const dtake_doctor_options *options, dtake_error *err, dtake_finding_fn each,
                          void *ctx)
{
    dtake__examination e = { .each = each, .ctx = ctx, .timeout_ms = 10000 };
    dtake_runtime_options once = { .workers = 1, .retries = -1 };
    if (options != NULL) {
        e.source = options->source;
        e.timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : e.timeout_ms;
        once.cache_dir = options->cache_dir;
    }
    once.connect_timeout_ms = once.first_byte_ms = e.timeout_ms;
    e.source = e.source != NULL ? e.source : getenv("DATATAKE_SOURCE");
    e.source = e.source != NULL ? e.source : "";
    dtake_status st = dtake_runtime_open(&e.runtime, &once, err);
    if (st != DTAKE_OK)
        return st;
    examine_files(&e);
    examine_disk(&e);
    examine_certificates(&e);
    examine_proxies(&e);
    dtake__examine_source(&e);
    dtake_runtime_close(e.runtime);
    return DTAKE_OK;
}
