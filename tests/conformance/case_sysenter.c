// SPDX-License-Identifier: GPL-2.0-only
#include "case.h"

const struct test_case cases_sysenter[] = {
	{},
};
