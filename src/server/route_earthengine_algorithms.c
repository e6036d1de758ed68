/* The functions there are, as the registry of the evaluator has them: what is listed is what works. */
#include "server/earthengine.h"

#include "core/number.h"
#include "format/json_write.h"

#include <string.h>

/* Clients promote arguments and wrap results by these. */
static const char *type_name(dtake__kind kind)
{
    switch (kind) {
    case DTAKE__LIST:
        return "List<Object>";
    case DTAKE__DICTIONARY:
        return "Dictionary<Object>";
    default:
        return dtake__kind_name(kind);
    }
}

static void put_default(dtake__json *json, const char *initial)
{
    double number;
    if (strcmp(initial, "null") == 0)
        dtake__json_null(json, "defaultValue");
    else if (strcmp(initial, "true") == 0 || strcmp(initial, "false") == 0)
        dtake__json_bool(json, "defaultValue", initial[0] == 't');
    else if (dtake__parse_f64(initial, &number))
        dtake__json_f64(json, "defaultValue", number);
    else if (initial[0] == '{' || initial[0] == '[')
        dtake__json_raw(json, "defaultValue", initial);
    else
        dtake__json_text(json, "defaultValue", initial);
}

static void put_function(dtake__json *json, const dtake__function *function)
{
    dtake_buf name = DTAKE_BUF_INIT(256);
    if (dtake__buf_printf(&name, "algorithms/%s", function->name) != DTAKE_OK)
        json->status = DTAKE_E_NOMEM;
    dtake__json_object(json, NULL);
    dtake__json_text(json, "name", dtake__buf_str(&name));
    dtake__json_text(json, "description", "");
    dtake__json_text(json, "returnType", type_name(function->returns));
    dtake__json_array(json, "arguments");
    for (const dtake__param *p = function->param; p->name != NULL; p++) {
        dtake__json_object(json, NULL);
        dtake__json_text(json, "argumentName", p->name);
        dtake__json_text(json, "type", type_name(p->kind));
        if (p->initial != NULL) {
            dtake__json_bool(json, "optional", true);
            put_default(json, p->initial);
        }
        dtake__json_end(json, '}');
    }
    dtake__json_end(json, ']');
    dtake__json_end(json, '}');
    dtake__buf_dispose(&name);
}

dtake_status dtake__ee_algorithms(dtake__ee_asked *asked, dtake_error *err)
{
    dtake__json json = { .out = &asked->answer };
    (void)err;
    dtake__json_object(&json, NULL);
    dtake__json_array(&json, "algorithms");
    for (size_t i = 0; i < dtake__functions.count; i++)
        put_function(&json, dtake__functions.at[i]);
    dtake__json_end(&json, ']');
    dtake__json_end(&json, '}');
    return json.status;
}
