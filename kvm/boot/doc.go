// Package boot puts a Linux kernel into a guest's memory, with what it is told at
// its start, as the x86 boot protocol has it (Documentation/arch/x86/boot.rst):
// it is entered in 64-bit mode with all that a boot loader would have found out.
//
// A distribution's kernel is a bzImage, which unpacks itself. In a guest that
// takes longer than anything else, so [Extract] does it once, ahead, and what
// is booted then is the plain ELF inside.
package boot
