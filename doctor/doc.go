// Package doctor looks at a machine and says what torpor lacks there.
//
// Check tries things rather than reading versions where it can: it makes a
// control group, a swap file of 1 MiB, namespaces, and a virtual machine that
// counts down. It takes about two seconds and leaves nothing behind. It may run
// beside a daemon, and as any user, though only root gets all answers.
//
// Nothing is an error: what cannot be found out is a finding. It imports cgroup
// and hibernate; the command line imports it.
package doctor
