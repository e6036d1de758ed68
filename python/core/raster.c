/* Open rasters, and pixels as memory that numpy reads. */
#include "images.h"

static PyTypeObject *Raster_type, *Pixels_type;

/* --- pixels --- */

typedef struct pixels_object {
    PyObject_HEAD dtake_pixels pixels; /* data, or only a mask */
    void *at;
    Py_ssize_t len;
} pixels_object;

static PyObject *wrap(dtake_pixels pixels, void *at, int64_t len)
{
    pixels_object *self = PyObject_New(pixels_object, Pixels_type);
    if (self == NULL) {
        dtake_pixels_dispose(&pixels);
        return NULL;
    }
    self->pixels = pixels;
    self->at = at;
    self->len = (Py_ssize_t)len;
    return (PyObject *)self;
}

static int pixels_get(PyObject *self, Py_buffer *view, int flags)
{
    pixels_object *p = (pixels_object *)self;
    return PyBuffer_FillInfo(view, self, p->at, p->len, 0, flags);
}

static void pixels_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    dtake_pixels_dispose(&((pixels_object *)self)->pixels);
    PyObject_Free(self);
    DROP(type);
}

/* (data or None, mask or None, bands, bands of the mask, height, width, type) */
PyObject *pixels_to_python(dtake_pixels *pixels)
{
    dtake_pixels all = dtake_pixels_take(pixels), masks = { .mask = all.mask };
    int64_t plane = all.width * all.height;
    all.mask = NULL;
    PyObject *mask =
        masks.mask != NULL ? wrap(masks, masks.mask, plane * all.mask_bands) : Py_NewRef(Py_None);
    PyObject *data = all.data != NULL
                         ? wrap(all, all.data, plane * all.bands * (int64_t)dtake_type_bytes(all.type))
                         : Py_NewRef(Py_None);
    PyObject *out =
        data == NULL || mask == NULL
            ? NULL
            : Py_BuildValue("(OOiiLLs)", data, mask, (int)all.bands, (int)all.mask_bands,
                            (long long)all.height, (long long)all.width, dtake_type_name(all.type));
    DROP(data);
    DROP(mask);
    return out;
}

/* --- rasters --- */

typedef struct raster_object {
    PyObject_HEAD runtime_object *runtime;
    dtake_raster *raster; /* NULL: closed */
    living open;
} raster_object;

static living *rasters; /* that are open */

static void on_open(dtake_status status, dtake_raster *raster, const dtake_error *err, void *ctx)
{
    op_object *op = ctx;
    if (status == DTAKE_OK)
        op->raster = raster;
    else if (err != NULL)
        op->err = *err;
    op_finish(op, status);
}

/* open_raster(runtime, href, queue) -> Op of a Raster */
static PyObject *open_raster(PyObject *module, PyObject *arguments)
{
    runtime_object *runtime;
    const char *href;
    PyObject *queue;
    dtake_error err = { 0 };
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!sO:open_raster", Runtime_type, &runtime, &href, &queue) ||
        !runtime_usable(runtime))
        return NULL;
    op_object *op = op_new(NULL, queue, NULL);
    if (op == NULL)
        return NULL;
    op->runtime = KEEP(runtime);
    return op_started(op, dtake_raster_open_start(runtime->runtime, href, &op->transfer, &err, on_open, op),
                      &err);
}

void raster_drop(dtake_raster *raster, PyObject *of)
{
    const runtime_object *runtime = (const runtime_object *)of;
    if (runtime->runtime != NULL && !is_foreign_process(runtime))
        dtake_raster_close(raster);
}

PyObject *raster_wrap(dtake_raster *raster, PyObject *runtime)
{
    raster_object *self = PyObject_New(raster_object, Raster_type);
    if (self == NULL) {
        raster_drop(raster, runtime);
        return NULL;
    }
    memset((char *)self + sizeof(PyObject), 0, sizeof *self - sizeof(PyObject));
    self->runtime = KEEP(runtime);
    self->raster = raster;
    living_add(&rasters, &self->open, self);
    return (PyObject *)self;
}

