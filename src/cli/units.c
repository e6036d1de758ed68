#include "cli/units.h"

#include "core/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

bool dtake__parse_size(const char *text, int64_t *out_bytes)
{
    static const char letters[] = "kmgt";
    char number[32];
    size_t len = strspn(text, "0123456789.");
    double value;
    if (len == 0 || len >= sizeof number)
        return false;
    memcpy(number, text, len);
    number[len] = '\0';
    if (!dtake__parse_f64(number, &value))
        return false;
    text += len;
    const char *letter = *text != '\0' ? strchr(letters, tolower((unsigned char)*text)) : NULL;
    if (letter != NULL) {
        text++;
        bool binary = *text == 'i';
        text += binary;
        value *= pow(binary ? 1024.0 : 1000.0, (double)(letter - letters + 1));
    }
    if (*text == 'B' || *text == 'b')
        text++;
    if (*text != '\0' || value >= 9.2e18)
        return false;
    *out_bytes = (int64_t)value;
    return true;
}

/* Three figures: 999 B, 9.99 kB, 99.9 kB, 999 kB. */
static void format_scaled(double value, const char *ending, char *out, size_t size)
{
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
    size_t unit = 0;
    for (; value >= 999.5 && unit < 5; unit++)
        value /= 1000;
    int digits = unit == 0 || value >= 99.95 ? 0 : 1;
    snprintf(out, size, "%.*f %s%s", digits, value, units[unit], ending);
}

void dtake__format_bytes(int64_t bytes, char *out, size_t size)
{
    format_scaled((double)bytes, "", out, size);
}

void dtake__format_rate(double bytes_s, char *out, size_t size)
{
    format_scaled(bytes_s, "/s", out, size);
}

void dtake__format_seconds(double seconds, char *out, size_t size)
{
    if (seconds < 0.995)
        snprintf(out, size, "%.2f s", seconds);
    else if (seconds < 99.95)
        snprintf(out, size, "%.1f s", seconds);
    else if (seconds < 3599.5)
        snprintf(out, size, "%lld m %02lld s", llround(seconds) / 60, llround(seconds) % 60);
    else
        snprintf(out, size, "%lld h %02lld m", llround(seconds) / 3600, llround(seconds) / 60 % 60);
}

void dtake__format_countdown(double seconds, char *out, size_t size)
{
    long long s = seconds > 0 && seconds < 1e9 ? llround(seconds) : 0;
    if (s < 3600)
        snprintf(out, size, "%lld:%02lld", s / 60, s % 60);
    else
        snprintf(out, size, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
}
