package blob

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"jiban"
	"jiban/files"
)

// S3 keeps bytes in a bucket.
type S3 struct {
	c      S3Config
	client *minio.Client
}

const (
	openLimit  = 10 * time.Second
	writeLimit = 2 * time.Minute
	s3Tries    = 3
)

// OpenS3 opens the bucket, which must be there.
func OpenS3(ctx context.Context, c S3Config) (*S3, error) {
	const op = "blob.OpenS3"
	client, err := minio.New(c.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(c.Key, c.Secret, ""), Secure: !c.Insecure, Region: c.Region, MaxRetries: s3Tries,
	})
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, op, "files: the address of the bucket is wrong: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	found, err := client.BucketExists(ctx, c.Bucket)
	if err != nil {
		return nil, s3Fault(op, err)
	}
	if !found {
		return nil, jiban.Errorf(jiban.CodeInvalid, op, "files: there is no bucket %q: make it, closed to the public", c.Bucket)
	}
	return &S3{c: c, client: client}, nil
}

// Write keeps size bytes; the store says all or nothing.
func (s *S3) Write(ctx context.Context, name string, r io.Reader, size int64) error {
	const op = "blob.Write"
	if err := checkName(op, name); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	counted := &counting{r: io.LimitReader(r, size)}
	// One request, so that nothing half-written stays anywhere: files are small.
	_, err := s.client.PutObject(ctx, s.c.Bucket, s.c.Prefix+name, counted, size,
		minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true})
	if err == nil {
		return s.whole(ctx, name, r)
	}
	if counted.n < size && counted.ended {
		return jiban.Errorf(jiban.CodeInvalid, op, "%d bytes came where %d were told", counted.n, size)
	}
	return s3Fault(op, err)
}

// whole removes what was written when more came than was told.
func (s *S3) whole(ctx context.Context, name string, r io.Reader) error {
	var one [1]byte
	if n, _ := io.ReadFull(r, one[:]); n == 0 {
		return nil
	}
	return errors.Join(jiban.Errorf(jiban.CodeInvalid, "blob.Write", "more bytes came than were told"), s.Remove(ctx, name))
}

// counting knows how much it read, and whether the end came.
type counting struct {
	r     io.Reader
	n     int64
	ended bool
}

// Read reads and counts.
func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.ended = c.ended || errors.Is(err, io.EOF)
	return n, err
}

// Open reads bytes. Whether they are there is asked at once.
func (s *S3) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	const op = "blob.Open"
	if err := checkName(op, name); err != nil {
		return nil, err
	}
	o, err := s.client.GetObject(ctx, s.c.Bucket, s.c.Prefix+name, minio.GetObjectOptions{})
	if err != nil {
		return nil, s3Fault(op, err)
	}
	if _, err := o.Stat(); err != nil {
		return nil, errors.Join(s3Fault(op, err), o.Close())
	}
	return o, nil
}

// Remove drops bytes.
func (s *S3) Remove(ctx context.Context, name string) error {
	const op = "blob.Remove"
	if err := checkName(op, name); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	err := s.client.RemoveObject(ctx, s.c.Bucket, s.c.Prefix+name, minio.RemoveObjectOptions{})
	if jiban.CodeOf(s3Fault(op, err)) == jiban.CodeNotFound {
		return nil
	}
	return s3Fault(op, err)
}

// List gives names in order.
func (s *S3) List(ctx context.Context, after string, limit int) ([]files.Blob, error) {
	ctx, cancel := context.WithCancel(ctx) // ends the listing when enough was had
	defer cancel()
	o := minio.ListObjectsOptions{Prefix: s.c.Prefix, Recursive: true, MaxKeys: limit}
	if after != "" {
		o.StartAfter = s.c.Prefix + after
	}
	var found []files.Blob
	for info := range s.client.ListObjects(ctx, s.c.Bucket, o) {
		if info.Err != nil {
			return nil, s3Fault("blob.List", info.Err)
		}
		name := info.Key[len(s.c.Prefix):]
		if checkName("", name) != nil || name <= after {
			continue
		}
		found = append(found, files.Blob{Name: name, At: info.LastModified.UTC()})
		if len(found) == limit {
			break
		}
	}
	return found, nil
}

// s3Fault gives an error its code. The library's errors name the request, never
// the secret.
func s3Fault(op string, err error) error {
	if err == nil {
		return nil
	}
	var coded *jiban.Error
	if errors.As(err, &coded) {
		return err
	}
	answer := minio.ToErrorResponse(err)
	if answer.StatusCode == http.StatusNotFound {
		return jiban.Errorf(jiban.CodeNotFound, op, "there are no such bytes: %w", err)
	}
	return jiban.Errorf(jiban.CodeUnavailable, op, "the bucket of the files: %w", err)
}
