#!/usr/bin/env bash
# Boots the virtual machine of the acceptance suite with torpor installed and the examples in it, and leaves
# you at a root shell on its serial console. poweroff, the shell's end, or Ctrl-A X ends it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/guest/host.sh

[ -t 0 ] || { echo "vmshell: this needs a terminal" >&2; exit 1; }
accept
image=$(scripts/image.sh)
read -r rows columns < <(stty size)
scripts/suite.sh "$run/suite" GUEST=vm ROWS="$rows" COLS="$columns" TERM_OF_HOST="${TERM:-vt100}"

TORPOR_ACCEL=$(scripts/accel.sh)
export TORPOR_ACCEL
echo "vmshell: booting, with $TORPOR_ACCEL; poweroff or Ctrl-A X ends it"
terminal=$(stty -g)
TMPDIR=$run scripts/qemu.sh "$image" "$run/suite" 'quiet loglevel=1 systemd.show_status=0 systemd.wants=shell.service' \
  -serial mon:stdio || true
stty "$terminal"
