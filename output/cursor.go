package output

import "os"

// cursor is how far Run is with one file.
type cursor struct {
	reader
	file  identity
	freed int64 // bytes of the file whose blocks were given back
}

// match makes the cursor one for the given file.
func (c *cursor) match(file identity) {
	if c.file != file {
		*c = cursor{file: file}
	}
}

// skip drops the oldest of what waits if that is more than most bytes, down to
// half of it so that it is rare, and returns how many bytes that were. Holes
// that the function made do not count.
func (c *cursor) skip(st fileStat, most int64) int64 {
	if min(st.size-c.told, st.used) <= most {
		return 0
	}
	lost := st.size - most/2 - c.told
	c.told += lost
	c.cut = true
	return lost
}

// freeStep is the least that is given back at once.
const freeStep = 64 << 10

// free gives back what was told before the last keep bytes.
func (c *cursor) free(f *os.File, keep, block int64) error {
	if c.told < c.freed { // the file was emptied
		c.freed = 0
	}
	end := (c.told - keep) / block * block
	if end-c.freed < freeStep {
		return nil
	}
	if err := punch(f, c.freed, end); err != nil {
		return err
	}
	c.freed = end
	return nil
}

// empty is free for file systems without holes: it waits until there is much
// and all is told, so that as good as nothing can be lost.
func (c *cursor) empty(f *os.File, keep int64) error {
	if c.told < 4*keep {
		return nil
	}
	st, err := stat(f)
	if err != nil || st.size != c.told {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	c.reader = reader{}
	return nil
}
