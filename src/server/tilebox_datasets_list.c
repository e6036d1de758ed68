/* DatasetService/ListDatasets: groups, datasets under all their names, and word of those that are left out.
 */
#include "server/tilebox.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/strings.h"

typedef struct listing {
    dtake__tb_asked *asked;
    bool as_of_2024;
    dtake__pb_out *out;
    dtake__strings groups; /* that were written */
    dtake__strings types;  /* that were written, and of which dataset each is, by turns */
    dtake_buf bad;         /* word of datasets that are left out */
} listing;

/* A group and all around it, each once. */
static dtake_status put_groups(listing *l, const char *group, dtake_error *err)
{
    size_t len = strlen(group);
    dtake_status st = DTAKE_OK;
    while (len > 0 && st == DTAKE_OK) {
        char *name = dtake__strndup(group, len);
        if (name == NULL)
            return dtake__fail_nomem(err, "list datasets");
        char *dot = strrchr(name, '.');
        dtake__tb_group message = { .id = dtake__tb_group_id(name, len),
                                    .code_name = dtake__span_of(dot != NULL ? dot + 1 : name) };
        message.name = message.code_name;
        size_t parent = dot != NULL ? (size_t)(dot - name) : 0;
        if (parent > 0)
            message.parent_id = dtake__tb_group_id(name, parent);
        bool known = dtake__strings_have(&l->groups, name);
        if (!known)
            dtake__tb_put(&dtake__tb_group_message, &message, 2, l->out);
        if (!known && dtake__strings_add(&l->groups, name, len) != DTAKE_OK)
            st = dtake__fail_nomem(err, "list datasets");
        dtake__free(name);
        len = known ? 0 : parent;
    }
    return st;
}

/* Clients keep one type of a name for good: two datasets must not share it. */
static dtake_status check_type(listing *l, const dtake_dataset_info *info, dtake_error *err)
{
    dtake__tilebox_type *type = NULL;
    dtake_status st = dtake__tb_type_of(l->asked, info, l->as_of_2024, &type, err);
    if (st != DTAKE_OK)
        return st;
    const char *url = dtake__tilebox_type_url(type);
    for (size_t i = 0; i + 1 < l->types.count && st == DTAKE_OK; i += 2)
        if (strcmp(l->types.at[i], url) == 0)
            st = dtake__fail(err, DTAKE_E_STATE, "its type has the name of that of %s", l->types.at[i + 1]);
    if (st == DTAKE_OK && (dtake__strings_add(&l->types, url, strlen(url)) != DTAKE_OK ||
                           dtake__strings_add(&l->types, info->slug, strlen(info->slug)) != DTAKE_OK))
        st = dtake__fail_nomem(err, "list datasets");
    dtake__tilebox_type_release(type);
    return st;
}

static dtake_status put_named(listing *l, const dtake_dataset_info *info, const char *slug, dtake_error *err)
{
    char group[DTAKE__TB_GROUP_BYTES];
    dtake__tb_group_of(slug, group);
    dtake_status st = put_groups(l, group, err);
    return st == DTAKE_OK ? dtake__tb_put_dataset(l->asked, info, slug, l->as_of_2024, 1, l->out, err) : st;
}

/* One that cannot be told is left out: it would keep clients from all the others. */
static dtake_status put_dataset(listing *l, const dtake_dataset_info *info, dtake_error *err)
{
    dtake_error why;
    dtake_status st = check_type(l, info, &why);
    if (st == DTAKE_E_NOMEM) {
        dtake__error_copy(err, &why);
        return st;
    }
    if (st != DTAKE_OK)
        return dtake__buf_printf(&l->bad, "%s%s is left out: %s", l->bad.len > 0 ? "; " : "", info->slug,
                                 why.message);
    st = put_named(l, info, info->slug, err);
    for (size_t i = 0; i < info->alias_count && st == DTAKE_OK; i++)
        st = put_named(l, info, info->aliases[i], err);
    return st;
}

/* Clients print it as text with marks in '<' and '>'. */
static void put_message(listing *l)
{
    for (size_t i = 0; i < l->bad.len; i++)
        if (l->bad.data[i] == '<' || l->bad.data[i] == '>')
            l->bad.data[i] = l->bad.data[i] == '<' ? '(' : ')';
    if (l->bad.len > 0)
        dtake__pb_put_bytes(l->out, 3, l->bad.data, l->bad.len);
}

dtake_status dtake__tb_do_list_datasets(dtake__tb_asked *asked, bool as_of_2024, dtake_error *err)
{
    dtake__tb_place place;
    dtake__pb_out out = { .to = asked->answer };
    listing l = { .asked = asked, .as_of_2024 = as_of_2024, .out = &out, .bad = DTAKE_BUF_INIT(64 * 1024) };
    dtake_status st = dtake__tb_look(asked, &place, err);
    size_t count = place.datasets != NULL ? dtake_dataset_list_count(place.datasets) : 0;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        st = put_dataset(&l, dtake_dataset_list_at(place.datasets, i), err);
    if (st == DTAKE_OK) {
        put_message(&l);
        st = dtake__pb_done(&out, "a list of datasets", err);
    }
    dtake__strings_dispose(&l.groups);
    dtake__strings_dispose(&l.types);
    dtake__buf_dispose(&l.bad);
    dtake__tb_place_dispose(&place);
    return st;
}
