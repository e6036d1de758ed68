/* Dictionaries. */
#include "raster/eval_function.h"

#include "core/error.h"

#include <string.h>

static dtake_status get(dtake__call *call, dtake_error *err)
{
    const dtake__value *dictionary = &call->arg[0];
    for (size_t i = 0; i < dictionary->list.count; i++)
        if (strcmp(dictionary->list.key[i], call->arg[1].text) == 0)
            return dtake__call_give(call, dictionary->list.item[i]);
    return call->arg[2].null ? dtake__fail(err, DTAKE_E_NOT_FOUND,
                                           "there is no key '%.60s' in the dictionary", call->arg[1].text)
                             : dtake__call_give(call, call->arg[2]);
}
DTAKE__FUNCTION(dictionary_get, "Dictionary.get", OBJECT, get, { "dictionary", DTAKE__DICTIONARY },
                { "key", DTAKE__STRING }, { "defaultValue", DTAKE__OBJECT, "null" });

/* A band of constants a number; what is null is masked. */
static dtake_status to_image(dtake__call *call, dtake_error *err)
{
    const dtake__value *dictionary = &call->arg[0];
    dtake__expressions *e = dtake__eval_expressions(call->eval);
    dtake__image_value *out = dtake__call_image(call, dictionary->list.count, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < out->count; i++) {
        const dtake__value *item = &dictionary->list.item[i];
        if (!item->null && item->kind != DTAKE__NUMBER)
            return dtake__fail(err, DTAKE_E_USAGE, "the value of '%.60s' is no number",
                               dictionary->list.key[i]);
        dtake__px px = dtake__px_constant(e, item->null ? 0 : item->number);
        if (item->null) {
            dtake__px_node masked = *dtake__px_node_of(e, px);
            masked.param[1] = 0;
            px = dtake__px_add(e, &masked);
        }
        out->band[i] = (dtake__band_value){ .name = dictionary->list.key[i], .px = px };
    }
    return DTAKE_OK;
}
DTAKE__FUNCTION(dictionary_to_image, "Dictionary.toImage", IMAGE, to_image,
                { "dictionary", DTAKE__DICTIONARY }, { "names", DTAKE__OBJECT, "null" });