/* Reads under way keep the object. */
static void close_raster(raster_object *self)
{
    dtake_raster *raster = self->raster;
    if (raster == NULL)
        return;
    self->raster = NULL;
    living_remove(&rasters, &self->open);
    raster_drop(raster, (PyObject *)self->runtime);
}

void rasters_shut(void)
{
    while (rasters != NULL)
        close_raster((raster_object *)rasters->object);
}

static bool is_closed(const raster_object *self)
{
    if (self->raster == NULL)
        PyErr_SetString(PyExc_RuntimeError, "the raster is closed");
    return self->raster == NULL || !runtime_usable(self->runtime);
}

static void on_pixels(dtake_status status, dtake_pixels *pixels, const dtake_error *err, void *ctx)
{
    op_object *op = ctx;
    if (status == DTAKE_OK)
        op->pixels = dtake_pixels_take(pixels);
    else if (err != NULL)
        op->err = *err;
    op_finish(op, status);
}

/* read((col, row, width, height), bands or None, overview, mask, queue) -> Op of pixels_to_python */
static PyObject *raster_read(PyObject *self, PyObject *arguments)
{
    raster_object *raster = (raster_object *)self;
    long long col, row, width, height;
    int overview, mask;
    PyObject *bands, *queue;
    int32_t band[4096];
    dtake_error err = { 0 };
    if (!PyArg_ParseTuple(arguments, "(LLLL)OipO:read", &col, &row, &width, &height, &bands, &overview, &mask,
                          &queue) ||
        is_closed(raster))
        return NULL;
    dtake_read read = { .window = { col, row, width, height }, .overview = overview, .want_mask = mask };
    if (bands != Py_None) {
        Py_ssize_t count = PyList_Check(bands) ? PyList_Size(bands) : -1;
        if (count < 1 || (size_t)count > sizeof band / sizeof *band) {
            PyErr_SetString(PyExc_ValueError, "bands: a list of 1 to 4096 numbers is expected");
            return NULL;
        }
        for (Py_ssize_t i = 0; i < count; i++) {
            long number = PyLong_AsLong(PyList_GetItem(bands, i));
            if (PyErr_Occurred())
                return NULL;
            band[i] = number > 0 && number <= INT32_MAX ? (int32_t)number : 0; /* refused as out of range */
        }
        read.bands = band;
        read.band_count = (size_t)count;
    }
    op_object *op = op_new(NULL, queue, self);
    return op == NULL
               ? NULL
               : op_started(
                     op, dtake_raster_read_start(raster->raster, &read, &op->transfer, &err, on_pixels, op),
                     &err);
}

/* window((west, south, east, north)) -> (col, row, width, height) */
static PyObject *raster_window(PyObject *self, PyObject *box)
{
    raster_object *raster = (raster_object *)self;
    dtake_box area;
    dtake_window out;
    dtake_error err = { 0 };
    dtake_status st;
    if (!PyArg_ParseTuple(box, "dddd:window", &area.west, &area.south, &area.east, &area.north) ||
        is_closed(raster))
        return NULL;
    KEEP(raster);
    dtake_raster *open = raster->raster;
    Py_BEGIN_ALLOW_THREADS
    st = dtake_raster_window(open, area, &out, &err);
    Py_END_ALLOW_THREADS
    DROP(raster);
    if (st != DTAKE_OK)
        return raise_status(st, &err);
    return Py_BuildValue("(LLLL)", (long long)out.col, (long long)out.row, (long long)out.width,
                         (long long)out.height);
}

static PyObject *bands_of(const dtake_raster_info *info)
{
    PyObject *list = PyList_New(info->bands);
    for (int32_t i = 0; list != NULL && i < info->bands; i++) {
        const dtake_band *b = &info->band[i];
        PyObject *one = Py_BuildValue("(ssdd)", b->name, b->color, b->scale, b->offset);
        if (one == NULL || PyList_SetItem(list, i, one) != 0) {
            DROP(list);
            return NULL;
        }
    }
    return list;
}

