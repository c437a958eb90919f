// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "pace.h"

void pace_init(struct pace *p, uint64_t speed, uint64_t max_delay)
{
	*p = (struct pace){ .speed = speed, .max_delay = max_delay };
}

uint64_t pace_due(struct pace *p, uint64_t time)
{
	unsigned __int128 scaled;
	uint64_t delay;

	if (!p->begun || time <= p->last) {
		if (!p->begun)
			p->last = time;
		p->begun = true;
		return p->due;
	}
	if (p->speed == PACE_UNLIMITED)
		return 0;
	scaled = (unsigned __int128)(time - p->last) * PACE_NORMAL + p->rest;
	p->last = time;
	if (scaled / p->speed > p->max_delay) {
		delay = p->max_delay;
		p->rest = 0;
	} else {
		delay = (uint64_t)(scaled / p->speed);
		p->rest = (uint64_t)(scaled % p->speed);
	}
	if (__builtin_add_overflow(p->due, delay, &p->due))
		p->due = UINT64_MAX;
	return p->due;
}

int pace_parse_speed(const char *text, uint64_t *speed, struct sc_error *err)
{
	uint64_t value = 0, unit = PACE_NORMAL;
	const char *c = text;
	bool digits = false;

	if (!strcmp(text, "max")) {
		*speed = PACE_UNLIMITED;
		return 0;
	}
	for (; *c >= '0' && *c <= '9'; c++, digits = true)
		if (value > UINT64_MAX / 10 / PACE_NORMAL - 9)
			return sc_fail(err, -EINVAL, "'%s' is too fast: say max", text);
		else
			value = value * 10 + (uint64_t)(*c - '0');
	value *= PACE_NORMAL;
	if (*c == '.') {
		for (c++; *c >= '0' && *c <= '9' && unit > 1; c++, digits = true) {
			unit /= 10;
			value += unit * (uint64_t)(*c - '0');
		}
	}
	if (*c == 'x')
		c++;
	if (!digits || *c || !value)
		return sc_fail(err, -EINVAL,
			       "'%s' is not a speed: give a number above 0, as 10 or 0.5, or max",
			       text);
	*speed = value;
	return 0;
}
