#!/usr/bin/env bash
# Runs the acceptance suite under systemd in a container on this kernel: nspawn.sh [-run REGEX]
# Its output is shown as it comes; the exit code is the suite's, or 1 if anything is left of the container.
# Logs are kept in out/testvm.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/guest/host.sh

groups=() # the container's control groups on the host

# make_groups: without systemd here, the container gets a control group of its own in each hierarchy.
make_groups() {
  local mount group
  while read -r _ mount _; do
    group=$mount/$1
    mkdir "$group"
    groups+=("$group")
    if [ -e "$group/cpuset.cpus" ] && [ -e "$mount/cpuset.cpus" ]; then # it takes no process without these
      cat "$mount/cpuset.cpus" >"$group/cpuset.cpus"
      cat "$mount/cpuset.mems" >"$group/cpuset.mems"
    fi
  done < <(awk '$3 ~ /^cgroup2?$/' /proc/self/mounts)
}

# remove_groups says which processes were left in them. systemd leaves only empty groups when it powers off.
remove_groups() {
  local group file pid
  for group in "${groups[@]}"; do
    while read -r file; do
      while read -r pid; do
        left+=("process $pid ($(cat "/proc/$pid/comm" 2>/dev/null)) in ${file%/cgroup.procs}")
        kill -KILL "$pid" 2>/dev/null || true
      done <"$file"
    done < <(find "$group" -name cgroup.procs 2>/dev/null)
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || left+=("control group $group")
  done
  groups=()
}

# remove_swap says which swap files in the container's tree are in use. The kernel names them as the container did.
remove_swap() {
  local name path
  while read -r name _; do
    for path in "$run/root$name" "$name"; do
      case $path in "$run"/*) ;; *) continue ;; esac
      if [ -e "$path" ] && swapoff "$path" 2>/dev/null; then
        left+=("swap file $name")
      fi
    done
  done < <(tail -n +2 /proc/swaps)
}

# remove_mounts says what is still mounted in the container's tree.
remove_mounts() {
  local path
  while read -r path; do
    left+=("mount $path")
    umount -l "$path" || true
  done < <(awk -v run="$run/" 'index($5, run) == 1 { print $5 }' /proc/self/mountinfo | sort -r)
}

# leave looks for what outlived the container, and removes it.
left=()
leave() {
  remove_swap
  remove_mounts
  remove_groups
}

name=torpor-$$
options=(
  --quiet --machine="$name" --hostname=torpor-guest --register=no
  --capability=all --system-call-filter=@known # swapon, and what sandboxes do
  --private-network                            # the suite's ports are its own
  --timezone=off --resolv-conf=off --link-journal=no --console=pipe
  --kill-signal=SIGRTMIN+3 # asks its systemd to power off
)
for device in /dev/kvm /dev/net/tun; do
  [ ! -e "$device" ] || options+=(--bind="$device")
done

accept "$@"
image=$(scripts/image.sh)
scripts/suite.sh "$run/suite" GUEST=nspawn LIVE=/dev/null RUN="$pattern" LIMIT=$((20 * 60))
mkdir "$run/results"
cp -a "$image/root" "$run/root" # rather than an overlay, which cannot hold a swap file
options+=(--directory="$run/root" --bind-ro="$run/suite:/suite" --bind="$run/results:/results")

if [ ! -d /run/systemd/system ]; then
  make_groups "$name"
  options+=(--keep-unit) # there is nobody to ask for one
fi
# shellcheck disable=SC2016 # for the shell inside
begin 25m bash -c 'until [ "$1" = -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"' bash \
  "${groups[@]}" -- systemd-nspawn "${options[@]}" /suite/init systemd.wants=suite.service >"$run/console" 2>&1
follow "$run/results/test.log"
leave
if [ ${#left[@]} -gt 0 ]; then
  printf 'nspawn: left behind by the suite: %s\n' "${left[@]}" >&2
  status=left
fi
verdict nspawn
