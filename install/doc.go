// Package install puts torpor's files on a machine and takes them off again.
//
// A [Layout] says where everything goes. [Layout.Files] lists what is to be there,
// [Layout.Plan] compares that with what is, [Plan.Apply] writes the difference, and
// notes in a manifest what belongs to torpor. [Layout.PlanRemoval] and
// [Removal.Apply] go by the manifest: they remove just what was installed and is
// still as it was.
//
// [Sockets] are the .socket units of listeners that systemd opens. They are made of
// the administrator's declarations, so they are known by their first line instead.
//
// Nothing here speaks with systemd or starts anything. Of several processes that
// install at once the last one wins; files are replaced whole.
package install
