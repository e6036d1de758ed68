/* The engine as Python holds it: one process's, and closed before the interpreter ends. */
#include "core.h"

#include <unistd.h>

PyTypeObject *Runtime_type;

static living *runtimes; /* that are open */

bool is_foreign_process(const runtime_object *runtime)
{
    return runtime->pid != getpid();
}

bool runtime_usable(runtime_object *self)
{
    if (is_foreign_process(self)) {
        dtake_error err = { DTAKE_E_STATE,
                            "this client was made before a fork: make a new one in the child process" };
        raise_status(err.status, &err);
        return false;
    }
    if (self->runtime == NULL) {
        dtake_error err = { DTAKE_E_STATE, "the engine is closed" };
        raise_status(err.status, &err);
        return false;
    }
    return true;
}

static PyObject *runtime_new(PyTypeObject *type, PyObject *arguments, PyObject *named)
{
    static char *names[] = { "workers",
                             "connections_per_host",
                             "retries",
                             "connect_timeout_ms",
                             "first_byte_ms",
                             "bytes_in_flight",
                             "max_bytes_s",
                             "user_agent",
                             NULL };
    dtake_runtime_options options = { 0 };
    dtake_error err = { 0 };
    long long connect_ms = 0, first_ms = 0, bytes = 0, rate = 0;
    dtake_status st;
    (void)type;
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "|$iiiLLLLz:Runtime", names, &options.workers,
                                     &options.connections_per_host, &options.retries, &connect_ms, &first_ms,
                                     &bytes, &rate, &options.user_agent))
        return NULL;
    options.connect_timeout_ms = connect_ms;
    options.first_byte_ms = first_ms;
    options.bytes_in_flight = bytes;
    options.max_bytes_s = rate;
    runtime_object *self = PyObject_New(runtime_object, Runtime_type);
    if (self == NULL)
        return NULL;
    self->runtime = NULL;
    self->open = (living){ 0 };
    self->pid = getpid();
    Py_BEGIN_ALLOW_THREADS
    st = dtake_runtime_open(&self->runtime, &options, &err);
    Py_END_ALLOW_THREADS
    if (st != DTAKE_OK) {
        DROP(self);
        return raise_status(st, &err);
    }
    living_add(&runtimes, &self->open, self);
    return (PyObject *)self;
}

static void runtime_shut(runtime_object *self)
{
    dtake_runtime *runtime = self->runtime;
    self->runtime = NULL;
    living_remove(&runtimes, &self->open);
    if (runtime == NULL || is_foreign_process(self))
        return;
    Py_BEGIN_ALLOW_THREADS
    dtake_runtime_close(runtime);
    Py_END_ALLOW_THREADS
}

static void runtime_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    runtime_shut((runtime_object *)self);
    PyObject_Free(self);
    DROP(type);
}

void runtimes_shut(void)
{
    while (runtimes != NULL) {
        runtime_object *runtime = KEEP(runtimes->object);
        runtime_shut(runtime);
        DROP(runtime);
    }
}

static PyType_Slot runtime_slots[] = {
    { Py_tp_new, runtime_new },
    { Py_tp_dealloc, runtime_dealloc },
    { Py_tp_doc, "The engine: loop thread, workers, connections." },
    { 0 },
};
static PyType_Spec runtime_spec = { "datatake._core.Runtime", sizeof(runtime_object), 0, Py_TPFLAGS_DEFAULT,
                                    runtime_slots };

int runtime_add(PyObject *module)
{
    return add_type(module, &runtime_spec, &Runtime_type);
}
