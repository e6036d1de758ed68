/* libnetcdf, opened when it is first needed: it draws in forty libraries, which would cost every start of the
 * program 11 ms. */
#ifndef DTAKE_OUTPUT_NETCDF_API_H
#define DTAKE_OUTPUT_NETCDF_API_H

#include <netcdf.h>

#define DTAKE_NETCDF_MAP(X)                                                                                  \
    X(nc_create)                                                                                             \
    X(nc_def_dim)                                                                                            \
    X(nc_def_var)                                                                                            \
    X(nc_def_var_chunking)                                                                                   \
    X(nc_def_var_fill)                                                                                       \
    X(nc_set_var_chunk_cache)                                                                                \
    X(nc_put_att)                                                                                            \
    X(nc_put_att_text)                                                                                       \
    X(nc_enddef)                                                                                             \
    X(nc_put_vara)                                                                                           \
    X(nc_close)                                                                                              \
    X(nc_strerror)

typedef struct dtake__netcdf_api {
#define DTAKE_NETCDF_MEMBER(name) __typeof__(&name) name;
    DTAKE_NETCDF_MAP(DTAKE_NETCDF_MEMBER)
#undef DTAKE_NETCDF_MEMBER
} dtake__netcdf_api;

/* NULL when there is none. Its calls are for one thread at a time: between lock and unlock, which are for the
 * whole process. */
const dtake__netcdf_api *dtake__netcdf_load(void);
void dtake__netcdf_lock(void);
void dtake__netcdf_unlock(void);

#endif
