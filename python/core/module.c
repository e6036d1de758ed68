/* datatake._core */
#include "core.h"

int add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **out)
{
    PyObject *type = PyType_FromSpec(spec);
    if (type == NULL)
        return -1;
    *out = (PyTypeObject *)type;
    return PyModule_AddType(module, *out);
}

/* Ends what is under way, before the interpreter and then the libraries beneath the engine go. */
static PyObject *shut(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    loads_shut();
    jobs_shut();
    if (ops_wait_all(2000) == 0) {
        rasters_shut();
        clients_shut();
        runtimes_shut();
    }
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    { "set_error_factory", errors_set_factory, METH_O, "factory(status, name, message) -> exception" },
    { "shut", shut, METH_NOARGS, "End all loads and close all clients: for atexit." },
    { NULL },
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "datatake._core",
    .m_doc = "The library's nouns as Python objects; use datatake and datatake.aio.",
    .m_size = -1,
    .m_methods = functions,
};

PyMODINIT_FUNC PyInit__core(void); /* the interpreter looks it up by this name */

PyMODINIT_FUNC PyInit__core(void)
{
    static int (*const add[])(PyObject *) = { op_add,    queue_add,  runtime_add, client_add, schema_add,
                                              table_add, query_add,  columns_add, load_add,   rows_add,
                                              job_add,   raster_add, compare_add, items_add,  graph_add };
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof add / sizeof *add; i++)
        if (add[i](module) != 0) {
            DROP(module);
            return NULL;
        }
    if (PyModule_AddStringConstant(module, "version", dtake_version()) != 0) {
        DROP(module);
        return NULL;
    }
    return module;
}
