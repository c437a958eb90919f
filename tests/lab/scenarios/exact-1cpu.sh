# SPDX-License-Identifier: GPL-2.0-only
# Processes and threads on one vCPU: every call, every register, every result.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest one --smp 1
record one
calls_run one
record_stop one
calls_check one "$WORK/calls-one.log"
