#!/usr/bin/env bash
# Makes a Debian 12 machine one to try torpor on. The Vagrantfile and image.sh use it.
#
#   guest.sh packages     prints the Debian packages that such a machine has
#   guest.sh              installs the missing ones, as root, and torpor's own package, if it was built
set -euo pipefail

packages=(
  systemd systemd-sysv dbus udev # a whole systemd
  kmod                           # KVM is a module
  e2fsprogs mount util-linux     # file systems and swap files
  iproute2 procps curl less      # to look around
)

missing() {
  for package in "${packages[@]}"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || echo "$package"
  done
}

# newest prints the package that `make deb` built last, if Vagrant shares the repository.
newest() {
  [ ! -d /vagrant/out ] || find /vagrant/out -maxdepth 1 -name "torpor_*.deb" -printf "%T@ %p\n" | sort -n | tail -1 | cut -d" " -f2-
}

if [ "${1:-}" = packages ]; then
  (IFS=, && echo "${packages[*]}")
  exit
fi

export DEBIAN_FRONTEND=noninteractive
mapfile -t wanted < <(missing)
if [ ${#wanted[@]} -gt 0 ]; then
  apt-get -qq update
  apt-get -qq install --yes --no-install-recommends "${wanted[@]}"
fi
mkdir -p /var/log/journal # makes journald keep it over a reboot

deb=$(newest)
if [ -n "$deb" ]; then
  apt-get -qq install --yes --allow-downgrades --reinstall "$deb"
fi
