#!/usr/bin/env bash
# Runs the acceptance suite in a virtual machine: testvm.sh [-run REGEX]
# Its output is shown as it comes; the exit code is the suite's. Logs are kept in out/testvm.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/guest/host.sh

# watch resets a guest that has given no sign of life for a while: as one that has crashed, it is booted again then.
watch() {
  local nap=
  trap 'kill "$nap"; exit' TERM
  while sleep 10 & nap=$!; wait "$nap"; do
    if [ $(($(date +%s) - $(stat -c %Y "$run/pulse"))) -gt 180 ]; then
      echo "testvm: the guest has stopped; it is reset"
      touch "$run/pulse"
      echo system_reset >"$run/monitor.in"
    fi
  done
}

watcher=
leave() { [ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true; }

accept "$@"
image=$(scripts/image.sh)
TORPOR_ACCEL=$(scripts/accel.sh)
export TORPOR_ACCEL
scripts/suite.sh "$run/suite" GUEST=vm LIVE=/dev/ttyS1 PULSE=/dev/ttyS2 RUN="$pattern" LIMIT=$((45 * 60)) ACCEL="$TORPOR_ACCEL"
echo "testvm: booting, with $TORPOR_ACCEL"
touch "$run/live" "$run/pulse"
mkfifo "$run/monitor.in" "$run/monitor.out"
TMPDIR=$run begin 60m scripts/qemu.sh "$image" "$run/suite" 'systemd.wants=suite.service' \
  -serial "file:$run/console" -serial "file:$run/live" -serial "file:$run/pulse" \
  -chardev "pipe,id=monitor,path=$run/monitor" -mon chardev=monitor
watch &
watcher=$!
follow "$run/live"
mkdir "$run/results"
tar -C "$run/results" -xf "$run/suite.results" || true # cut off if the guest did not end by itself
verdict testvm
