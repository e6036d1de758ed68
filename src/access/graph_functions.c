#include <datatake/graph.h>

#include "raster/eval_value.h"

_Static_assert((int)DTAKE_GRAPH_PARAMETERS == (int)DTAKE__MAX_PARAMS, "room for all parameters");

bool dtake_graph_function_at(size_t index, dtake_graph_function *out)
{
    if (index >= dtake__functions.count)
        return false;
    const dtake__function *function = dtake__functions.at[index];
    *out = (dtake_graph_function){ .name = function->name,
                                   .returns = dtake__kind_name(function->returns),
                                   .count = (size_t)dtake__function_params(function) };
    for (size_t i = 0; i < out->count; i++)
        out->parameter[i] =
            (dtake_graph_parameter){ function->param[i].name, dtake__kind_name(function->param[i].kind),
                                     function->param[i].initial };
    return true;
}
