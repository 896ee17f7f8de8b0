#!/usr/bin/env bash
# Makes the root file systems of the examples, examples/NAME/rootfs, from Debian's packages. One is made
# again only when this recipe has changed; an interrupted run leaves none half-made.
set -euo pipefail
cd "$(dirname "$0")/.."

suite=bookworm
recipe=$(sha256sum scripts/roots.sh | cut -d' ' -f1)

# sources prints where this machine takes the suite's packages from, if it is a Debian one.
sources() {
  apt-get indextargets --format '$(CODENAME) deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' 'Origin: Debian' 'Component: main' 2>/dev/null |
    sed -n "s/^$suite[^ ]* //p" | sort -u
}

# options prints what apt is told: to try again, and the machine's proxies.
options() {
  echo 'Acquire::Retries "3";'
  apt-config dump --format '%F "%v";%n' Acquire | grep -i '::proxy' || true
}

# root EXAMPLE PACKAGE...
root() {
  local folder=examples/$1
  shift
  if [ "$(cat "$folder/rootfs/.recipe" 2>/dev/null)" = "$recipe" ]; then
    return
  fi
  echo "setup: making $folder/rootfs from the Debian package $*"
  rm -rf "$folder"/.rootfs.* # of an interrupted run
  temp=$(mktemp -d "$folder/.rootfs.XXXXXX")
  sources >"$temp/sources.list"
  options >"$temp/options"
  local mirror=()
  if [ -s "$temp/sources.list" ]; then # otherwise mmdebstrap knows one
    mirror=("$temp/sources.list")
  fi
  mmdebstrap --quiet --variant=extract --skip=output/dev --aptopt="$temp/options" --include="$*" \
    "$suite" "$temp/new" "${mirror[@]}" </dev/null
  rm -rf "$temp"/new/usr/share/{doc,info,locale,man}
  echo "$recipe" >"$temp/new/.recipe"
  if [ -e "$folder/rootfs" ]; then
    mv "$folder/rootfs" "$temp/old"
  fi
  mv "$temp/new" "$folder/rootfs"
  rm -rf "$temp"
}

# Two runs at once wait for each other.
mkdir -p out
exec 9>out/roots.lock
flock 9

temp=
trap 'rm -rf ${temp:+"$temp"}' EXIT
root hello-python python3
root hello-node nodejs
root redis redis-server
