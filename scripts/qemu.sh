#!/usr/bin/env bash
# Boots the guest: qemu.sh IMAGE SUITE KERNEL-OPTION QEMU-OPTION...
#
# IMAGE is a folder of image.sh; nothing is written to it, but to a file in $TMPDIR that QEMU unlinks. SUITE is
# a folder of suite.sh; beside it the disks SUITE.disk and SUITE.results are made, and what the guest wants to
# hand back is in the latter. The calling process becomes QEMU.
set -euo pipefail
cd "$(dirname "$0")/.."

image=${1:?} suite=${2:?} append=${3:?}
shift 3

size=$(du -sm "$suite" | cut -f1)
truncate -s "$((size + size / 8 + 64))M" "$suite.disk"
mke2fs -q -F -t ext4 -O ^has_journal -m 0 -d "$suite" "$suite.disk"
truncate -s 1G "$suite.results"

# The disks are virtio's, for which a guest waits however long it takes. QEMU's NVMe disk, whose driver would need no
# initramfs, has been seen to stop answering; the kernel gives such a disk up then. An error of this machine's disk, a
# full one say, comes through, and ends the guest at once with errors=panic.
disk() { # disk FILE,OPTION...: in the guest vda, vdb and so on
  disks+=(-drive "if=virtio,format=raw,cache=unsafe,werror=report,file=$1")
}
disks=()
disk "$image/disk,snapshot=on"
disk "$suite.disk,readonly=on"
disk "$suite.results"

case $(scripts/accel.sh) in
kvm) processor=(-accel kvm -cpu host -smp 2) ;;
# Such a guest has an AMD-SVM /dev/kvm of its own. With a second processor it stops for good or crashes every few
# minutes: when one of them patches the kernel (a static key, say), the other may keep the breakpoint that was there
# for a moment in its translated code; and interrupts come that should not right after a virtual machine exits. Such an
# exit may also lose an interrupt that comes in the same moment, as QEMU, up to 10.0 at least, clears a bit beside it
# without a lock; a timer that is set for once is waited for then for ever, one that ticks is not.
tcg) processor=(-accel tcg -cpu "max,la57=off" -smp 1) append+=" nohz=off highres=off" ;;
*) echo "qemu: TORPOR_ACCEL is kvm or tcg" >&2; exit 1 ;;
esac

exec qemu-system-x86_64 -machine q35 "${processor[@]}" -m 4096 \
  -nodefaults -no-user-config -display none "${disks[@]}" \
  -kernel "$image/vmlinuz" -initrd "$image/initrd" \
  -append "root=/dev/vda rootfstype=ext4 rootflags=errors=panic rw console=ttyS0 panic=-1 $append" "$@"
