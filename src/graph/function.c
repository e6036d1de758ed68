#include "graph/function.h"

#include "core/text.h"

#include <string.h>

const char *dtake__kind_name(dtake__kind kind)
{
    static const char *const names[] = {
#define KIND_NAME(name, text) text,
        DTAKE__KIND_MAP(KIND_NAME)
#undef KIND_NAME
    };
    return names[kind];
}

/* `a` of `len` characters against the '\0'-terminated `b`. */
static int compare(const char *a, size_t len, const char *b)
{
    int order = strncmp(a, b, len);
    return order != 0 ? order : b[len] == '\0' ? 0 : -1;
}

const dtake__function *dtake__registry_find(const dtake__registry *registry, const char *name, size_t len)
{
    size_t low = 0, high = registry->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(name, len, registry->at[middle]->name);
        if (order == 0)
            return registry->at[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const char *dtake__registry_near(const dtake__registry *registry, const char *name)
{
    const char *best = NULL;
    int least = (int)strlen(name) / 3 + 1;
    for (size_t i = 0; i < registry->count; i++) {
        int distance = dtake__edit_distance(name, registry->at[i]->name);
        if (distance < least) {
            least = distance;
            best = registry->at[i]->name;
        }
    }
    return best;
}

int dtake__function_param(const dtake__function *function, const char *name, size_t len)
{
    for (int i = 0; function->param[i].name != NULL; i++)
        if (compare(name, len, function->param[i].name) == 0)
            return i;
    return -1;
}

int dtake__function_params(const dtake__function *function)
{
    int count = 0;
    while (function->param[count].name != NULL)
        count++;
    return count;
}
