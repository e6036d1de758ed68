/* From statuses to exceptions, whose classes the Python side has. */
#include "core.h"

static PyObject *factory;

PyObject *errors_set_factory(PyObject *module, PyObject *callable)
{
    (void)module;
    PyObject *before = factory;
    factory = Py_NewRef(callable);
    DROP(before);
    Py_RETURN_NONE;
}

PyObject *raise_status(dtake_status status, const dtake_error *err)
{
    const char *text = err != NULL && err->message[0] != '\0' ? err->message : dtake_status_text(status);
    PyObject *message = PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
    if (message == NULL)
        return NULL;
    PyObject *error = factory == NULL ? NULL
                                      : PyObject_CallFunction(factory, "isO", (int)status,
                                                              dtake_status_name(status), message);
    if (error != NULL)
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    else if (!PyErr_Occurred())
        PyErr_SetObject(PyExc_RuntimeError, message);
    DROP(error);
    DROP(message);
    return NULL;
}
