/* Queues of calls that are done, which tell an event loop of them. */
#include "core.h"

PyTypeObject *Queue_type;

static PyObject *queue_new(PyTypeObject *type, PyObject *arguments, PyObject *named)
{
    dtake_error err = { 0 };
    dtake_queue *queue;
    (void)type, (void)arguments, (void)named;
    dtake_status st = dtake_queue_open(&queue, &err);
    if (st != DTAKE_OK)
        return raise_status(st, &err);
    queue_object *self = PyObject_New(queue_object, Queue_type);
    if (self == NULL) {
        dtake_queue_close(queue);
        return NULL;
    }
    self->queue = queue;
    atomic_init(&self->closed, false);
    return (PyObject *)self;
}

static PyObject *queue_fileno(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    return PyLong_FromLong(dtake_queue_fd(((queue_object *)self)->queue));
}

/* A list of Ops that are done. */
static PyObject *queue_drain(PyObject *self, PyObject *nothing)
{
    dtake_completion ready[QUEUE_BATCH];
    (void)nothing;
    size_t n = dtake_queue_drain(((queue_object *)self)->queue, ready, QUEUE_BATCH);
    PyObject *list = PyList_New((Py_ssize_t)n);
    for (size_t i = 0; i < n; i++) {
        op_object *op = ready[i].tag;
        if (list != NULL)
            PyList_SetItem(list, (Py_ssize_t)i, Py_NewRef((PyObject *)op));
        op_let_go(op);
    }
    return list;
}

/* Nobody drains it any more. */
static PyObject *queue_close(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    atomic_store(&((queue_object *)self)->closed, true);
    PyObject *rest = queue_drain(self, NULL);
    DROP(rest);
    return rest == NULL ? NULL : Py_NewRef(Py_None);
}

static void queue_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    dtake_queue_close(((queue_object *)self)->queue);
    PyObject_Free(self);
    DROP(type);
}

static PyMethodDef queue_methods[] = {
    { "fileno", queue_fileno, METH_NOARGS, "readable while calls that are done wait" },
    { "drain", queue_drain, METH_NOARGS, "the calls that are done, 256 at most" },
    { "close", queue_close, METH_NOARGS, "nobody drains it any more" },
    { NULL },
};
static PyType_Slot queue_slots[] = {
    { Py_tp_new, queue_new },
    { Py_tp_dealloc, queue_dealloc },
    { Py_tp_methods, queue_methods },
    { Py_tp_doc, "Calls that are done, for an event loop." },
    { 0 },
};
static PyType_Spec queue_spec = { "datatake._core.Queue", sizeof(queue_object), 0, Py_TPFLAGS_DEFAULT,
                                  queue_slots };

int queue_add(PyObject *module)
{
    return add_type(module, &queue_spec, &Queue_type);
}
