package config

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"jiban"
)

// maxFile bounds the configuration file; a real one has a few kilobytes.
const maxFile = 1 << 20

// Load reads the file (none when path is empty), lets the environment override
// it and validates the whole. Every error names the key and what is expected.
func Load(path string, environ []string) (Config, error) {
	c := Default()
	if path != "" {
		data, err := readFile(path)
		if err != nil {
			return c, err
		}
		if err := parse(data, &c); err != nil {
			return c, jiban.Errorf(jiban.CodeInvalid, "config", "file %s: %w", path, err)
		}
	}
	if err := override(reflect.ValueOf(&c).Elem(), "JIBAN", environment(environ)); err != nil {
		return c, jiban.Errorf(jiban.CodeInvalid, "config", "environment: %w", err)
	}
	c.derive()
	if err := c.Validate(); err != nil {
		return c, jiban.Errorf(jiban.CodeInvalid, "config", "%w", err)
	}
	return c, nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "config", "cannot open the configuration file: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "config", "cannot read %s: %w", path, err)
	}
	if len(data) > maxFile {
		return nil, jiban.Errorf(jiban.CodeInvalid, "config", "%s is larger than %d bytes", path, maxFile)
	}
	return data, nil
}

// derive moves what lies in the data folder by default when only the folder was
// set.
func (c *Config) derive() {
	d := Default()
	if c.DataDir == d.DataDir {
		return
	}
	if c.Database == d.Database {
		c.Database = "sqlite:" + filepath.Join(c.DataDir, "jiban.db")
	}
	if c.Keys.File == d.Keys.File {
		c.Keys.File = filepath.Join(c.DataDir, "keys")
	}
	if c.Files == d.Files {
		c.Files = filepath.Join(c.DataDir, "files")
	}
	if c.Retention.Archive == d.Retention.Archive {
		c.Retention.Archive = filepath.Join(c.DataDir, "archive")
	}
}

func parse(data []byte, c *Config) error {
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return fmt.Errorf("it is not YAML: %w", err)
	}
	if len(root.Content) == 0 {
		return nil
	}
	if err := checkKeys(root.Content[0], reflect.TypeOf(*c), ""); err != nil {
		return err
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// checkKeys walks the document beside the structure, so that an unknown key or a
// value of the wrong kind is named with its full path and line.
func checkKeys(n *yaml.Node, t reflect.Type, path string) error {
	switch {
	case n.Kind == yaml.AliasNode:
		return checkKeys(n.Alias, t, path)
	case n.Tag == "!!null":
		return nil
	case t.Kind() == reflect.Struct:
		return checkMapping(n, t, path)
	case t.Kind() == reflect.Slice:
		return checkSequence(n, t, path)
	default:
		return checkScalar(n, t, path)
	}
}

func checkMapping(n *yaml.Node, t reflect.Type, path string) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: %s must be a group of keys", n.Line, orRoot(path))
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		f, ok := fieldByKey(t, key.Value)
		if !ok {
			return fmt.Errorf("line %d: unknown key %q; known here: %s", key.Line, join(path, key.Value), strings.Join(keysOf(t), ", "))
		}
		if err := checkKeys(n.Content[i+1], f.Type, join(path, key.Value)); err != nil {
			return err
		}
	}
	return nil
}

func checkSequence(n *yaml.Node, t reflect.Type, path string) error {
	if n.Kind != yaml.SequenceNode {
		return fmt.Errorf("line %d: %s must be a list", n.Line, path)
	}
	for i, item := range n.Content {
		if err := checkKeys(item, t.Elem(), fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}

func checkScalar(n *yaml.Node, t reflect.Type, path string) error {
	if n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: %s must be %s", n.Line, path, expected(t))
	}
	v := reflect.New(t).Elem()
	if err := setScalar(v, n.Value); err != nil {
		return fmt.Errorf("line %d: %s must be %s", n.Line, path, expected(t))
	}
	return nil
}

func environment(environ []string) map[string]string {
	m := map[string]string{}
	for _, kv := range environ {
		if k, v, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(k, "JIBAN_") {
			m[k] = v
		}
	}
	return m
}

// override sets every key for which the environment has a value: the key's path
// in capitals, joined by underscores, list entries by number from zero
// (JIBAN_CHANNELS_WECHAT_0_TOKEN). A list may be extended by one entry at a time.
func override(v reflect.Value, name string, env map[string]string) error {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			key := v.Type().Field(i).Tag.Get("yaml")
			if err := override(v.Field(i), name+"_"+strings.ToUpper(key), env); err != nil {
				return err
			}
		}
		return nil
	case reflect.Slice:
		return overrideList(v, name, env)
	}
	text, ok := env[name]
	if !ok {
		return nil
	}
	if err := setScalar(v, text); err != nil {
		return fmt.Errorf("%s must be %s", name, expected(v.Type()))
	}
	return nil
}

func overrideList(v reflect.Value, name string, env map[string]string) error {
	if text, ok := env[name]; ok && v.Type().Elem().Kind() == reflect.String {
		v.Set(reflect.ValueOf(strings.FieldsFunc(text, func(r rune) bool { return r == ',' })))
		return nil
	}
	for i := 0; ; i++ {
		item := fmt.Sprintf("%s_%d", name, i)
		if i >= v.Len() {
			if !anyWithPrefix(env, item+"_") {
				return nil
			}
			v.Set(reflect.Append(v, defaultItem(v.Type().Elem())))
		}
		if err := override(v.Index(i), item, env); err != nil {
			return err
		}
	}
}

func defaultItem(t reflect.Type) reflect.Value {
	switch t {
	case reflect.TypeOf(WeChat{}):
		return reflect.ValueOf(wechatDefault())
	case reflect.TypeOf(SMS{}):
		return reflect.ValueOf(smsDefault())
	default:
		return reflect.New(t).Elem()
	}
}

func anyWithPrefix(env map[string]string, prefix string) bool {
	for k := range env {
		if strings.HasPrefix(k, prefix) {
			return true
		}
	}
	return false
}

func setScalar(v reflect.Value, text string) error {
	if v.Type() == reflect.TypeOf(time.Duration(0)) {
		d, err := time.ParseDuration(text)
		v.SetInt(int64(d))
		return err
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
		return nil
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		v.SetBool(b)
		return err
	case reflect.Int:
		n, err := strconv.Atoi(text)
		v.SetInt(int64(n))
		return err
	default:
		return fmt.Errorf("a value of kind %s cannot be set", v.Kind())
	}
}

func expected(t reflect.Type) string {
	switch {
	case t == reflect.TypeOf(time.Duration(0)):
		return "a duration such as 30s, 5m or 48h"
	case t == reflect.TypeOf(Days(0)):
		return "a number of days or years such as 180d or 2y, or 0 for ever"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int:
		return "a whole number"
	default:
		return "one value of text"
	}
}

func fieldByKey(t reflect.Type, key string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if f := t.Field(i); f.Tag.Get("yaml") == key {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

func keysOf(t reflect.Type) []string {
	keys := make([]string, 0, t.NumField())
	for i := range t.NumField() {
		keys = append(keys, t.Field(i).Tag.Get("yaml"))
	}
	return keys
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func orRoot(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}
