#!/usr/bin/env bash
# Runs the acceptance suite in a virtual machine: testvm.sh [-run REGEX]
# Its output is shown as it comes; the exit code is the suite's. Logs are kept in out/testvm.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/guest/host.sh

accept "$@"
image=$(scripts/image.sh)
TORPOR_ACCEL=$(scripts/accel.sh)
export TORPOR_ACCEL
scripts/suite.sh "$run/suite" GUEST=vm LIVE=/dev/ttyS1 RUN="$pattern" LIMIT=$((45 * 60)) ACCEL="$TORPOR_ACCEL"
echo "testvm: booting, with $TORPOR_ACCEL"
touch "$run/live"
TMPDIR=$run begin 50m scripts/qemu.sh "$image" "$run/suite" 'systemd.wants=suite.service' \
  -serial "file:$run/console" -serial "file:$run/live"
follow "$run/live"
mkdir "$run/results"
tar -C "$run/results" -xf "$run/suite.results" || true # cut off if the guest did not end by itself
verdict testvm
