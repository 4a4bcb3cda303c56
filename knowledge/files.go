package knowledge

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"jiban"
)

// ReadInputs reads the files to import. A folder stands for the Markdown files
// in it and below, in the order of their names.
func ReadInputs(paths []string) ([]Input, error) {
	var inputs []Input
	for _, p := range paths {
		files, err := expand(p)
		if err != nil {
			return nil, jiban.Errorf(jiban.CodeInvalid, "knowledge.ReadInputs", "look at %s: %w", p, err)
		}
		for _, file := range files {
			in, err := readInput(file)
			if err != nil {
				return nil, err
			}
			inputs = append(inputs, in)
		}
	}
	return inputs, nil
}

func expand(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.EqualFold(filepath.Ext(p), ".md") {
			files = append(files, p)
		}
		return err
	})
	return files, err
}

func readInput(path string) (Input, error) {
	const op = "knowledge.ReadInputs"
	info, err := os.Stat(path)
	if err != nil {
		return Input{}, jiban.Errorf(jiban.CodeInvalid, op, "look at %s: %w", path, err)
	}
	if info.Size() > maxFile {
		return Input{}, jiban.Errorf(jiban.CodeInvalid, op, "%s is larger than %d MB: split it", path, maxFile>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return Input{}, jiban.Errorf(jiban.CodeInvalid, op, "read %s: %w", path, err)
	}
	return Input{Name: filepath.ToSlash(path), Data: data}, nil
}
