package cli

import (
	"cmp"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version is what a bug report needs.
type version struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"` // of the revision
	Modified bool   `json:"modified,omitempty"`
}

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "version [--json]",
		Short:   "Print the version",
		Example: "  torpor version --json",
		Args:    arguments(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			info, _ := debug.ReadBuildInfo()
			v := newVersion(a.deps.Version, info)
			if asJSON {
				return a.printJSON(v)
			}
			a.printf("%s\n", v)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "for machines")
	return c
}

// newVersion takes info of nil for a build that has none.
func newVersion(linked string, info *debug.BuildInfo) version {
	if info == nil {
		info = &debug.BuildInfo{}
	}
	v := version{Version: cmp.Or(linked, info.Main.Version, "(devel)"), Go: info.GoVersion}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

func (v version) String() string {
	details := []string{v.Go}
	if v.Revision != "" {
		details = append(details, "revision "+v.Revision)
	}
	if v.Modified {
		details = append(details, "modified")
	}
	return "torpor " + v.Version + " (" + strings.Join(details, ", ") + ")"
}
