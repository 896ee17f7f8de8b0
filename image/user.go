package image

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// LookupUser finds a user in the root directory's own /etc/passwd and
// /etc/group. user is a name or number, if need be followed by ":" and the name
// or number of a group; "" is root. A number need not be in the files: its
// group is 0 then and its home "/". groups are the user's supplementary groups;
// naming a group leaves them out, as docker does.
func LookupUser(root, user string) (uid, gid uint32, groups []uint32, home string, err error) {
	dir, err := os.OpenRoot(root)
	if err != nil {
		return 0, 0, nil, "", fmt.Errorf("look up user %q: %w", user, err)
	}
	defer dir.Close()
	name, group, _ := strings.Cut(user, ":")
	if name == "" {
		name = "0"
	}
	account, err := findAccount(dir, name)
	if err != nil {
		return 0, 0, nil, "", fmt.Errorf("look up user %q: %w", user, err)
	}
	if group == "" {
		groups, err = memberships(dir, account)
	} else {
		account.gid, err = findGroup(dir, group)
	}
	if err != nil {
		return 0, 0, nil, "", fmt.Errorf("look up user %q: %w", user, err)
	}
	return account.uid, account.gid, groups, account.home, nil
}

const maxLine = 1 << 20 // groups can have many members

type account struct {
	name     string // empty if the number is in no file
	uid, gid uint32
	home     string
}

// findAccount prefers a name to a number, should a name be all digits.
func findAccount(root *os.Root, user string) (account, error) {
	number, isNumber := parseID(user)
	found := account{uid: number, home: "/"}
	named, err := eachLine(root, "etc/passwd", func(fields []string) (stop bool) {
		a, ok := parseAccount(fields)
		if ok && isNumber && a.uid == number && found.name == "" {
			found = a
		}
		if ok && a.name == user {
			found = a
			return true
		}
		return false
	})
	if err != nil {
		return account{}, err
	}
	if !named && !isNumber {
		return account{}, errors.New("no such user in the image's /etc/passwd: name one that is, or a number")
	}
	return found, nil
}

// parseAccount reads name:password:uid:gid:comment:home:shell.
func parseAccount(fields []string) (account, bool) {
	if len(fields) < 4 || fields[0] == "" {
		return account{}, false
	}
	uid, uidOK := parseID(fields[2])
	gid, gidOK := parseID(fields[3])
	a := account{name: fields[0], uid: uid, gid: gid, home: "/"}
	if len(fields) > 5 && strings.HasPrefix(fields[5], "/") {
		a.home = fields[5]
	}
	return a, uidOK && gidOK
}

func findGroup(root *os.Root, group string) (gid uint32, err error) {
	named, err := eachLine(root, "etc/group", func(fields []string) (stop bool) {
		id, ok := groupID(fields)
		if ok && fields[0] == group {
			gid = id
			return true
		}
		return false
	})
	if named || err != nil {
		return gid, err
	}
	gid, isNumber := parseID(group)
	if !isNumber {
		return 0, errors.New("no such group in the image's /etc/group: name one that is, or a number")
	}
	return gid, nil
}

// memberships returns the groups that list the account, but for its own.
func memberships(root *os.Root, a account) ([]uint32, error) {
	var groups []uint32
	_, err := eachLine(root, "etc/group", func(fields []string) (stop bool) {
		id, ok := groupID(fields)
		if ok && a.name != "" && len(fields) > 3 && id != a.gid && !slices.Contains(groups, id) &&
			slices.Contains(strings.Split(fields[3], ","), a.name) {
			groups = append(groups, id)
		}
		return false
	})
	return groups, err
}

// groupID reads name:password:gid:members.
func groupID(fields []string) (uint32, bool) {
	if len(fields) < 3 || fields[0] == "" {
		return 0, false
	}
	return parseID(fields[2])
}

// parseID leaves out the highest number, which means "no change" to the kernel.
func parseID(s string) (uint32, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil && n < math.MaxUint32
}

// eachLine calls visit with the fields of each line until it says stop. A file
// that is not there has no lines.
func eachLine(root *os.Root, name string, visit func(fields []string) (stop bool)) (stopped bool, err error) {
	path, err := resolve(root, ".", name)
	if err != nil {
		return false, err
	}
	f, err := root.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return false, fmt.Errorf("/%s is no regular file", name)
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if visit(strings.Split(strings.TrimSpace(lines.Text()), ":")) {
			return true, nil
		}
	}
	if err := lines.Err(); err != nil {
		return false, fmt.Errorf("read /%s: %w", name, err)
	}
	return false, nil
}
