package anchor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"jiban"
)

const (
	sinkTime    = 5 * time.Second
	localSyslog = "/dev/log"
	// Priorities of syslog: facility 13 (log audit) and 10 (authpriv, which local
	// daemons know), severity 6 (informational).
	auditInfo = 13*8 + 6
	authInfo  = 10*8 + 6
)

// Open returns the sink that an address names: "udp://HOST:PORT" or
// "tcp://HOST:PORT" for a log server (RFC 5424, on TCP with octet counting,
// RFC 6587), "syslog" for the daemon of this machine, anything else is the path of
// a file. Nothing is opened before the first anchor.
func Open(address string) (Sink, error) {
	if address == "syslog" {
		return network{"unixgram", localSyslog, local}, nil
	}
	if !strings.Contains(address, "://") {
		return file(address), nil
	}
	u, err := url.Parse(address)
	if err == nil && u.Port() == "" {
		err = errors.New("the port is missing")
	}
	if err != nil || (u.Scheme != "udp" && u.Scheme != "tcp") {
		return nil, jiban.Errorf(jiban.CodeInvalid, "anchor.open", "write udp://HOST:PORT, tcp://HOST:PORT, syslog or the path of a file")
	}
	if u.Scheme == "tcp" {
		return network{"tcp", u.Host, counted}, nil
	}
	return network{"udp", u.Host, remote}, nil
}

// file appends to a file, which is opened anew each time so that it may be moved
// away.
type file string

// Put returns when the line is on the disk.
func (f file) Put(_ context.Context, _ time.Time, line string) error {
	out, err := os.OpenFile(string(f), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return unavailable(err)
	}
	_, err = out.WriteString(line + "\n")
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return unavailable(err)
	}
	return nil
}

// network sends each line by a connection of its own: there is one a minute.
type network struct {
	kind, address string
	frame         func(at time.Time, line string) string
}

// Put returns when the line was handed to the network.
func (n network) Put(ctx context.Context, at time.Time, line string) error {
	ctx, cancel := context.WithTimeout(ctx, sinkTime)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, n.kind, n.address)
	if err != nil {
		return unavailable(err)
	}
	if end, ok := ctx.Deadline(); ok {
		err = conn.SetWriteDeadline(end)
	}
	if err == nil {
		_, err = conn.Write([]byte(n.frame(at, line)))
	}
	if err := errors.Join(err, conn.Close()); err != nil {
		return unavailable(err)
	}
	return nil
}

func unavailable(err error) error {
	return jiban.Errorf(jiban.CodeUnavailable, "anchor.put", "hand an anchor over: %w", err)
}

// remote frames a line for a log server (RFC 5424).
func remote(at time.Time, line string) string {
	return fmt.Sprintf("<%d>1 %s - jiban - anchor - %s", auditInfo, at.UTC().Format(time.RFC3339), line)
}

// counted is remote with its length in front, as streams need it (RFC 6587).
func counted(at time.Time, line string) string {
	m := remote(at, line)
	return fmt.Sprintf("%d %s", len(m), m)
}

// local frames a line for the daemon of the machine, which adds the rest.
func local(at time.Time, line string) string {
	return fmt.Sprintf("<%d>%s jiban: %s", authInfo, at.Format(time.Stamp), line)
}
