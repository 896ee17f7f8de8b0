package share

import "golang.org/x/sys/unix"

// Operations of FUSE, as in linux/fuse.h.
const (
	opLookup      = 1
	opForget      = 2
	opGetattr     = 3
	opSetattr     = 4
	opReadlink    = 5
	opSymlink     = 6
	opMknod       = 8
	opMkdir       = 9
	opUnlink      = 10
	opRmdir       = 11
	opRename      = 12
	opLink        = 13
	opOpen        = 14
	opRead        = 15
	opWrite       = 16
	opStatfs      = 17
	opRelease     = 18
	opFsync       = 20
	opFlush       = 25
	opInit        = 26
	opOpendir     = 27
	opReaddir     = 28
	opReleasedir  = 29
	opFsyncdir    = 30
	opCreate      = 35
	opInterrupt   = 36
	opDestroy     = 38
	opBatchForget = 42
	opFallocate   = 43
	opRename2     = 45
	opLseek       = 46
)

// An operation answers one kind of request. Its error is the function's.
type operation struct {
	do     func(s *Server, r *request, p *reply) unix.Errno
	writes bool // refused in a share that is read-only
	silent bool // has no reply
}

// operations that are not here do not exist, of which the guest's kernel makes the best.
var operations = map[uint32]operation{
	opInit:        {do: (*Server).init},
	opLookup:      {do: (*Server).lookup},
	opForget:      {do: (*Server).forget, silent: true},
	opBatchForget: {do: (*Server).batchForget, silent: true},
	opInterrupt:   {do: nothing, silent: true}, // what it is to stop was done before
	opDestroy:     {do: nothing},
	opGetattr:     {do: (*Server).getattr},
	opSetattr:     {do: (*Server).setattr, writes: true},
	opReadlink:    {do: (*Server).readlink},
	opSymlink:     {do: (*Server).symlink, writes: true},
	opMknod:       {do: (*Server).mknod, writes: true},
	opMkdir:       {do: (*Server).mkdir, writes: true},
	opUnlink:      {do: (*Server).unlink, writes: true},
	opRmdir:       {do: (*Server).rmdir, writes: true},
	opRename:      {do: (*Server).rename, writes: true},
	opRename2:     {do: (*Server).rename2, writes: true},
	opLink:        {do: (*Server).link, writes: true},
	opCreate:      {do: (*Server).create, writes: true},
	opOpen:        {do: (*Server).open},
	opRead:        {do: (*Server).read},
	opWrite:       {do: (*Server).write, writes: true},
	opFallocate:   {do: (*Server).fallocate, writes: true},
	opLseek:       {do: (*Server).lseek},
	opFlush:       {do: nothing}, // nothing is kept back
	opFsync:       {do: (*Server).fsync},
	opRelease:     {do: (*Server).release},
	opOpendir:     {do: (*Server).opendir},
	opReaddir:     {do: (*Server).readdir},
	opReleasedir:  {do: (*Server).release},
	opFsyncdir:    {do: (*Server).fsync},
	opStatfs:      {do: (*Server).statfs},
}

func nothing(*Server, *request, *reply) unix.Errno { return 0 }
