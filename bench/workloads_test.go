package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"torpor/spec"
)

// TestMain runs as the programs of this folder do, in a folder with the same declarations, and with root file systems
// that hold nothing but programs that are never run: the real ones take minutes to make.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "bench")
	if err == nil {
		err = declareStandIns(dir)
	}
	if err == nil {
		err = os.Chdir(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func declareStandIns(dir string) error {
	text, err := os.ReadFile("workloads/functions.hcl")
	if err != nil {
		return err
	}
	for _, root := range []string{"python", "opencv", "pillow", "node", "go", "java"} {
		for _, program := range []string{"usr/bin/python3", "usr/bin/node", "usr/lib/jvm/java-17-openjdk-amd64/bin/java", "hello"} {
			path := filepath.Join(dir, workloadsDir, root, "rootfs", program)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(path, nil, 0o755); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(filepath.Join(dir, workloadsDir, "functions.hcl"), text, 0o644)
}

func TestWorkloadsAreDeclared(t *testing.T) {
	all, err := workloads("")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 8 {
		t.Errorf("%d workloads, the paper has 8", len(all))
	}
	for _, w := range all {
		p := w.paper
		if p.cold < p.reap || p.fault < p.reap || p.warmMB < p.wokenMB || p.wokenMB < p.asleepMB {
			t.Errorf("%s: these cannot be the paper's figures: %+v", w.label, p)
		}
	}
	if _, err := workloads("hello-cobol"); err == nil {
		t.Error("finds a workload that there is not")
	}
}

func TestHeavyWorkloadsAreMeasuredLast(t *testing.T) {
	all, err := workloads("video-processing,hello-go,image-large,float-operation")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := lightFirst(all), []int{1, 3, 0, 2}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
}

func TestWorkloadsAreFormatted(t *testing.T) {
	path := filepath.Join(workloadsDir, "functions.hcl")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if formatted, diags := spec.Format(text, path); diags.HasErrors() || string(formatted) != string(text) {
		t.Errorf("%s is not formatted: run make fmt", path)
	}
}

func TestInstancesAreWhatWasDeclaredOnce(t *testing.T) {
	all, err := workloads("image-large")
	if err != nil {
		t.Fatal(err)
	}
	for _, prefetch := range []bool{false, true} {
		dir := t.TempDir()
		if err := declareInstances(dir, all[0], 3, prefetch); err != nil {
			t.Fatal(err)
		}
		config, diags, _ := spec.Load(dir)
		if diags.HasErrors() || len(config.Functions) != 3 {
			t.Fatalf("%d functions, %v", len(config.Functions), diags)
		}
		for n, f := range config.Functions {
			if f.Fingerprint() != all[0].Fingerprint() || f.Limits.Memory != all[0].Limits.Memory {
				t.Errorf("%s is another function than %s", f.Name, all[0].name)
			}
			if want := fmt.Sprintf("image-large-%d", n); f.Name != want || f.Hibernate.Prefetch != prefetch || f.Hibernate.After < time.Hour {
				t.Errorf("%s: %+v, want %s", f.Name, f.Hibernate, want)
			}
		}
	}
}
