/* Python with a sanitizer's runtime inside, for extension modules that were built for it. */
#include <Python.h>

int main(int argc, char **argv)
{
    return Py_BytesMain(argc, argv);
}
