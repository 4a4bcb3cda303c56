package blob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"jiban"
	"jiban/files"
	"jiban/store/blob"
)

// onEvery runs a test on every kind of place.
func onEvery(t *testing.T, test func(t *testing.T, b files.Blobs)) {
	t.Helper()
	t.Run("disk", func(t *testing.T) { test(t, disk(t)) })
	t.Run("s3", func(t *testing.T) { test(t, bucket(t)) })
}

func disk(t *testing.T) files.Blobs {
	t.Helper()
	b, err := blob.Open(t.Context(), filepath.Join(t.TempDir(), "files"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	s3Key    = "test-access"
	s3Secret = "test-secret/+="
)

// gateway starts a real S3 server, versitygw over a folder, and makes a bucket.
func gateway(t *testing.T) (address, name string) {
	t.Helper()
	program := os.Getenv("JIBAN_TEST_S3")
	if program == "" {
		t.Skip("no S3 server: run this through scripts/services.sh")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = ln.Addr().String()
	ln.Close()
	cmd := exec.Command(program, "--port", address, "--access", s3Key, "--secret", s3Secret, "posix", t.TempDir())
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(out.String())
		}
	})
	client, err := minio.New(address, &minio.Options{Creds: credentials.NewStaticV4(s3Key, s3Secret, ""), Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); ; {
		err := client.MakeBucket(t.Context(), "attachments", minio.MakeBucketOptions{})
		if err == nil {
			return address, "attachments"
		}
		if time.Since(start) > 20*time.Second {
			t.Fatalf("the S3 server did not start: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func bucket(t *testing.T) files.Blobs {
	t.Helper()
	address, name := gateway(t)
	b, err := blob.Open(t.Context(), fmt.Sprintf("s3://%s:%s@%s/%s/jiban?region=us-east-1&insecure=true", s3Key, "test-secret%2F%2B%3D", address, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func name(n int) string { return fmt.Sprintf("%032x", n) }

func write(t *testing.T, b files.Blobs, name, content string) {
	t.Helper()
	if err := b.Write(t.Context(), name, strings.NewReader(content), int64(len(content))); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, b files.Blobs, name string) (string, error) {
	t.Helper()
	r, err := b.Open(t.Context(), name)
	if err != nil {
		return "", err
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	return string(content), err
}

func wantCode(t *testing.T, what string, err error, code jiban.Code) {
	t.Helper()
	if jiban.CodeOf(err) != code {
		t.Errorf("%s: %v has code %q, want %q", what, err, jiban.CodeOf(err), code)
	}
}

func TestBytesComeBack(t *testing.T) {
	onEvery(t, func(t *testing.T, b files.Blobs) {
		large := strings.Repeat("0123456789abcdef", 6<<20/16)
		for i, content := range []string{"x", "jiban 即办", large} {
			write(t, b, name(i), content)
			if got, err := read(t, b, name(i)); err != nil || got != content {
				t.Errorf("%d of %d bytes came back: %v", len(got), len(content), err)
			}
		}
		_, err := read(t, b, name(9))
		wantCode(t, "what is not there", err, jiban.CodeNotFound)
		for range 2 {
			if err := b.Remove(t.Context(), name(0)); err != nil {
				t.Error(err)
			}
		}
		_, err = read(t, b, name(0))
		wantCode(t, "what was removed", err, jiban.CodeNotFound)
	})
}

// A write that breaks off, or has another length than told, leaves nothing.
func TestAllOrNothing(t *testing.T) {
	onEvery(t, func(t *testing.T, b files.Blobs) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		broken := errors.New("broken")
		for what, err := range map[string]error{
			"too short":   b.Write(t.Context(), name(1), strings.NewReader("abc"), 4),
			"too long":    b.Write(t.Context(), name(1), strings.NewReader("abcde"), 4),
			"breaks off":  b.Write(t.Context(), name(1), io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(broken)), 4),
			"is stopped":  b.Write(ended, name(1), strings.NewReader("abcd"), 4),
			"a path":      b.Write(t.Context(), "../../../../etc/cron.d/abcdefgh1", strings.NewReader("x"), 1),
			"capitals":    b.Write(t.Context(), strings.Repeat("A", 32), strings.NewReader("x"), 1),
			"short name":  b.Write(t.Context(), "ab", strings.NewReader("x"), 1),
			"no name":     b.Write(t.Context(), "", strings.NewReader("x"), 1),
			"remove path": b.Remove(t.Context(), "../x"),
		} {
			if err == nil {
				t.Errorf("%s: no error", what)
			}
		}
		if _, err := b.Open(t.Context(), "../../../../../../../etc/passwd"); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("a path is opened: %v", err)
		}
		if list, err := b.List(t.Context(), "", 10); err != nil || len(list) != 0 {
			t.Errorf("left: %v %v", list, err)
		}
	})
}

func TestListInOrder(t *testing.T) {
	onEvery(t, func(t *testing.T, b files.Blobs) {
		step := 1 << 24 // other folders on disk
		for i := range 7 {
			write(t, b, fmt.Sprintf("%08x%024x", i*step, i), "x")
		}
		var all []string
		for after := ""; ; {
			page, err := b.List(t.Context(), after, 3)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				if time.Since(e.At) > time.Hour || time.Until(e.At) > time.Hour {
					t.Errorf("%s was written at %s", e.Name, e.At)
				}
				all = append(all, e.Name)
			}
			after = all[len(all)-1]
		}
		if len(all) != 7 {
			t.Fatalf("%v", all)
		}
		for i, got := range all {
			if want := fmt.Sprintf("%08x%024x", i*step, i); got != want {
				t.Errorf("place %d: %s, want %s", i, got, want)
			}
		}
	})
}

// Nobody but the owner of the process may read what lies on disk.
func TestDiskIsClosed(t *testing.T) {
	root := filepath.Join(t.TempDir(), "files")
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	b, err := blob.OpenDisk(root)
	if err != nil {
		t.Fatal(err)
	}
	write(t, b, strings.Repeat("ab", 16), "x")
	n := 0
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open: %s", path, info.Mode())
		}
		n++
		return err
	})
	if err != nil || n != 5 { // the folder, the one for what comes in, two levels, the file
		t.Errorf("%d things, %v", n, err)
	}
}

func TestPlaces(t *testing.T) {
	for _, bad := range []string{"s3://", "s3://host/bucket", "s3://k:s@host", "s3://k:s@host/", "s3://k@host/b", "s3://k:s@/b", "s3://k:s@host/b?x=y", "s3://k:s@host/b?insecure=perhaps", "s3://k:TOPSECRET%@host/b"} {
		_, err := blob.ParseS3(bad)
		wantCode(t, bad, err, jiban.CodeInvalid)
		if err != nil && strings.Contains(err.Error(), "TOPSECRET") {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
	c, err := blob.ParseS3("s3://k:s%2F@host:9000/b/some/where?region=cn-north-1")
	want := blob.S3Config{Endpoint: "host:9000", Key: "k", Secret: "s/", Bucket: "b", Prefix: "some/where/", Region: "cn-north-1"}
	if err != nil || c != want {
		t.Errorf("%+v %v", c, err)
	}
	if _, err := blob.OpenDisk(""); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Errorf("%v", err)
	}
}

// A bucket that is not there, a wrong secret and a server that is down are told
// apart at the start.
func TestBucketThatCannotBeUsed(t *testing.T) {
	address, name := gateway(t)
	good := blob.S3Config{Endpoint: address, Key: s3Key, Secret: s3Secret, Bucket: name, Region: "us-east-1", Insecure: true}
	missing, wrong, down := good, good, good
	missing.Bucket, wrong.Secret, down.Endpoint = "nobodys", "wrong", "127.0.0.1:1"
	_, err := blob.OpenS3(t.Context(), missing)
	wantCode(t, "missing bucket", err, jiban.CodeInvalid)
	_, err = blob.OpenS3(t.Context(), wrong)
	wantCode(t, "wrong secret", err, jiban.CodeUnavailable)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err = blob.OpenS3(ctx, down)
	wantCode(t, "server down", err, jiban.CodeUnavailable)
}

// What is in the bucket is nobody's but ours.
func TestBucketIsNotPublic(t *testing.T) {
	address, bucketName := gateway(t)
	b, err := blob.OpenS3(t.Context(), blob.S3Config{Endpoint: address, Key: s3Key, Secret: s3Secret, Bucket: bucketName, Region: "us-east-1", Insecure: true})
	if err != nil {
		t.Fatal(err)
	}
	write(t, b, name(1), "x")
	for _, path := range []string{"/" + bucketName, "/" + bucketName + "/" + name(1)} {
		resp, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s is open to all: %d", path, resp.StatusCode)
		}
	}
}
