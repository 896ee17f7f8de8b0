#!/usr/bin/env bash
# Makes the root file systems of the examples, examples/NAME/rootfs, from Debian's packages. One is made
# again only when this recipe has changed; an interrupted run leaves none half-made.
set -euo pipefail
cd "$(dirname "$0")/.."

recipe=$(cat scripts/roots.sh scripts/debian.sh | sha256sum | cut -d' ' -f1)

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
  scripts/debian.sh "$temp/new" --variant=extract --skip=output/dev --include="$*"
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
