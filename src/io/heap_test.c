#include "check.h"

#include "io/heap.h"

#include <stdlib.h>

typedef struct thing {
    dtake__heap_node node;
    uint64_t order, number;
} thing;

static void things_leave_in_order_and_equals_in_the_order_they_came(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    thing *things = calloc(COUNT, sizeof *things);
    dtake__heap heap = { 0 };
    srand(7);
    for (uint64_t i = 0; i < COUNT; i++) {
        things[i] = (thing){ .order = (uint64_t)rand() % 50, .number = i };
        dtake__heap_push(&heap, &things[i].node, things[i].order);
    }
    size_t removed = 0;
    for (int i = 0; i < COUNT; i += 7, removed++)
        dtake__heap_remove(&heap, &things[i].node);
    CHECK_EQ(heap.count, COUNT - removed);
    thing *last = NULL;
    size_t popped = 0;
    for (dtake__heap_node *node = dtake__heap_pop(&heap); node != NULL;
         node = dtake__heap_pop(&heap), popped++) {
        thing *at = DTAKE__CONTAINER(node, thing, node);
        CHECK(at->number % 7 != 0);
        if (last != NULL)
            CHECK(last->order < at->order || (last->order == at->order && last->number < at->number));
        last = at;
    }
    CHECK_EQ(popped, COUNT - removed);
    free(things);
}

static void removing_what_is_not_queued_is_harmless(void **state)
{
    (void)state;
    dtake__heap heap = { 0 };
    thing one = { 0 };
    dtake__heap_remove(&heap, &one.node);
    dtake__heap_push(&heap, &one.node, 5);
    dtake__heap_remove(&heap, &one.node);
    dtake__heap_remove(&heap, &one.node);
    CHECK_EQ(heap.count, 0);
    CHECK(dtake__heap_pop(&heap) == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(things_leave_in_order_and_equals_in_the_order_they_came),
        cmocka_unit_test(removing_what_is_not_queued_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
