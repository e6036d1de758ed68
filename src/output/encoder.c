#include "output/encoder.h"

#include "core/alloc.h"
#include "io/workers.h"

typedef struct scratch {
    int level;
    dtake__encoder *encoder;
} scratch;

static char scratch_key;

static void *make_scratch(void)
{
    return dtake__calloc(1, sizeof(scratch));
}

static void free_scratch(void *of_thread)
{
    scratch *s = of_thread;
    dtake__encoder_free(s->encoder);
    dtake__free(s);
}

dtake__encoder *dtake__encoder_of_thread(int level)
{
    scratch *s = dtake__thread_scratch(&scratch_key, make_scratch, free_scratch);
    if (s == NULL || (s->encoder != NULL && s->level == level))
        return s != NULL ? s->encoder : NULL;
    dtake__encoder_free(s->encoder);
    *s = (scratch){ level, dtake__encoder_new(level) };
    return s->encoder;
}

dtake__tiff_spec dtake__tile_spec(dtake_type type, int32_t bands, int32_t tile_side, bool cog)
{
    bool floats = type == DTAKE_F32 || type == DTAKE_F64;
    return (dtake__tiff_spec){ .tile_side = tile_side,
                               .bands = bands,
                               .type = type,
                               .compression = DTAKE__TIFF_DEFLATE,
                               .predictor = floats ? 3 : 2,
                               .cog = cog };
}
