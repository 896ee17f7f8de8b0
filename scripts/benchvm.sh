#!/usr/bin/env bash
# Measures functions in virtual machines, in the machine of the acceptance suite, which has a KVM: beside gVisor and
# beside QEMU's "microvm" with the same kernel and root. It writes out/bench-vm.md and out/bench-vm.json.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/guest/host.sh

# pack_qemu FOLDER copies this machine's QEMU with what it needs to run elsewhere.
pack_qemu() {
  local program
  program=$(command -v qemu-system-x86_64)
  mkdir "$1" "$1/lib"
  cp -L "$program" "$1/qemu-system-x86_64"
  ldd "$program" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | xargs cp -L -t "$1/lib"
  cp -L /lib64/ld-linux-x86-64.so.2 "$1/ld.so"
  mkdir "$1/share"
  cp -L /usr/share/qemu/{bios-microvm.bin,qboot.rom} "$1/share"
}

# lines prints how long the files of package kvm are, without tests, and their sum.
lines() {
  printf '\n## Lines of kvm, comments and blank ones too, without tests\n\n| file | lines |\n|---|--:|\n'
  git ls-files 'kvm/*.go' | grep -v -e _test.go -e test/ -e rehearsal/ | xargs wc -l | awk '{ printf "| %s | %d |\n", $2, $1 }'
}

accept "$@"
image=$(scripts/image.sh)
TORPOR_ACCEL=$(scripts/accel.sh)
export TORPOR_ACCEL
case $TORPOR_ACCEL in
kvm) turns=10 ;;
*) turns=2 ;; # of some minutes
esac
scripts/suite.sh "$run/suite" GUEST=vm LIVE=/dev/ttyS1 BENCH=yes TURNS="$turns" LIMIT=$((30 * 60))
cp out/bench "$run/suite/measure"
pack_qemu "$run/suite/qemu"

echo "benchvm: booting, with $TORPOR_ACCEL"
touch "$run/live"
TMPDIR=$run begin 35m scripts/qemu.sh "$image" "$run/suite" 'systemd.wants=suite.service' \
  -serial "file:$run/console" -serial "file:$run/live"
follow "$run/live"
mkdir "$run/results"
tar -C "$run/results" -xf "$run/suite.results" || true # cut off if the guest did not end by itself
cp "$run"/results/bench-vm.* out 2>/dev/null && lines >>out/bench-vm.md || true
verdict benchvm
