package spec

import (
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// newFunctions are the functions that expressions of files in dir can call.
func (s *scope) newFunctions(dir string) map[string]function.Function {
	return map[string]function.Function{
		"env":  s.envFunction(),
		"file": s.fileFunction(dir),
		"try":  tryfunc.TryFunc,
		"can":  tryfunc.CanFunc,

		"base64decode": textFunction(decodeBase64),
		"base64encode": textFunction(encodeBase64),
		"jsondecode":   stdlib.JSONDecodeFunc,
		"jsonencode":   stdlib.JSONEncodeFunc,
		"tobool":       stdlib.MakeToFunc(cty.Bool),
		"tonumber":     stdlib.MakeToFunc(cty.Number),
		"tostring":     stdlib.MakeToFunc(cty.String),

		"chomp":      stdlib.ChompFunc,
		"format":     stdlib.FormatFunc,
		"join":       stdlib.JoinFunc,
		"lower":      stdlib.LowerFunc,
		"regex":      stdlib.RegexFunc,
		"replace":    stdlib.ReplaceFunc,
		"split":      stdlib.SplitFunc,
		"strlen":     stdlib.StrlenFunc,
		"substr":     stdlib.SubstrFunc,
		"trim":       stdlib.TrimFunc,
		"trimprefix": stdlib.TrimPrefixFunc,
		"trimspace":  stdlib.TrimSpaceFunc,
		"trimsuffix": stdlib.TrimSuffixFunc,
		"upper":      stdlib.UpperFunc,

		"coalesce": stdlib.CoalesceFunc,
		"compact":  stdlib.CompactFunc,
		"concat":   stdlib.ConcatFunc,
		"contains": stdlib.ContainsFunc,
		"distinct": stdlib.DistinctFunc,
		"element":  stdlib.ElementFunc,
		"flatten":  stdlib.FlattenFunc,
		"keys":     stdlib.KeysFunc,
		"length":   stdlib.LengthFunc,
		"lookup":   stdlib.LookupFunc,
		"merge":    stdlib.MergeFunc,
		"range":    stdlib.RangeFunc,
		"reverse":  stdlib.ReverseListFunc,
		"slice":    stdlib.SliceFunc,
		"sort":     stdlib.SortFunc,
		"values":   stdlib.ValuesFunc,
		"zipmap":   stdlib.ZipmapFunc,

		"abs":   stdlib.AbsoluteFunc,
		"ceil":  stdlib.CeilFunc,
		"floor": stdlib.FloorFunc,
		"max":   stdlib.MaxFunc,
		"min":   stdlib.MinFunc,
	}
}

// textFunction makes a function of one string.
func textFunction(impl func(string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			out, err := impl(args[0].AsString())
			return cty.StringVal(out), err
		},
	})
}

func encodeBase64(s string) (string, error) {
	return base64.StdEncoding.EncodeToString([]byte(s)), nil
}

func decodeBase64(s string) (string, error) {
	out, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return "", errors.New("the text is not base64")
	}
	return utf8Only(string(out), "the decoded text")
}

// envFunction is env(NAME) or env(NAME, DEFAULT).
func (s *scope) envFunction() function.Function {
	return function.New(&function.Spec{
		Params:   []function.Parameter{{Name: "name", Type: cty.String}},
		VarParam: &function.Parameter{Name: "default", Type: cty.String},
		Type:     function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if len(args) > 2 {
				return cty.UnknownVal(cty.String), errors.New("it takes a name and at most one default")
			}
			name := args[0].AsString()
			if value, ok := s.lookupEnv(name); ok {
				value, err := utf8Only(value, "the environment variable "+name)
				return cty.StringVal(value), err
			}
			if len(args) == 2 {
				return args[1], nil
			}
			return cty.UnknownVal(cty.String), fmt.Errorf(
				"the environment variable %s is not set; set it, or give a default: env(%q, \"...\")", name, name)
		},
	})
}

// fileFunction is file(PATH): the text of a file.
func (s *scope) fileFunction(dir string) function.Function {
	return textFunction(func(path string) (string, error) {
		if strings.ContainsRune(path, 0) {
			return "", errors.New("a path cannot hold a NUL byte")
		}
		path = absolute(dir, path)
		s.dirs = append(s.dirs, filepath.Dir(path))
		src, err := readAtMost(path, maxFile)
		if err != nil {
			return "", fmt.Errorf("%s cannot be read (%s): create it, or correct the path", path, cause(err))
		}
		if len(src) > maxFile {
			return "", fmt.Errorf("%s is larger than 1MiB, which is the most that file() reads", path)
		}
		return utf8Only(string(src), path)
	})
}

func utf8Only(s, what string) (string, error) {
	if !utf8.ValidString(s) {
		return "", fmt.Errorf("%s is not UTF-8", what)
	}
	return s, nil
}

// absolute is path as it is meant in a file of dir.
func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}
