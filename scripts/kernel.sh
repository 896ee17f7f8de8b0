#!/usr/bin/env bash
# Unpacks Debian's kernel for virtual machines, with its modules, into out/kernel: the tests boot it. Nothing of
# it is installed. It is fetched again only when there is a newer one.
set -euo pipefail
cd "$(dirname "$0")/.."

package=$(apt-cache depends --important linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: //p' | head -1)
if [ -z "$package" ]; then
  echo "setup: updating the package lists"
  apt-get -qq update </dev/null
  package=$(apt-cache depends --important linux-image-cloud-amd64 | sed -n 's/^ *Depends: //p' | head -1)
fi
version=$(apt-cache show --no-all-versions "$package" | sed -n 's/^Version: //p' | head -1)
recipe="$package $version"

# Two runs at once wait for each other.
mkdir -p out
exec 9>out/kernel.lock
flock 9
if [ "$(cat out/kernel/.recipe 2>/dev/null)" = "$recipe" ]; then
  exit
fi
echo "setup: unpacking the Debian package $package into out/kernel"
rm -rf out/.kernel.* # of an interrupted run
temp=$(mktemp -d out/.kernel.XXXXXX)
trap 'rm -rf "$temp"' EXIT
(cd "$temp" && apt-get -qq download "$package" -o APT::Sandbox::User=root </dev/null)
mkdir "$temp/new"
dpkg-deb -x "$temp"/*.deb "$temp/new"
depmod -b "$temp/new" "$(ls "$temp/new/lib/modules")"
echo "$recipe" >"$temp/new/.recipe"
rm -rf out/kernel
mv "$temp/new" out/kernel
