// SPDX-License-Identifier: GPL-2.0-only
#include "registry.h"

LIST_HEAD(sc_audits);
