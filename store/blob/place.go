package blob

import (
	"context"
	"net/url"
	"strings"

	"jiban"
	"jiban/files"
)

// Open opens the place that a configuration names: a folder, which is made, or
// s3://KEY:SECRET@HOST[:PORT]/BUCKET[/PREFIX][?region=…&insecure=true], a bucket
// that must be there.
func Open(ctx context.Context, place string) (files.Blobs, error) {
	if !strings.HasPrefix(place, s3Scheme) {
		return OpenDisk(place)
	}
	c, err := ParseS3(place)
	if err != nil {
		return nil, err
	}
	return OpenS3(ctx, c)
}

const s3Scheme = "s3://"

// S3Config is a bucket and the way to it.
type S3Config struct {
	Endpoint string // host or host:port
	Key      string
	Secret   string
	Bucket   string
	Prefix   string // "" or a path that ends with a slash
	Region   string
	Insecure bool // plain HTTP: for a store on the same machine only
}

// ParseS3 reads the address of a bucket. Its errors hold no secret.
func ParseS3(place string) (S3Config, error) {
	bad := func(what string) (S3Config, error) {
		return S3Config{}, jiban.Errorf(jiban.CodeInvalid, "blob.ParseS3", "files: %s, write s3://KEY:SECRET@HOST/BUCKET", what)
	}
	u, err := url.Parse(place)
	if err != nil {
		return bad("the address of the bucket cannot be read (write special characters of the secret as %XX)")
	}
	secret, has := u.User.Password()
	bucket, prefix, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	switch {
	case u.Host == "":
		return bad("the host is missing")
	case !has || u.User.Username() == "" || secret == "":
		return bad("key and secret are missing")
	case bucket == "":
		return bad("the bucket is missing")
	}
	c := S3Config{Endpoint: u.Host, Key: u.User.Username(), Secret: secret, Bucket: bucket, Prefix: prefix}
	if prefix != "" {
		c.Prefix += "/"
	}
	for key, values := range u.Query() {
		switch {
		case key == "region":
			c.Region = values[0]
		case key == "insecure" && (values[0] == "true" || values[0] == "false"):
			c.Insecure = values[0] == "true"
		default:
			return bad("the parameter " + key + " is unknown or has a wrong value")
		}
	}
	return c, nil
}

// checkName keeps names to what this program makes: nothing in a name leads
// anywhere else.
func checkName(op, name string) error {
	if isName(name) {
		return nil
	}
	return jiban.Errorf(jiban.CodeInvalid, op, "a name of bytes must have %d hexadecimal digits", nameLength)
}

// nameLength is how many hexadecimal digits a name has.
const nameLength = 32

func isName(name string) bool {
	return len(name) == nameLength && strings.Trim(name, "0123456789abcdef") == ""
}
