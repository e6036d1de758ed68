/* The functions that graphs are made of. */
#include "core.h"

static PyObject *parameters_of(const dtake_graph_function *f)
{
    PyObject *list = PyList_New((Py_ssize_t)f->count);
    for (size_t i = 0; list != NULL && i < f->count; i++) {
        PyObject *one =
            Py_BuildValue("(ssz)", f->parameter[i].name, f->parameter[i].kind, f->parameter[i].initial);
        if (one == NULL || PyList_SetItem(list, (Py_ssize_t)i, one) != 0) {
            DROP(list);
            return NULL;
        }
    }
    return list;
}

/* graph_functions() -> [(name, returns, [(name, kind, default or None)])] */
static PyObject *graph_functions(PyObject *module, PyObject *nothing)
{
    dtake_graph_function f;
    (void)module, (void)nothing;
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list != NULL && dtake_graph_function_at(i, &f); i++) {
        PyObject *parameters = parameters_of(&f);
        PyObject *one = parameters != NULL ? Py_BuildValue("(ssO)", f.name, f.returns, parameters) : NULL;
        if (one == NULL || PyList_Append(list, one) != 0) {
            DROP(list);
            list = NULL;
        }
        DROP(parameters);
        DROP(one);
    }
    return list;
}

static PyMethodDef functions[] = {
    { "graph_functions", graph_functions, METH_NOARGS,
      "graph_functions() -> [(name, returns, [(name, kind, default or None)])]" },
    { NULL },
};

int graph_add(PyObject *module)
{
    return PyModule_AddFunctions(module, functions);
}
