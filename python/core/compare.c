/* The same job in several modes, which blocks. */
#include "images.h"

static PyTypeObject *Comparison_type;

typedef struct comparison_object {
    PyObject_HEAD volatile bool cancel;
    dtake_comparison result;
} comparison_object;

static PyObject *comparison_new(PyTypeObject *type, PyObject *arguments, PyObject *named)
{
    (void)type, (void)arguments, (void)named;
    comparison_object *self = PyObject_New(comparison_object, Comparison_type);
    if (self != NULL)
        memset((char *)self + sizeof(PyObject), 0, sizeof *self - sizeof(PyObject));
    return (PyObject *)self;
}

typedef struct showing {
    PyObject *call; /* or NULL */
    comparison_object *self;
} showing;

/* Ten times a second, in the thread that called, which has let go of the interpreter lock. */
static void show(dtake_mode mode, const dtake_progress *p, void *ctx)
{
    showing *s = ctx;
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *got = s->call == NULL
                        ? Py_NewRef(Py_None)
                        : PyObject_CallFunction(s->call, "iLLL", (int)mode, (long long)p->items_done,
                                                (long long)p->items_total, (long long)p->bytes_done);
    if (got == NULL || PyErr_CheckSignals() != 0)
        s->self->cancel = true; /* the exception stays set until the comparison is back */
    DROP(got);
    PyGILState_Release(state);
}

static PyObject *row_of(const dtake_compare_row *row)
{
    return Py_BuildValue("(iisdLLLLds)", (int)row->mode, (int)row->status, dtake_status_name(row->status),
                         row->seconds, (long long)row->bytes, (long long)row->requests,
                         (long long)row->peak_rss_bytes, (long long)row->files, row->speedup, row->message);
}

/* run(options, modes, call or None): blocks */
static PyObject *comparison_run(PyObject *self, PyObject *arguments)
{
    comparison_object *comparison = (comparison_object *)self;
    PyObject *dict, *list, *call;
    get_options options;
    dtake_mode modes[DTAKE_MAX_MODES];
    dtake_error err = { 0 };
    dtake_status st;
    if (!PyArg_ParseTuple(arguments, "O!O!O:run", &PyDict_Type, &dict, &PyList_Type, &list, &call))
        return NULL;
    Py_ssize_t count = PyList_Size(list);
    if (count < 1 || count > DTAKE_MAX_MODES) {
        PyErr_SetString(PyExc_ValueError, "modes: one to three are expected");
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        modes[i] = (dtake_mode)PyLong_AsLong(PyList_GetItem(list, i));
        if (PyErr_Occurred())
            return NULL;
    }
    if (!get_options_read(&options, dict))
        return NULL;
    showing shown = { call != Py_None ? call : NULL, comparison };
    Py_BEGIN_ALLOW_THREADS
    st = dtake_compare(&options.value, modes, (size_t)count, NULL, show, &shown, &comparison->cancel,
                       &comparison->result, &err);
    Py_END_ALLOW_THREADS
    get_options_dispose(&options);
    if (PyErr_Occurred())
        return NULL;
    if (st != DTAKE_OK)
        return raise_status(st, &err);
    PyObject *rows = PyList_New((Py_ssize_t)comparison->result.rows);
    for (size_t i = 0; rows != NULL && i < comparison->result.rows; i++) {
        PyObject *row = row_of(&comparison->result.row[i]);
        if (row == NULL || PyList_SetItem(rows, (Py_ssize_t)i, row) != 0) {
            DROP(rows);
            return NULL;
        }
    }
    return rows == NULL ? NULL
                        : Py_BuildValue("(NOs)", rows, comparison->result.identical ? Py_True : Py_False,
                                        comparison->result.difference);
}

/* plot(title, path) */
static PyObject *comparison_plot(PyObject *self, PyObject *arguments)
{
    const char *title, *path;
    dtake_error err = { 0 };
    dtake_status st;
    if (!PyArg_ParseTuple(arguments, "ss:plot", &title, &path))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    st = dtake_comparison_plot(&((comparison_object *)self)->result, title, path, &err);
    Py_END_ALLOW_THREADS
    return st == DTAKE_OK ? Py_NewRef(Py_None) : raise_status(st, &err);
}

static PyObject *comparison_cancel(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    ((comparison_object *)self)->cancel = true;
    Py_RETURN_NONE;
}

static void comparison_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_Free(self);
    DROP(type);
}

static PyMethodDef methods[] = {
    { "run", comparison_run, METH_VARARGS,
      "run(options, modes, call or None) -> rows, whether all files are the same, the first that differs; "
      "blocks" },
    { "plot", comparison_plot, METH_VARARGS, "plot(title, path): bars as SVG or PNG" },
    { "cancel", comparison_cancel, METH_NOARGS, "ask it to end; any thread" },
    { NULL },
};
static PyType_Slot slots[] = {
    { Py_tp_new, comparison_new },
    { Py_tp_dealloc, comparison_dealloc },
    { Py_tp_methods, methods },
    { Py_tp_doc, "One job in several modes." },
    { 0 },
};
static PyType_Spec spec = { "datatake._core.Comparison", sizeof(comparison_object), 0, Py_TPFLAGS_DEFAULT,
                            slots };

int compare_add(PyObject *module)
{
    return add_type(module, &spec, &Comparison_type);
}
