/* Image.parseExpression: "(b('B8') - B4) / (image.B8 + B4) > 0.3 ? 1 : 0" as a function of images. Operators
 * are those of the functions they stand for (Image.add ...); any other function of images is called by its
 * name: min(B8, B4). */
#include "raster/expression.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/number.h"
#include "raster/eval_closure.h"
#include "raster/eval_function.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { MAX_DEPTH = 200, MAX_WORD = 64 };

/* What a text was parsed for: its value, or (eval NULL) the free names in it. */
typedef struct parser {
    const char *text, *at;
    int depth;
    dtake__eval *eval;
    const char *const *name; /* of the variables */
    const dtake__value *value;
    size_t count;
    const char *image; /* the variable whose bands b() and, with free_bands, names without a meaning are */
    bool free_bands;
    dtake__strings *names;
    dtake_status status;
    dtake_error *err;
} parser;

static dtake__value read_choice(parser *p);

static dtake__value none(void)
{
    return (dtake__value){ .null = true };
}

static dtake__value fail(parser *p, const char *what, const char *word)
{
    if (p->status == DTAKE_OK)
        p->status = dtake__fail(p->err, DTAKE_E_USAGE, "expression \"%.80s\", character %d: %s%s%s", p->text,
                                (int)(p->at - p->text) + 1, what, word[0] != '\0' ? " " : "", word);
    return none();
}

