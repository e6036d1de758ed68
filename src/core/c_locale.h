/* The C library's numbers with a point, whatever locale the program has set. */
#ifndef DTAKE_CORE_C_LOCALE_H
#define DTAKE_CORE_C_LOCALE_H

#include <locale.h>

locale_t dtake__c_locale(void); /* made once, kept to the end */

#endif
