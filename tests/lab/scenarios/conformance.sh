# SPDX-License-Identifier: GPL-2.0-only
# Tiny guests on the KVM API: all that a guest can see is as without an audit, and the
# records are exact (tests/conformance).
. "$LAB_IN/tests/lab/scenariolib.sh"
# shellcheck disable=SC2086
"$LAB_BIN/conformance" ${CONFORMANCE:-} || fail "the conformance suite is not clean"
