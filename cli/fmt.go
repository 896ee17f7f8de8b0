package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"torpor/spec"
)

func (a *app) fmtCommand() *cobra.Command {
	f := &formatter{app: a}
	c := &cobra.Command{
		Use:   "fmt [PATH...] [--check]",
		Short: "Lay HCL files out in the canonical way",
		Long: `Lay HCL files out in the canonical way: those given, and the *.hcl files in the
folders given and one level below, by default in this one. "-" reads standard input
and writes standard output. The names of changed files are printed.`,
		Example: "  torpor fmt /etc/torpor\n  torpor fmt --check .",
		RunE:    func(_ *cobra.Command, args []string) error { return f.run(args) },
	}
	c.Flags().BoolVar(&f.check, "check", false, "change nothing; fail if there is something to change")
	return c
}

// longCheck lets fmt have -check too, as other formatters spell it; to cobra it
// would be five flags.
func longCheck(args []string) []string {
	if firstWord(args) != "fmt" {
		return args
	}
	args = slices.Clone(args)
	if i := slices.Index(args, "-check"); i >= 0 {
		args[i] = "--check"
	}
	return args
}

// formatter counts as it goes, and does not stop at the first bad file.
type formatter struct {
	*app
	check   bool
	changed int
	broken  int
}

func (f *formatter) run(paths []string) error {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	var failures []error
	for _, path := range paths {
		if path == "-" {
			failures = append(failures, f.stream())
			continue
		}
		files, err := hclFiles(path)
		failures = append(failures, err)
		for _, file := range files {
			failures = append(failures, f.file(file))
		}
	}
	if f.broken > 0 {
		failures = append(failures, errors.New(count(f.broken, "file")+" with mistakes left as found"))
	}
	if f.check && f.changed > 0 {
		failures = append(failures, errors.New(count(f.changed, "file")+" to be formatted with torpor fmt"))
	}
	return errors.Join(failures...)
}

func (f *formatter) stream() error {
	src, err := io.ReadAll(f.stdin)
	if err != nil {
		return fmt.Errorf("read standard input: %w", err)
	}
	out, ok, err := f.format(src, "standard input")
	if !ok || err != nil || f.check {
		return err
	}
	_, err = f.stdout.Write(out)
	return err
}

func (f *formatter) file(path string) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	out, ok, err := f.format(src, path)
	if !ok || err != nil || bytes.Equal(src, out) {
		return err
	}
	if !f.check {
		if err := replaceFile(path, out); err != nil {
			return err
		}
	}
	f.printf("%s\n", path)
	return nil
}

// format is not ok when the text has mistakes, which are said.
func (f *formatter) format(src []byte, name string) (out []byte, ok bool, err error) {
	out, diags := spec.Format(src, name)
	if diags.HasErrors() {
		f.broken++
		var sources spec.Sources
		sources.Add(name, src)
		return nil, false, f.writeDiagnostics(&sources, diags)
	}
	if !bytes.Equal(src, out) {
		f.changed++
	}
	return out, true, nil
}
