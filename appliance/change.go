package appliance

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"torpor/api"
	"torpor/spec"
)

// Plan implements api.Daemon.
func (s *adminServer) Plan(ctx context.Context, path string) (api.Plan, error) {
	config, diags, sources := spec.Load(path)
	p := api.Plan{Path: path, Changes: []api.Change{}, Diagnostics: spec.DiagnosticsJSON(sources, diags)}
	if diags.HasErrors() {
		return p, nil
	}
	s.d.setDefaults(config)
	err := s.inLoop(ctx, func() { p.Changes = s.d.changes(config) })
	return p, err
}

// changes compares a configuration with what the node has.
func (d *daemon) changes(c *spec.Config) []api.Change {
	var all []api.Change
	declared := make(map[string]bool)
	for _, s := range c.Functions {
		declared[s.Name] = true
		all = append(all, d.change(s))
	}
	for _, f := range d.sorted() {
		if !declared[f.spec.Name] {
			all = append(all, api.Change{Function: f.spec.Name, Kind: api.Remove,
				Details: []string{"stopped after its requests in flight; now " + string(f.state)}})
		}
	}
	return all
}

func (d *daemon) change(s spec.Function) api.Change {
	c := api.Change{Function: s.Name, Kind: api.None, Details: []string{}}
	f := d.functions[s.Name]
	if f == nil {
		c.Kind = api.Add
		for _, l := range s.Listens {
			c.Details = append(c.Details, describe(l))
		}
		return c
	}
	c.Details = differences(f.spec, s)
	switch {
	case len(c.Details) == 0:
	case f.state.HasSandbox() && f.spec.Fingerprint() != s.Fingerprint():
		c.Kind = api.Replace
		c.Details = append(c.Details, "a new sandbox is started; the old one serves until that is ready")
	default:
		c.Kind = api.Update
		c.Details = append(c.Details, "nothing restarts")
	}
	return c
}

// describe says where a function listens.
func describe(l spec.Listen) string {
	place, port := l.Address, "port"
	switch {
	case l.Socket != "" && l.Address != "":
		place = fmt.Sprintf("socket %s of systemd, %s,", l.Socket, l.Address)
	case l.Socket != "":
		place = "socket " + l.Socket
	}
	if l.Protocol == spec.ProtocolUDP {
		port = "UDP port"
	}
	return fmt.Sprintf("listens on %s for %s %d", place, port, l.Port)
}

// differences names the attributes that differ, with both values where those
// are short. Values of env are not shown: they may be secrets.
func differences(before, after spec.Function) []string {
	details := []string{}
	was, is := reflect.ValueOf(before), reflect.ValueOf(after)
	for i := range was.NumField() {
		field := was.Type().Field(i)
		if field.Tag.Get("json") == "-" || same(was.Field(i), is.Field(i)) {
			continue
		}
		switch field.Name {
		case "Env":
			details = append(details, "env changes")
		default:
			details = append(details, fmt.Sprintf("%s: %s -> %s", attribute(field.Name), plain(was.Field(i)), plain(is.Field(i))))
		}
	}
	return details
}

// singular leaves out the plural of repeated blocks.
func singular(field string) string {
	if field == "Listens" || field == "Mounts" {
		return strings.TrimSuffix(field, "s")
	}
	return field
}

// attribute is a field's name as HCL has it: StopTimeout is stop_timeout, Listens
// are listen blocks.
func attribute(field string) string {
	var name strings.Builder
	for i, r := range singular(field) {
		if unicode.IsUpper(r) && i > 0 {
			name.WriteByte('_')
		}
		name.WriteRune(unicode.ToLower(r))
	}
	return name.String()
}
