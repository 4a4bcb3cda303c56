package keys

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
	"pgregory.net/rapid"

	"jiban"
)

type fixture struct {
	store *memory
	clock *jiban.ManualClock
	ids   *jiban.SerialIDs
	file  string
}

func newFixture(t testing.TB) *fixture {
	return &fixture{store: &memory{}, clock: jiban.NewManualClock(time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)),
		ids: &jiban.SerialIDs{Prefix: "k"}, file: filepath.Join(t.TempDir(), "sub", "keys")}
}

func (f *fixture) config() Config { return Config{File: f.file, MayCreate: true} }

func (f *fixture) try(cfg Config) (*Keys, error) {
	return Open(context.Background(), cfg, Deps{Store: f.store, Clock: f.clock, IDs: f.ids})
}

func (f *fixture) open(t testing.TB, cfg Config) *Keys {
	t.Helper()
	k, err := f.try(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func seal(t testing.TB, s interface {
	Seal(context.Context, string, []byte) ([]byte, error)
}, aad, plain string) []byte {
	t.Helper()
	out, err := s.Seal(context.Background(), aad, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func opens(t testing.TB, s interface {
	Open(context.Context, string, []byte) ([]byte, error)
}, aad string, sealed []byte, want string) {
	t.Helper()
	plain, err := s.Open(context.Background(), aad, sealed)
	if err != nil || string(plain) != want {
		t.Fatalf("opened %q, error %v, want %q", plain, err, want)
	}
}

func refuses(t testing.TB, s interface {
	Open(context.Context, string, []byte) ([]byte, error)
}, aad string, sealed []byte, code jiban.Code) {
	t.Helper()
	plain, err := s.Open(context.Background(), aad, sealed)
	if plain != nil || jiban.CodeOf(err) != code {
		t.Fatalf("opened %q with error %v, want code %s", plain, err, code)
	}
}

func TestAlgorithmsGiveThePublishedAnswers(t *testing.T) {
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	t.Run("SM3 of GB/T 32905 A.1", func(t *testing.T) {
		sum := sm3.Sum([]byte("abc"))
		if want := unhex("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"); !bytes.Equal(sum[:], want) {
			t.Errorf("%x", sum)
		}
	})
	t.Run("SM4 of GB/T 32907 A.1", func(t *testing.T) {
		key := unhex("0123456789abcdeffedcba9876543210")
		block, err := sm4.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		out := make([]byte, 16)
		block.Encrypt(out, key)
		if want := unhex("681edf34d206965e86b3e94f536e4246"); !bytes.Equal(out, want) {
			t.Errorf("%x", out)
		}
	})
	t.Run("SM4-GCM of RFC 8998 A.1", func(t *testing.T) {
		block, err := sm4.NewCipher(unhex("0123456789abcdeffedcba9876543210"))
		if err != nil {
			t.Fatal(err)
		}
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			t.Fatal(err)
		}
		plain := unhex("aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa")
		want := unhex("17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d83de3541e4c2b58177e065a9bf7b62ec")
		if out := gcm.Seal(nil, unhex("00001234567800000000abcd"), plain, unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")); !bytes.Equal(out, want) {
			t.Errorf("%x", out)
		}
	})
	t.Run("AES-256-GCM, test case 14 of the GCM proposal", func(t *testing.T) {
		block, err := aes.NewCipher(make([]byte, 32))
		if err != nil {
			t.Fatal(err)
		}
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			t.Fatal(err)
		}
		want := unhex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
		if out := gcm.Seal(nil, make([]byte, 12), make([]byte, 16), nil); !bytes.Equal(out, want) {
			t.Errorf("%x", out)
		}
	})
	t.Run("HMAC-SM3 of GM/T 0042", func(t *testing.T) {
		m := SM.mac(unhex("0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"))
		m.Write([]byte(strings.Repeat("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 2)))
		if want := unhex("ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a"); !bytes.Equal(m.Sum(nil), want) {
			t.Errorf("%x", m.Sum(nil))
		}
	})
	t.Run("HMAC-SHA-256 of RFC 4231 case 2", func(t *testing.T) {
		m := AES.mac([]byte("Jefe"))
		m.Write([]byte("what do ya want for nothing?"))
		if want := unhex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"); !bytes.Equal(m.Sum(nil), want) {
			t.Errorf("%x", m.Sum(nil))
		}
	})
}

func TestFirstStartMakesAPrivateKeyFile(t *testing.T) {
	f := newFixture(t)
	k := f.open(t, f.config())
	info, err := os.Stat(f.file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, error %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(f.file + "*"); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	sealed := seal(t, k, "accounts.totp:1", "secret")
	again := f.open(t, f.config())
	opens(t, again, "accounts.totp:1", sealed, "secret")
	if again.Hash("phone", "+86139") != k.Hash("phone", "+86139") {
		t.Error("the hash changed with a restart")
	}
}

func TestALostOrWrongRootKeyStops(t *testing.T) {
	other, err := NewRoot()
	if err != nil {
		t.Fatal(err)
	}
	for name, harm := range map[string]func(f *fixture, c *Config) error{
		"file gone":     func(f *fixture, _ *Config) error { return os.Remove(f.file) },
		"another key":   func(f *fixture, _ *Config) error { return os.WriteFile(f.file, []byte(other), 0o600) },
		"another value": func(_ *fixture, c *Config) error { c.Value = other; return nil },
		"empty file":    func(f *fixture, _ *Config) error { return os.WriteFile(f.file, nil, 0o600) },
		"cut file":      func(f *fixture, _ *Config) error { return os.Truncate(f.file, 150) },
		"open to others": func(f *fixture, _ *Config) error {
			return os.Chmod(f.file, 0o644)
		},
		"record gone": func(f *fixture, _ *Config) error { f.store.root = ""; return nil },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			seal(t, f.open(t, f.config()), "a", "b")
			before := len(f.store.keys)
			cfg := f.config()
			if err := harm(f, &cfg); err != nil {
				t.Fatal(err)
			}
			if _, err := f.try(cfg); err == nil {
				t.Fatal("it started")
			} else if strings.Contains(err.Error(), other) {
				t.Fatalf("the error repeats a key: %v", err)
			}
			if len(f.store.keys) != before {
				t.Error("keys were made")
			}
			if name == "file gone" {
				if _, err := os.Stat(f.file); err == nil {
					t.Error("a new key file was made over a sealed database")
				}
			}
		})
	}
}

func TestSeveralNodesNeedACommonKey(t *testing.T) {
	f := newFixture(t)
	cfg := f.config()
	cfg.MayCreate = false
	if _, err := f.try(cfg); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Fatalf("error %v", err)
	}
	one, _ := NewRoot()
	two, _ := NewRoot()
	a := f.open(t, Config{Value: one})
	b := f.open(t, Config{Value: one})
	opens(t, b, "x", seal(t, a, "x", "shared"), "shared")
	if _, err := f.try(Config{Value: two}); jiban.CodeOf(err) != jiban.CodeUnavailable {
		t.Fatalf("a node with another key started: %v", err)
	}
}

func TestNodesThatStartTogetherMakeOneKey(t *testing.T) {
	f := newFixture(t)
	one, _ := NewRoot()
	nodes := make([]*Keys, 8)
	var wg sync.WaitGroup
	for i := range nodes {
		wg.Go(func() { nodes[i], _ = f.try(Config{Value: one}) })
	}
	wg.Wait()
	var first string
	for i, k := range nodes {
		if k == nil {
			t.Fatalf("node %d did not start", i)
		}
		if h := k.Hash("d", "v"); first == "" {
			first = h
		} else if h != first {
			t.Fatal("two nodes hash differently")
		}
	}
}

func TestASealedValueIsBoundToItsPlace(t *testing.T) {
	for _, suite := range []Suite{AES, SM} {
		t.Run(string(suite), func(t *testing.T) {
			f := newFixture(t)
			cfg := f.config()
			cfg.Suite = suite
			k := f.open(t, cfg)
			a, b := k.Contact("a"), k.Contact("b")
			sealed := seal(t, a, "contacts.name:a", "王小明")
			seal(t, b, "contacts.name:b", "李四")
			opens(t, a, "contacts.name:a", sealed, "王小明")
			refuses(t, a, "contacts.phone:a", sealed, jiban.CodeInvalid)
			refuses(t, b, "contacts.name:a", sealed, jiban.CodeInvalid)
			refuses(t, k, "contacts.name:a", sealed, jiban.CodeInvalid)
			for i := range sealed {
				bad := bytes.Clone(sealed)
				bad[i] ^= 1
				if plain, err := a.Open(t.Context(), "contacts.name:a", bad); err == nil {
					t.Fatalf("byte %d altered, opened %q", i, plain)
				}
			}
			if bytes.Contains(sealed, []byte("王")) || !Sealed(sealed) || Sealed([]byte("王小明")) {
				t.Error("sealed and plain are not told apart")
			}
			// The rows of two contacts' keys exchanged in the database.
			fresh := f.open(t, cfg)
			ka, kb := &f.store.keys[len(f.store.keys)-2], &f.store.keys[len(f.store.keys)-1]
			ka.Wrapped, kb.Wrapped = kb.Wrapped, ka.Wrapped
			refuses(t, fresh.Contact("a"), "contacts.name:a", sealed, jiban.CodeInvalid)
		})
	}
}

func TestSuitesMayChange(t *testing.T) {
	f := newFixture(t)
	k := f.open(t, f.config())
	sealed, hash := seal(t, k, "x", "before"), k.Hash("d", "v")
	cfg := f.config()
	cfg.Suite = SM
	sm := f.open(t, cfg)
	opens(t, sm, "x", sealed, "before")
	if sm.Hash("d", "v") != hash {
		t.Error("look-up hashes must survive a change of suite")
	}
	if old, err := (Scope{k: sm, owner: house}).Outdated(t.Context(), sealed); err != nil || !old {
		t.Errorf("outdated %v, error %v", old, err)
	}
	opens(t, k, "x", seal(t, sm, "x", "after"), "after")
}

func TestHashesOfDomainsDiffer(t *testing.T) {
	f := newFixture(t)
	k := f.open(t, f.config())
	seen := map[string]bool{}
	for _, p := range [][2]string{{"phone", "1"}, {"name", "1"}, {"phon", "e1"}, {"phone1", ""}, {"", "phone1"}} {
		h := k.Hash(p[0], p[1])
		if len(h) != 64 || seen[h] {
			t.Errorf("%v: %s", p, h)
		}
		seen[h] = true
	}
}

func TestDestroyedKeysOpenNothing(t *testing.T) {
	f := newFixture(t)
	k, node := f.open(t, f.config()), f.open(t, f.config())
	sealed, other := seal(t, k.Contact("a"), "x", "gone"), seal(t, k.Contact("b"), "x", "stays")
	opens(t, node.Contact("a"), "x", sealed, "gone")
	if n, err := k.Destroy(t.Context(), "a"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	refuses(t, k.Contact("a"), "x", sealed, jiban.CodeNotFound)
	if _, err := k.Contact("a").Seal(t.Context(), "x", nil); jiban.CodeOf(err) != jiban.CodeNotFound {
		t.Errorf("a deleted contact got a new key: %v", err)
	}
	opens(t, k.Contact("b"), "x", other, "stays")
	f.clock.Advance(cacheLife + time.Second)
	refuses(t, node.Contact("a"), "x", sealed, jiban.CodeNotFound)
}

func TestAKeyMovesWithItsContact(t *testing.T) {
	f := newFixture(t)
	k := f.open(t, f.config())
	sealed := seal(t, k.Contact("gone"), "x", "moved")
	opens(t, k.Contact("gone"), "x", sealed, "moved")
	f.store.keys[len(f.store.keys)-1].Holder = Holder("kept")
	opens(t, k.Contact("kept"), "x", sealed, "moved")
	refuses(t, k.Contact("gone"), "x", sealed, jiban.CodeInvalid)
}

func TestMintedKeyIsWrittenByTheCaller(t *testing.T) {
	f := newFixture(t)
	k := f.open(t, f.config())
	w, mint, err := k.Mint("new")
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := mint("x", []byte("in one transaction"))
	if err != nil {
		t.Fatal(err)
	}
	refuses(t, k.Contact("new"), "x", []byte(sealed), jiban.CodeNotFound)
	if err := f.store.AddKey(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	opens(t, k.Contact("new"), "x", []byte(sealed), "in one transaction")
}

func TestKeysOfContactsAreReplacedWhenTheirTimeIsOver(t *testing.T) {
	f := newFixture(t)
	cfg := f.config()
	cfg.KeyLife = 24 * time.Hour
	k := f.open(t, cfg)
	old := seal(t, k.Contact("a"), "x", "old")
	f.clock.Advance(25 * time.Hour)
	fresh := seal(t, k.Contact("a"), "x", "new")
	e1, _ := parse(old)
	e2, _ := parse(fresh)
	if e1.keyID == e2.keyID {
		t.Fatal("the key was not replaced")
	}
	opens(t, k.Contact("a"), "x", old, "old")
	if o, err := k.Contact("a").Outdated(t.Context(), old); err != nil || !o {
		t.Errorf("outdated %v, error %v", o, err)
	}
	if n, _ := k.Destroy(t.Context(), "a"); n != 2 {
		t.Errorf("destroyed %d keys, want both", n)
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	f := newFixture(t)
	cfg := f.config()
	cfg.CacheSize = 16
	k := f.open(t, cfg)
	var sealed [][]byte
	for i := range 200 {
		sealed = append(sealed, seal(t, k.Contact(fmt.Sprint(i)), "x", "v"))
	}
	if n := k.byID.len(); n > 16 {
		t.Errorf("%d keys in memory", n)
	}
	for i, v := range sealed {
		opens(t, k.Contact(fmt.Sprint(i)), "x", v, "v")
	}
}

func TestSealAndOpenAreInverse(t *testing.T) {
	f := newFixture(t)
	k := f.open(t, f.config())
	cfg := f.config()
	cfg.Suite = SM
	sm := f.open(t, cfg)
	rapid.Check(t, func(t *rapid.T) {
		by := k
		if rapid.Bool().Draw(t, "sm") {
			by = sm
		}
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		aad, other := rapid.String().Draw(t, "aad"), rapid.String().Draw(t, "other")
		owner := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "owner")
		sealed, err := by.Contact(owner).Seal(context.Background(), aad, plain)
		if err != nil {
			t.Fatal(err)
		}
		back, err := k.Contact(owner).Open(context.Background(), aad, sealed)
		if err != nil || !bytes.Equal(back, plain) {
			t.Fatalf("%q became %q, error %v", plain, back, err)
		}
		if _, err := k.Contact(owner).Open(context.Background(), other, sealed); (err == nil) != (aad == other) {
			t.Fatalf("opened under other data: %v", err)
		}
	})
}

func FuzzOpen(f *testing.F) {
	k := newFixture(f)
	keys := k.open(f, k.config())
	f.Add(seal(f, keys, "x", "v"))
	f.Add([]byte("j1a.."))
	f.Add([]byte("j1a.k000001." + strings.Repeat("A", 60)))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if plain, err := keys.Open(t.Context(), "y", sealed); err == nil {
			t.Fatalf("opened %q", plain)
		}
	})
}

func FuzzParseRoots(f *testing.F) {
	one, _ := NewRoot()
	f.Add(one + "\n# remark\n" + one)
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		roots, err := parseRoots(text)
		if err == nil && len(roots) == 0 {
			t.Fatal("no key and no error")
		}
		if err != nil && len(text) > 20 && strings.Contains(err.Error(), text) {
			t.Fatalf("the error repeats what was read: %v", err)
		}
	})
}

func BenchmarkField(b *testing.B) {
	for _, suite := range []Suite{AES, SM} {
		f := newFixture(b)
		cfg := f.config()
		cfg.Suite = suite
		k := f.open(b, cfg)
		c, plain := k.Contact("a"), []byte("+8613800001234")
		sealed := seal(b, c, "contacts.phone:a", string(plain))
		b.Run(string(suite)+"/seal", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Seal(b.Context(), "contacts.phone:a", plain); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(string(suite)+"/open", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Open(b.Context(), "contacts.phone:a", sealed); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(string(suite)+"/hash", func(b *testing.B) {
			for b.Loop() {
				k.Digest("phone", "+8613800001234")
			}
		})
		b.Run(string(suite)+"/newkey", func(b *testing.B) {
			for b.Loop() {
				if _, _, err := k.Mint("z"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
