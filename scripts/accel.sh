#!/usr/bin/env bash
# Prints what QEMU is to run guests with, kvm or tcg. A /dev/kvm that opens may still emulate each instruction,
# so torpor's own probe decides, which runs a guest. $TORPOR_ACCEL overrides it.
set -euo pipefail
cd "$(dirname "$0")/.."

probe() {
  timeout 30 out/torpor doctor --json | sed -n '/"name": "kvm"/,/}/s/.*"status": "\(.*\)".*/\1/p'
}

if [ -n "${TORPOR_ACCEL:-}" ]; then
  echo "$TORPOR_ACCEL"
elif [ "$(probe)" = ok ]; then
  echo kvm
else
  echo tcg
fi
