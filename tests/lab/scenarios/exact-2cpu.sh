# SPDX-License-Identifier: GPL-2.0-only
# The same on two vCPUs, with threads of several processes moving between them.
. "$LAB_IN/tests/lab/scenariolib.sh"
guest two --smp 2
record two
calls_run two -t 4 -p 3
record_stop two
calls_check two "$WORK/calls-two.log"