static char peek(parser *p)
{
    while (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r')
        p->at++;
    return p->status == DTAKE_OK ? *p->at : '\0';
}

static bool take(parser *p, const char *word)
{
    (void)peek(p);
    size_t len = strlen(word);
    if (p->status != DTAKE_OK || strncmp(p->at, word, len) != 0)
        return false;
    p->at += len;
    return true;
}

static dtake__value call(parser *p, const char *function, const dtake__value *arg, size_t count)
{
    dtake__value out = none();
    if (p->status == DTAKE_OK && p->eval != NULL)
        p->status = dtake__eval_call(p->eval, function, arg, count, &out, p->err);
    return out;
}

static dtake__value call2(parser *p, const char *function, dtake__value a, dtake__value b)
{
    const dtake__value arg[2] = { a, b };
    return call(p, function, arg, 2);
}

/* --- names --- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool read_word(parser *p, char out[MAX_WORD])
{
    size_t len = 0;
    (void)peek(p);
    while (is_word(p->at[len]))
        len++;
    if (len == 0 || len >= MAX_WORD) {
        fail(p, "a name is expected here", "");
        return false;
    }
    memcpy(out, p->at, len);
    out[len] = '\0';
    p->at += len;
    return true;
}

static const dtake__value *find(const parser *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->name[i], name) == 0)
            return &p->value[i];
    return NULL;
}

static dtake__value band_of(parser *p, const dtake__value *image, dtake__value band)
{
    return image != NULL ? call2(p, "Image.select", *image, band) : none();
}

static dtake__value named_band(parser *p, const dtake__value *image, const char *name)
{
    if (p->eval == NULL) {
        if (!dtake__strings_have(p->names, name) && p->status == DTAKE_OK)
            p->status = dtake__strings_add(p->names, name, strlen(name));
        return none();
    }
    const char *kept = dtake__slab_text(dtake__eval_slab(p->eval), name, strlen(name));
    if (kept == NULL && p->status == DTAKE_OK)
        p->status = dtake__fail_nomem(p->err, "an expression");
    return p->status == DTAKE_OK ? band_of(p, image, dtake__value_of_text(kept)) : none();
}

/* b('B8') or b(0): a band of the image. */
static dtake__value read_band(parser *p)
{
    char name[MAX_WORD];
    const dtake__value *image = p->eval != NULL ? find(p, p->image) : NULL;
    dtake__value out = none();
    char quote = peek(p);
    if (quote == '\'' || quote == '"') {
        size_t len = strcspn(++p->at, quote == '"' ? "\"" : "'");
        if (len >= sizeof name || p->at[len] == '\0')
            return fail(p, "a band's name does not end", "");
        memcpy(name, p->at, len);
        name[len] = '\0';
        p->at += len + 1;
        out = named_band(p, image, name);
    } else if (isdigit((unsigned char)quote)) {
        double number = 0;
        while (isdigit((unsigned char)*p->at))
            number = number * 10 + (*p->at++ - '0');
        out = band_of(p, image, dtake__value_of_number(number));
    } else {
        return fail(p, "b() takes a band's name in quotes, or its number", "");
    }
    return take(p, ")") ? out : fail(p, "')' is missing", "");
}

static dtake__value read_arguments(parser *p, const char *name)
{
    char function[MAX_WORD + 8];
    dtake__value arg[DTAKE__MAX_PARAMS];
    size_t count = 0;
    snprintf(function, sizeof function, "Image.%s", name);
    if (dtake__registry_find(&dtake__functions, function, strlen(function)) == NULL)
        return fail(p, "there is no function", name);
    while (p->status == DTAKE_OK && !take(p, ")")) {
        if (count == DTAKE__MAX_PARAMS)
            return fail(p, "too many arguments of", name);
        arg[count++] = read_choice(p);
        if (peek(p) != ')' && !take(p, ","))
            return fail(p, "',' or ')' is expected here", "");
    }
    const dtake__function *f = dtake__registry_find(&dtake__functions, function, strlen(function));
    for (size_t i = count; i < (size_t)dtake__function_params(f); i++)
        if (f->param[i].initial == NULL)
            return fail(p, "too few arguments of", name);
    if (count > (size_t)dtake__function_params(f))
        return fail(p, "too many arguments of", name);
    return call(p, function, arg, count);
}

static dtake__value read_name(parser *p)
{
    char name[MAX_WORD], band[MAX_WORD];
    if (!read_word(p, name))
        return none();
    if (take(p, "("))
        return strcmp(name, "b") == 0 ? read_band(p) : read_arguments(p, name);
    const dtake__value *value = find(p, name);
    bool member = *p->at == '.' && is_word(p->at[1]);
    if (member) {
        p->at++;
        if (!read_word(p, band))
            return none();
        if (value == NULL && p->eval != NULL)
            return fail(p, "there is no variable", name);
        return named_band(p, value, band);
    }
    if (value != NULL)
        return *value;
    if (p->free_bands)
        return named_band(p, p->eval != NULL ? find(p, p->image) : NULL, name);
    return fail(p, "there is no variable", name);
}

/* --- operators, strongest first --- */

static dtake__value read_primary(parser *p)
{
    dtake__value out;
    dtake__decimal number;
    double value;
    if (take(p, "(")) {
        out = read_choice(p);
        return take(p, ")") ? out : fail(p, "')' is missing", "");
    }
    if (isdigit((unsigned char)peek(p)) || *p->at == '.') {
        if (!dtake__decimal_scan(p->at, p->at + strlen(p->at), &number) ||
            !dtake__decimal_f64(&number, &value))
            return fail(p, "this is no number", "");
        p->at = number.end;
        return dtake__value_of_number(value);
    }
    return read_name(p);
}

static dtake__value read_unary(parser *p);

static dtake__value read_power(parser *p)
{
    dtake__value base = read_primary(p);
    return take(p, "**") ? call2(p, "Image.pow", base, read_unary(p)) : base;
}

static dtake__value read_unary(parser *p)
{
    dtake__value operand, out;
    if (++p->depth > MAX_DEPTH)
        return fail(p, "operators and brackets nest too deep", "");
    char c = peek(p);
    if (c == '-' || c == '+' || c == '~' || (c == '!' && p->at[1] != '=')) {
        p->at++;
        operand = read_unary(p);
        out = c == '-'   ? call2(p, "Image.subtract", dtake__value_of_number(0), operand)
              : c == '~' ? call(p, "Image.bitwiseNot", &operand, 1)
              : c == '!' ? call(p, "Image.not", &operand, 1)
                         : operand;
    } else {
        out = read_power(p);
    }
    p->depth--;
    return out;
}

/* From the strongest to the weakest; longer signs before those they begin with. */
static const struct {
    const char *sign, *function;
} operators[][5] = {
    { { "*", "Image.multiply" }, { "/", "Image.divide" }, { "%", "Image.mod" } },
    { { "+", "Image.add" }, { "-", "Image.subtract" } },
    { { "<<", "Image.leftShift" }, { ">>", "Image.rightShift" } },
    { { "<=", "Image.lte" }, { ">=", "Image.gte" }, { "<", "Image.lt" }, { ">", "Image.gt" } },
    { { "==", "Image.eq" }, { "!=", "Image.neq" } },
    { { "&", "Image.bitwiseAnd" } },
    { { "^", "Image.bitwiseXor" } },
    { { "|", "Image.bitwiseOr" } },
    { { "&&", "Image.and" } },
    { { "||", "Image.or" } },
};
enum { LEVELS = sizeof operators / sizeof operators[0] };

/* A sign that is not the beginning of a longer one of another level. */
static bool take_sign(parser *p, const char *sign)
{
    char c = peek(p);
    size_t len = strlen(sign);
    if (strncmp(p->at, sign, len) != 0 || c == '\0')
        return false;
    char next = p->at[len];
    bool longer = len == 1 && ((strchr("<>", sign[0]) != NULL && next == sign[0]) ||
                               (strchr("&|*", sign[0]) != NULL && next == sign[0]));
    return !longer && take(p, sign);
}

static dtake__value read_level(parser *p, int level)
{
    if (level < 0)
        return read_unary(p);
    dtake__value out = read_level(p, level - 1);
    for (size_t i = 0; i < 5 && operators[level][i].sign != NULL && p->status == DTAKE_OK;) {
        if (take_sign(p, operators[level][i].sign)) {
            out = call2(p, operators[level][i].function, out, read_level(p, level - 1));
            i = 0;
        } else {
            i++;
        }
    }
    return out;
}

/* test ? a : b, masked where the test is. */
static dtake__value read_choice(parser *p)
{
    if (++p->depth > MAX_DEPTH)
        return fail(p, "operators and brackets nest too deep", "");
    dtake__value out = read_level(p, LEVELS - 1);
    if (take(p, "?")) {
        dtake__value yes = read_choice(p);
        if (!take(p, ":"))
            return fail(p, "':' is missing", "");
        dtake__value no = read_choice(p);
        const dtake__value arg[3] = { no, out, yes };
        dtake__value mask = call(p, "Image.mask", &out, 1);
        out = call2(p, "Image.updateMask", call(p, "Image.where", arg, 3), mask);
    }
    p->depth--;
    return out;
}

static dtake__value parse(parser *p)
{
    dtake__value out = read_choice(p);
    return peek(p) == '\0' ? out : fail(p, "an operator is expected here", "");
}

dtake_status dtake__expression_names(const char *text, dtake__strings *out, dtake_error *err)
{
    parser p = { .text = text, .at = text, .image = "", .free_bands = true, .names = out, .err = err };
    (void)parse(&p);
    return p.status;
}

/* --- the function --- */

typedef struct parsed {
    const char *text, *image;
    bool free_bands;
} parsed;

static dtake_status run(dtake__eval *eval, const void *ctx, const char *const *name, const dtake__value *arg,
                        size_t count, dtake__value *out, dtake_error *err)
{
    const parsed *e = ctx;
    parser p = { .text = e->text,
                 .at = e->text,
                 .eval = eval,
                 .name = name,
                 .value = arg,
                 .count = name != NULL ? count : 0,
                 .image = e->image,
                 .free_bands = e->free_bands,
                 .err = err };
    dtake__value value = parse(&p);
    return p.status == DTAKE_OK ? dtake__eval_cast(eval, &value, DTAKE__IMAGE, out, err) : p.status;
}

static dtake_status parse_expression(dtake__call *c, dtake_error *err)
{
    parsed *e = dtake__call_alloc(c, 1, sizeof *e, err);
    if (e == NULL)
        return DTAKE_E_NOMEM;
    *e = (parsed){ c->arg[0].text, c->arg[1].text, c->arg[3].boolean };
    return dtake__eval_native(c->eval, run, e, &c->out, err);
}
DTAKE__FUNCTION(image_parse_expression, "Image.parseExpression", ALGORITHM, parse_expression,
                { "expression", DTAKE__STRING }, { "argName", DTAKE__STRING }, { "vars", DTAKE__LIST },
                { "mapFreeVarsToDefaultImageBands", DTAKE__BOOLEAN, "false" });
