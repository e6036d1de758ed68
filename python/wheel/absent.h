/* Functions of libraries that the wheel does without: each fails at once, with the value that its users take
 * for a failure. Only their names matter to the linker. */
#pragma once

#define ABSENT(name, value)                                                                                  \
    long name(void);                                                                                         \
    long name(void)                                                                                          \
    {                                                                                                        \
        return value;                                                                                        \
    }
#define NOTHING(name) ABSENT(name, 0) /* NULL; of what returns nothing; of what counts */
#define FAILS(name)   ABSENT(name, -1)
