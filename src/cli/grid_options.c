#include "cli/grid_options.h"

#include "core/error.h"
#include "core/number.h"

#include <string.h>

enum { NUMBER_BYTES = 64 };

/* Up to `most` numbers with one of `marks` or blanks between them; how many, 0 when it is something else. */
static int read_numbers(const char *text, const char *marks, double *out, int most)
{
    int count = 0;
    while (true) {
        char number[NUMBER_BYTES];
        text += strspn(text, " ");
        size_t len = strcspn(text, marks);
        while (len > 0 && text[len - 1] == ' ')
            len--;
        if (count == most || len == 0 || len >= sizeof number)
            return 0;
        memcpy(number, text, len);
        number[len] = '\0';
        if (!dtake__parse_f64(number, &out[count]))
            return 0;
        count++;
        text += strcspn(text, marks);
        if (*text == '\0')
            return count;
        text++;
    }
}

static dtake_status read_res(dtake_get_options *get, const char *text, dtake_error *err)
{
    double res[2] = { 0 };
    int count = read_numbers(text, ",", res, 2);
    get->res_x = res[0];
    get->res_y = count == 2 ? res[1] : res[0];
    if (count > 0 && get->res_x > 0 && get->res_y > 0)
        return DTAKE_OK;
    return dtake__fail(err, DTAKE_E_USAGE,
                       "--res '%.60s': one or two numbers more than 0, such as 10 or 0.0001,0.0001", text);
}

static dtake_status read_extent(dtake_get_options *get, const char *text, dtake_error *err)
{
    double edge[4];
    if (read_numbers(text, ",", edge, 4) != 4)
        return dtake__fail(err, DTAKE_E_USAGE, "--extent '%.80s': XMIN,YMIN,XMAX,YMAX in units of the CRS",
                           text);
    get->has_extent = true;
    get->x_min = edge[0];
    get->y_min = edge[1];
    get->x_max = edge[2];
    get->y_max = edge[3];
    return DTAKE_OK;
}

static dtake_status read_size(dtake_get_options *get, const char *text, dtake_error *err)
{
    double size[2];
    const double most = 2147483647;
    if (read_numbers(text, "xX,", size, 2) != 2 ||
        !(size[0] >= 0 && size[0] <= most && size[1] >= 0 && size[1] <= most) ||
        size[0] != (double)(int64_t)size[0] || size[1] != (double)(int64_t)size[1] || size[0] + size[1] == 0)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "--size '%.60s': WIDTHxHEIGHT in pixels, such as 1024x768 or 1024x0", text);
    get->size_width = (int64_t)size[0];
    get->size_height = (int64_t)size[1];
    return DTAKE_OK;
}

dtake_status dtake__grid_options_read(dtake_get_options *get, const dtake__args *args, dtake_error *err)
{
    const char *res = dtake__args_text(args, "res"), *extent = dtake__args_text(args, "extent");
    const char *size = dtake__args_text(args, "size"), *how = dtake__args_text(args, "resampling");
    dtake_status st = DTAKE_OK;
    get->crs = dtake__args_text(args, "crs");
    get->scale_m = dtake__args_f64(args, "scale", 0);
    get->align = dtake__args_flag(args, "align");
    if (res != NULL)
        st = read_res(get, res, err);
    if (st == DTAKE_OK && extent != NULL)
        st = read_extent(get, extent, err);
    if (st == DTAKE_OK && size != NULL)
        st = read_size(get, size, err);
    return st == DTAKE_OK && how != NULL ? dtake_resampling_parse(how, &get->resampling, err) : st;
}
