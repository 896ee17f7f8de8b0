package initramfs

import (
	"fmt"
	"path/filepath"
)

// Module is one file to load.
type Module struct {
	Name string
	Path string // on this machine
	// Optional says that it may fail to load: it drives a device or an instruction that need not be there.
	Optional bool
}

// Want names a module that a guest is to have, if it is not built into the kernel.
type Want struct {
	Name string
	// Optional says that the guest works without it.
	Optional bool
}

// Needed is what every guest wants, and Share what those with mounts want besides.
var (
	Needed = []Want{
		{Name: "virtio_mmio"},
		{Name: "virtio_console", Optional: true},
		{Name: "virtio_rng", Optional: true},
		{Name: "virtio_balloon", Optional: true},
		{Name: "vmw_vsock_virtio_transport"},
		{Name: "virtio_blk"},
		{Name: "ext4"},
		{Name: "overlay"},
	}
	Share = []Want{{Name: "fuse"}}
)

// Order returns the files to load for the wanted modules, each after those it needs.
func (k Kernel) Order(wants []Want) ([]Module, error) {
	t, err := k.read()
	if err != nil {
		return nil, err
	}
	o := &order{tree: t, placed: map[string]bool{}, required: map[string]bool{}}
	for _, w := range wants {
		if err := o.want(w); err != nil {
			return nil, err
		}
	}
	for i, m := range o.modules {
		o.modules[i].Optional = !o.required[m.Name]
	}
	return o.modules, nil
}

type order struct {
	*tree
	modules  []Module
	placed   map[string]bool
	required map[string]bool
}

func (o *order) want(w Want) error {
	name := underscores(w.Name)
	if o.builtin[name] {
		return nil
	}
	if _, ok := o.files[name]; !ok {
		if w.Optional {
			return nil
		}
		return fmt.Errorf("initramfs: kernel %s has no module %s: it is neither in %s nor in modules.builtin beside it; %s",
			o.kernel.Release, w.Name, filepath.Join(o.kernel.folder(), "modules.dep"), o.kernel.install())
	}
	if !w.Optional {
		o.require(name)
	}
	return o.place(name)
}

func (o *order) require(name string) {
	if o.required[name] {
		return
	}
	o.required[name] = true
	for _, need := range o.needs[name] {
		o.require(need)
	}
}

// place puts a module behind all that it needs. Where modules need one another in a
// circle, which only a broken modules.dep says, it goes before one of them.
func (o *order) place(name string) error {
	if o.placed[name] {
		return nil
	}
	o.placed[name] = true
	before := o.needs[name]
	for _, soft := range o.soft[name] {
		before = append(o.named(soft), before...)
	}
	for _, other := range before {
		if _, ok := o.files[other]; !ok {
			return fmt.Errorf("initramfs: kernel %s: module %s needs %s, which modules.dep does not have; run `depmod %s`",
				o.kernel.Release, name, other, o.kernel.Release)
		}
		if err := o.place(other); err != nil {
			return err
		}
	}
	o.modules = append(o.modules, Module{Name: name, Path: filepath.Join(o.kernel.folder(), o.files[name])})
	return nil
}

// named returns the modules that a name or an alias stands for, but for those that are
// built in.
func (o *order) named(s string) []string {
	var names []string
	for _, name := range append([]string{underscores(s)}, o.aliases[s]...) {
		if _, ok := o.files[name]; ok && !o.builtin[name] {
			names = append(names, name)
		}
	}
	return names
}
