/* Every function there is: a line each, in the order of their names. A new one is its file, and its line
 * here. */
#include "raster/eval_value.h"

#define DTAKE__FUNCTION_MAP(X)                                                                               \
    X(collection)                                                                                            \
    X(collection_first)                                                                                      \
    X(collection_geometry)                                                                                   \
    X(collection_iterate)                                                                                    \
    X(collection_map)                                                                                        \
    X(collection_size)                                                                                       \
    X(collection_style)                                                                                      \
    X(feature)                                                                                               \
    X(geometry_bbox)                                                                                         \
    X(geometry_line_string)                                                                                  \
    X(geometry_multi_polygon)                                                                                \
    X(geometry_point)                                                                                        \
    X(geometry_polygon)                                                                                      \
    X(geometry_rectangle)                                                                                    \
    X(image_abs)                                                                                             \
    X(image_acos)                                                                                            \
    X(image_add)                                                                                             \
    X(image_add_bands)                                                                                       \
    X(image_and)                                                                                             \
    X(image_asin)                                                                                            \
    X(image_atan)                                                                                            \
    X(image_atan2)                                                                                           \
    X(image_band_names)                                                                                      \
    X(image_bitwise_and)                                                                                     \
    X(image_bitwise_not)                                                                                     \
    X(image_bitwise_or)                                                                                      \
    X(image_bitwise_xor)                                                                                     \
    X(image_blend)                                                                                           \
    X(image_byte)                                                                                            \
    X(image_cat)                                                                                             \
    X(image_ceil)                                                                                            \
    X(image_clamp)                                                                                           \
    X(image_clip)                                                                                            \
    X(image_clip_to_collection)                                                                              \
    X(image_constant)                                                                                        \
    X(image_cos)                                                                                             \
    X(image_divide)                                                                                          \
    X(image_double)                                                                                          \
    X(image_eq)                                                                                              \
    X(image_exp)                                                                                             \
    X(image_float)                                                                                           \
    X(image_floor)                                                                                           \
    X(image_gt)                                                                                              \
    X(image_gte)                                                                                             \
    X(image_hypot)                                                                                           \
    X(image_int)                                                                                             \
    X(image_int16)                                                                                           \
    X(image_int32)                                                                                           \
    X(image_int8)                                                                                            \
    X(image_left_shift)                                                                                      \
    X(image_load)                                                                                            \
    X(image_log)                                                                                             \
    X(image_log10)                                                                                           \
    X(image_long)                                                                                            \
    X(image_lt)                                                                                              \
    X(image_lte)                                                                                             \
    X(image_mask)                                                                                            \
    X(image_max)                                                                                             \
    X(image_min)                                                                                             \
    X(image_mod)                                                                                             \
    X(image_multiply)                                                                                        \
    X(image_neq)                                                                                             \
    X(image_normalized_difference)                                                                           \
    X(image_not)                                                                                             \
    X(image_or)                                                                                              \
    X(image_paint)                                                                                           \
    X(image_parse_expression)                                                                                \
    X(image_pow)                                                                                             \
    X(image_remap)                                                                                           \
    X(image_rename)                                                                                          \
    X(image_right_shift)                                                                                     \
    X(image_round)                                                                                           \
    X(image_select)                                                                                          \
    X(image_self_mask)                                                                                       \
    X(image_short)                                                                                           \
    X(image_signum)                                                                                          \
    X(image_sin)                                                                                             \
    X(image_slice)                                                                                           \
    X(image_sqrt)                                                                                            \
    X(image_subtract)                                                                                        \
    X(image_tan)                                                                                             \
    X(image_to_byte)                                                                                         \
    X(image_to_double)                                                                                       \
    X(image_to_float)                                                                                        \
    X(image_to_int)                                                                                          \
    X(image_to_int16)                                                                                        \
    X(image_to_int32)                                                                                        \
    X(image_to_int8)                                                                                         \
    X(image_to_long)                                                                                         \
    X(image_to_short)                                                                                        \
    X(image_to_uint16)                                                                                       \
    X(image_to_uint32)                                                                                       \
    X(image_to_uint8)                                                                                        \
    X(image_uint16)                                                                                          \
    X(image_uint32)                                                                                          \
    X(image_uint8)                                                                                           \
    X(image_unit_scale)                                                                                      \
    X(image_unmask)                                                                                          \
    X(image_update_mask)                                                                                     \
    X(image_visualize)                                                                                       \
    X(image_where)                                                                                           \
    X(image_collection_from_images)                                                                          \
    X(list_get)                                                                                              \
    X(list_iterate)                                                                                          \
    X(list_map)                                                                                              \
    X(list_size)                                                                                             \
    X(projection)

#define DECLARE(id) extern const dtake__function dtake__fn_##id;
DTAKE__FUNCTION_MAP(DECLARE)

#define LIST(id) &dtake__fn_##id,
static const dtake__function *const list[] = { DTAKE__FUNCTION_MAP(LIST) };

const dtake__registry dtake__functions = { list, sizeof list / sizeof list[0] };