static PyObject *overviews_of(const dtake_raster_info *info)
{
    PyObject *list = PyList_New((Py_ssize_t)info->overview_count);
    for (size_t i = 0; list != NULL && i < info->overview_count; i++) {
        PyObject *one =
            Py_BuildValue("(LL)", (long long)info->overview[i].height, (long long)info->overview[i].width);
        if (one == NULL || PyList_SetItem(list, (Py_ssize_t)i, one) != 0) {
            DROP(list);
            return NULL;
        }
    }
    return list;
}

/* info(): (href, driver, width, height, bands, type, tile width, tile height, compression, layout,
 * interleave, epsg, crs, transform or None, nodata or None, has mask, list of bands, overviews, file bytes)
 */
static PyObject *raster_info(PyObject *self, PyObject *nothing)
{
    raster_object *raster = (raster_object *)self;
    (void)nothing;
    if (is_closed(raster))
        return NULL;
    const dtake_raster_info *i = dtake_raster_get_info(raster->raster);
    const dtake_affine *t = &i->transform;
    PyObject *transform =
        i->has_transform ? Py_BuildValue("(dddddd)", t->x0, t->col_x, t->row_x, t->y0, t->col_y, t->row_y)
                         : Py_NewRef(Py_None);
    PyObject *nodata = i->has_nodata ? PyFloat_FromDouble(i->nodata) : Py_NewRef(Py_None);
    PyObject *bands = bands_of(i), *overviews = overviews_of(i);
    PyObject *out =
        transform == NULL || nodata == NULL || bands == NULL || overviews == NULL
            ? NULL
            : Py_BuildValue("(ssLLisiisssisOOOOOL)", i->href, i->driver, (long long)i->width,
                            (long long)i->height, (int)i->bands, dtake_type_name(i->type), (int)i->tile_width,
                            (int)i->tile_height, i->compression, i->layout, i->interleave, (int)i->epsg,
                            i->crs, transform, nodata, i->has_mask ? Py_True : Py_False, bands, overviews,
                            (long long)i->file_bytes);
    DROP(transform);
    DROP(nodata);
    DROP(bands);
    DROP(overviews);
    return out;
}

static void raster_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    close_raster((raster_object *)self);
    DROP(((raster_object *)self)->runtime);
    PyObject_Free(self);
    DROP(type);
}

static PyMethodDef methods[] = {
    { "read", raster_read, METH_VARARGS,
      "read((col, row, width, height), bands or None, overview, mask, queue) -> Op of pixels" },
    { "window", raster_window, METH_O, "window((west, south, east, north)) -> (col, row, width, height)" },
    { "info", raster_info, METH_NOARGS, "what the header says" },
    { NULL },
};
static PyType_Slot slots[] = {
    { Py_tp_dealloc, raster_dealloc },
    { Py_tp_methods, methods },
    { Py_tp_doc, "One open raster." },
    { 0 },
};
static PyType_Spec spec = { "datatake._core.Raster", sizeof(raster_object), 0,
                            Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots };
static PyType_Slot pixels_slots[] = {
    { Py_tp_dealloc, pixels_dealloc },
    { Py_bf_getbuffer, pixels_get },
    { Py_tp_doc, "Samples, or masks: memory of a numpy array." },
    { 0 },
};
static PyType_Spec pixels_spec = { "datatake._core.Pixels", sizeof(pixels_object), 0,
                                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, pixels_slots };
static PyMethodDef functions[] = {
    { "open_raster", open_raster, METH_VARARGS, "open_raster(runtime, href, queue) -> Op of a Raster" },
    { NULL },
};

int raster_add(PyObject *module)
{
    if (add_type(module, &pixels_spec, &Pixels_type) != 0 || PyModule_AddFunctions(module, functions) != 0)
        return -1;
    return add_type(module, &spec, &Raster_type);
}
