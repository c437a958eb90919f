// SPDX-License-Identifier: GPL-2.0-only
#include "own.h"

#include <string.h>

int own_find(int argc, char **argv, const char *const *names, struct own *own)
{
	int i = 1;

	*own = (struct own){ 0 };
	while (i < argc) {
		if (!strcmp(argv[i], "--vm") || !strcmp(argv[i], "--store")) {
			if (i + 1 == argc)
				return -1;
			*(argv[i][2] == 'v' ? &own->vm : &own->store) = argv[i + 1];
			i += 2;
		} else if (!strncmp(argv[i], "--vm=", 5)) {
			own->vm = argv[i++] + 5;
		} else if (!strncmp(argv[i], "--store=", 8)) {
			own->store = argv[i++] + 8;
		} else {
			break;
		}
	}
	own->at = i;
	for (int n = 0; i < argc && names[n]; n++)
		if (!strcmp(argv[i], names[n]))
			return n;
	return -1;
}
