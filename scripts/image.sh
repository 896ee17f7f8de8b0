#!/usr/bin/env bash
# Makes the Debian 12 guest in which torpor is tried, and prints its folder:
#
#   root     its files, for systemd-nspawn
#   disk     the same as an ext4 of 12 GiB, sparse
#   vmlinuz  its kernel
#   initrd   what that needs to mount the disk
#
# It is kept in out/testvm, or $TORPOR_CACHE, until what it is made of changes.
set -euo pipefail
cd "$(dirname "$0")/.."

recipe=(scripts/image.sh scripts/debian.sh scripts/guest.sh scripts/guest/image)
hash=$(find "${recipe[@]}" -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-16)
cache=${TORPOR_CACHE:-out/testvm}
image=$cache/image-$hash

# What Debian does on a schedule, and who waits for a login, has no place in a guest of some minutes.
masked=(
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer
  e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-tmpfiles-clean.timer
  getty@tty1.service serial-getty@ttyS0.service console-getty.service
)

# make_root DIRECTORY
make_root() {
  scripts/debian.sh "$1" --variant=apt \
    --include="$(scripts/guest.sh packages)" --include=linux-image-cloud-amd64,tiny-initramfs,login \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook='copy-in scripts/guest.sh /root' \
    --customize-hook='chroot "$1" /root/guest.sh'
  tar -C scripts/guest/image --owner=0 --group=0 --mode=go-w -c . | tar -C "$1" -x --no-overwrite-dir
  for unit in "${masked[@]}"; do
    ln -sf /dev/null "$1/etc/systemd/system/$unit"
  done
}

# make_initrd DIRECTORY FILE: virtio is in modules.
make_initrd() {
  TMPDIR=/tmp chroot "$1" mktirfs --auto-modules=no --microcode=no --include-modules=virtio_pci,virtio_blk \
    -o /boot/initrd "$(ls "$1/lib/modules")"
  mv "$1/boot/initrd" "$2"
}

# make_disk DIRECTORY FILE
make_disk() {
  truncate -s 12G "$2"
  mke2fs -q -F -t ext4 -m 0 -d "$1" "$2"
}

mkdir -p "$cache"
exec 9>"$cache/image.lock"
flock 9 # two runs at once wait for each other
if [ ! -e "$image" ]; then
  [ "$(id -u)" = 0 ] || { echo "image: a guest's files belong to root: run this as root" >&2; exit 1; }
  echo "image: making a Debian 12 guest in $image, once" >&2
  start=$SECONDS
  temp=$(mktemp -d "$cache/.image.XXXXXX")
  trap 'rm -rf "$temp"' EXIT
  chmod 755 "$temp"
  make_root "$temp/root" >&2
  make_initrd "$temp/root" "$temp/initrd" >&2
  make_disk "$temp/root" "$temp/disk" >&2
  cp "$temp"/root/boot/vmlinuz-* "$temp/vmlinuz"
  mv "$temp" "$image"
  echo "image: took $((SECONDS - start)) s" >&2
fi
touch "$image"
find "$cache" -maxdepth 1 \( -name 'image-*' -o -name '.image.*' \) -mtime +7 -exec rm -rf {} + # nobody's any more
realpath "$image"
