// Package sandbox is what both kinds of sandboxes have in common, those on gVisor and
// those that are virtual machines: how they are described, found again, started faster,
// and how they are seen to end.
package sandbox
