package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// The groups of commands, as --help shows them.
const (
	groupNode      = "node"
	groupFunctions = "functions"
	groupFiles     = "files"
	groupMachine   = "machine"
	groupOther     = "other"
)

// root makes the command tree. args are looked at only to say what is wrong
// with them.
func (a *app) root(args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "torpor COMMAND",
		Short: "A node for functions that sleep",
		Long: `torpor runs functions in sandboxes, sends them to sleep when memory is short or
they are idle, and wakes them with the first byte that arrives.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              cobra.ArbitraryArgs,
		RunE:              a.noCommand,
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if name := firstWord(args); c == root && name != "" {
			return unknownCommand(root, name)
		}
		return wrongFlag(c, err)
	})
	root.SetUsageFunc(usage)
	root.PersistentFlags().StringVar(&a.runtimeDir, "runtime", defaultRuntime, "`folder` where the daemon's socket is")
	_ = root.MarkPersistentFlagDirname("runtime")
	a.addCommands(root)
	return root
}

func (a *app) addCommands(root *cobra.Command) {
	for _, g := range []struct {
		id, title string
		commands  []*cobra.Command
	}{
		{groupNode, "The node:", []*cobra.Command{a.runCommand(), a.statusCommand(), a.topCommand(), a.reloadCommand(), a.doctorCommand(), a.teardownCommand()}},
		{groupFunctions, "Functions:", append(a.verbCommands(), a.whyCommand(), a.logsCommand())},
		{groupFiles, "Files:", []*cobra.Command{a.checkCommand(), a.fmtCommand(), a.planCommand()}},
		{groupMachine, "The machine:", []*cobra.Command{a.installCommand(root), a.unitsCommand(), a.uninstallCommand()}},
		{groupOther, "Other:", []*cobra.Command{a.versionCommand(), a.completionCommand(root)}},
	} {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, c := range g.commands {
			c.GroupID = g.id
			c.DisableFlagsInUseLine = true
			completeFlags(c)
			root.AddCommand(c)
		}
	}
	root.DisableFlagsInUseLine = true
	root.SetHelpCommand(helpCommand(root))
	root.SetHelpCommandGroupID(groupOther)
}

// noCommand runs when the first word is no command.
func (a *app) noCommand(root *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unknownCommand(root, args[0])
	}
	root.SetOut(a.stderr)
	if err := root.Help(); err != nil {
		return err
	}
	fmt.Fprintln(a.stderr)
	return wrongUsage(root, "which command?")
}
