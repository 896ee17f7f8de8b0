#!/usr/bin/env bash
# Makes root file systems from Debian's packages: those of the examples, examples/NAME/rootfs, and with the argument
# "bench" those of the bench's workloads too, bench/workloads/RUNTIME/rootfs. One is made again only when this recipe
# or what it is made of has changed; an interrupted run leaves none half-made.
set -euo pipefail
cd "$(dirname "$0")/.."

# finish FOLDER FUNCTION completes a new root in $temp/new and puts it in its place.
finish() {
  rm -rf "$temp"/new/usr/share/{doc,info,locale,man}
  "$2" "$temp/new"
  echo "$recipe" >"$temp/new/.recipe"
  if [ -e "$1/rootfs" ]; then
    mv "$1/rootfs" "$temp/old"
  fi
  mv "$temp/new" "$1/rootfs"
  rm -rf "$temp"
}

# root FOLDER FUNCTION PACKAGE...: FUNCTION completes what the packages are unpacked to.
root() {
  local folder=$1 complete=$2
  shift 2
  if [ "$(cat "$folder/rootfs/.recipe" 2>/dev/null)" = "$recipe" ]; then
    return
  fi
  echo "setup: making $folder/rootfs from the Debian package $*"
  mkdir -p "$folder"
  rm -rf "$folder"/.rootfs.* # of an interrupted run
  temp=$(mktemp -d "$folder/.rootfs.XXXXXX")
  scripts/debian.sh "$temp/new" --variant=extract --skip=output/dev "${extra[@]}" --include="$*"
  finish "$folder" "$complete"
}

# within ROOT COMMAND... runs a program of a root that needs /proc.
within() {
  mkdir -p "$1/proc"
  unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$@"
}

# The workloads' programs are put into their roots, with what they work on.
app() {
  mkdir "$1/app"
  cp bench/workloads/app/* "$1/app/"
}

pictures() {
  app "$1"
  chroot "$1" /usr/bin/python3 /app/make_pictures.py
}

# Without the packages' own scripts, nobody has chosen among the LAPACKs that there could be.
video() {
  app "$1"
  ln -s blas/libblas.so.3 lapack/liblapack.so.3 "$1/usr/lib/x86_64-linux-gnu/"
  chroot "$1" /usr/bin/python3 /app/make_video.py
}

# The compiler is in a root of its own. The archive of the runtime's classes is one that the package's script makes.
java() {
  app "$1"
  scripts/debian.sh "$temp/jdk" --variant=extract --skip=output/dev --include=openjdk-17-jdk-headless
  mkdir "$temp/jdk/app"
  cp bench/workloads/app/Hello.java "$temp/jdk/app/"
  within "$temp/jdk" /usr/lib/jvm/java-17-openjdk-amd64/bin/javac -d /app /app/Hello.java
  cp "$temp"/jdk/app/*.class "$1/app/"
  within "$1" /usr/lib/jvm/java-17-openjdk-amd64/bin/java -Xshare:dump >/dev/null
}

# Two runs at once wait for each other.
mkdir -p out
exec 9>out/roots.lock
flock 9

temp=
extra=() # options of mmdebstrap
trap 'rm -rf ${temp:+"$temp"}' EXIT
scripts=$(cat scripts/roots.sh scripts/debian.sh | sha256sum)
recipe=${scripts%% *}
root examples/hello-python true python3
root examples/hello-node true nodejs
root examples/redis true redis-server
[ "${1:-}" = bench ] || exit 0

programs=$(cat scripts/roots.sh scripts/debian.sh bench/workloads/app/* | sha256sum)
recipe=${programs%% *}
root bench/workloads/python app python3
root bench/workloads/pillow pictures python3 python3-pil
root bench/workloads/opencv video python3 python3-opencv
root bench/workloads/node app nodejs
root bench/workloads/java java openjdk-17-jre-headless

# What torpor is compared with. CRIU before 4.2 cannot save a listening socket of the newest kernels, and no release of
# Debian has that version yet. Its signatures are checked as always; only their age is not.
extra=(--aptopt='Acquire::Check-Valid-Until "false"')
export SUITE=sid
set +e
(
  set -e
  root bench/workloads/criu true criu
)
[ "$?" = 0 ] || echo "setup: Debian's newest CRIU is not to be had; the bench does without" >&2
