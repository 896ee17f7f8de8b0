#!/usr/bin/env bash
# Installs the Debian packages that torpor's set-up and tests need, if they are missing.
#
#   setup.sh         those of the examples, the demo and the tests on this machine
#   setup.sh guest   those that start guests, too
#   setup.sh bench   those that the bench compares with, too
set -euo pipefail

wanted=(
  ca-certificates # to download Go modules
  gcc libc6-dev # the race detector
  make
  e2fsprogs mount # a small file system that the tests fill up
  systemd # systemd-socket-activate, which the tests run
  groff-base # the manual pages, as man shows them
  cpio kmod qemu-system-x86 # a kernel, what it unpacks first, and an emulated machine to boot it
  mmdebstrap # the examples' root file systems
)
if [ "${1:-}" = guest ]; then
  wanted+=(
    qemu-system-x86 # virtual machines
    systemd-container # containers that systemd boots in
  )
fi

if [ "${1:-}" = bench ]; then
  wanted+=(
    iproute2 # networks for gVisor's own network
  )
fi

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "setup: these packages are missing: ${missing[*]}. Run this as root, or: apt-get install ${missing[*]}" >&2
  exit 1
fi

install() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends \
    -o DPkg::Lock::Timeout=120 "${missing[@]}" </dev/null >/dev/null
}

echo "setup: installing ${missing[*]}"
if ! install 2>/dev/null; then
  echo "setup: updating the package lists"
  apt-get -qq update </dev/null
  install
fi
