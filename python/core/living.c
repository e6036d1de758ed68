/* Lists of objects that must be ended before the interpreter is. */
#include "core.h"

void living_add(living **first, living *member, void *object)
{
    member->object = object;
    member->before = NULL;
    member->after = *first;
    if (*first != NULL)
        (*first)->before = member;
    *first = member;
}

void living_remove(living **first, living *member)
{
    if (member->object == NULL)
        return;
    *(member->before != NULL ? &member->before->after : first) = member->after;
    if (member->after != NULL)
        member->after->before = member->before;
    *member = (living){ 0 };
}
