#include "format/tiff_directory.h"

#include <inttypes.h>
#include <string.h>

/* GDAL escapes texts twice, and undoes it twice. */
static dtake_status put_escaped(dtake_buf *out, const char *text, size_t len)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; st == DTAKE_OK && i < len; i++) {
        const char *entity = text[i] == '<'   ? "&amp;lt;"
                             : text[i] == '>' ? "&amp;gt;"
                             : text[i] == '&' ? "&amp;amp;"
                             : text[i] == '"' ? "&amp;quot;"
                                              : NULL;
        st = entity != NULL ? dtake__buf_puts(out, entity) : dtake__buf_append(out, text + i, 1);
    }
    return st;
}

/* <Item name="KEY">VALUE</Item> of each "KEY=VALUE" line, then the names of the bands. */
dtake_status dtake__gdal_metadata_make(const dtake__tiff_spec *spec, dtake_buf *out)
{
    if (spec->metadata == NULL && spec->band_names == NULL)
        return DTAKE_OK;
    dtake_status st = dtake__buf_puts(out, "<GDALMetadata>\n");
    for (const char *line = spec->metadata; st == DTAKE_OK && line != NULL && *line != '\0';) {
        size_t len = strcspn(line, "\n");
        const char *equals = memchr(line, '=', len);
        if (equals != NULL) {
            st = dtake__buf_puts(out, "  <Item name=\"");
            if (st == DTAKE_OK)
                st = put_escaped(out, line, (size_t)(equals - line));
            if (st == DTAKE_OK)
                st = dtake__buf_puts(out, "\">");
            if (st == DTAKE_OK)
                st = put_escaped(out, equals + 1, len - (size_t)(equals + 1 - line));
            if (st == DTAKE_OK)
                st = dtake__buf_puts(out, "</Item>\n");
        }
        line += len + (line[len] == '\n');
    }
    for (int32_t i = 0; st == DTAKE_OK && spec->band_names != NULL && i < spec->bands; i++) {
        if (spec->band_names[i] == NULL || spec->band_names[i][0] == '\0')
            continue;
        st = dtake__buf_printf(
            out, "  <Item name=\"DESCRIPTION\" sample=\"%" PRId32 "\" role=\"description\">", i);
        if (st == DTAKE_OK)
            st = put_escaped(out, spec->band_names[i], strlen(spec->band_names[i]));
        if (st == DTAKE_OK)
            st = dtake__buf_puts(out, "</Item>\n");
    }
    return st == DTAKE_OK ? dtake__buf_puts(out, "</GDALMetadata>\n") : st;
}
