package spec

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// process decodes what the program is started with.
func (b body) process(f *Function) {
	if b.words("command", &f.Command) {
		b.checkCommand(f)
	}
	b.words("args", &f.Args)
	b.environment("env", &f.Env)
	b.text("user", &f.User, "nobody", checkUser)
	b.text("working_dir", &f.WorkingDir, "/app", checkWorkingDir)
}

// checkCommand is about the command's first word, which is the program.
func (b body) checkCommand(f *Function) {
	if len(f.Command) == 0 || f.Command[0] == "" {
		b.errorf(b.rangeOf("command"), "Invalid command",
			"The program is missing: write command = [\"/usr/bin/program\", \"argument\"].")
		f.Command = nil
	}
}

var userForm = regexp.MustCompile(`^(?:[0-9]{1,10}|[a-z_][a-z0-9_.-]*\$?)(?::(?:[0-9]{1,10}|[a-z_][a-z0-9_.-]*\$?))?$`)

func checkUser(user string) error {
	if !userForm.MatchString(user) {
		return fmt.Errorf("%q is not a user: write \"uid\", \"uid:gid\", \"name\" or \"name:group\"", user)
	}
	for _, part := range strings.Split(user, ":") {
		if len(part) == 10 && part > "4294967294" && part[0] <= '9' {
			return fmt.Errorf("%q is not a user: the largest id is 4294967294", user)
		}
	}
	return nil
}

func checkWorkingDir(dir string) error {
	if !path.IsAbs(dir) {
		return fmt.Errorf("%q is not an absolute path: write it as the program sees it, with a leading \"/\"", dir)
	}
	return nil
}
