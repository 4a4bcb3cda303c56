package files

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"jiban"
)

// Scanner looks for harmful content. A finding is a refusal of the reason
// Infected; any other error means that nobody looked.
type Scanner interface {
	Scan(ctx context.Context, r io.Reader) error
}

// Clamd is a scanner that speaks the protocol of clamd, command INSTREAM.
type Clamd struct {
	network, address string
	limit            time.Duration
}

const (
	scanLimit   = 30 * time.Second // for one file
	scanPiece   = 64 << 10
	longestWord = 4 << 10 // bytes of an answer
)

// NewClamd takes an address "tcp:HOST:PORT" or "unix:PATH".
func NewClamd(address string) (*Clamd, error) {
	network, rest, _ := strings.Cut(address, ":")
	if network != "tcp" && network != "unix" || rest == "" {
		return nil, jiban.Errorf(jiban.CodeInvalid, "files.NewClamd", "the scanner's address must read tcp:HOST:PORT or unix:PATH")
	}
	return &Clamd{network: network, address: rest, limit: scanLimit}, nil
}

// Scan sends the content and reads the verdict.
func (c *Clamd) Scan(ctx context.Context, r io.Reader) error {
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, c.network, c.address)
	if err != nil {
		return noScan(err)
	}
	defer conn.Close()
	// Closing ends every read and write when the time is over.
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	sent := send(conn, r)
	var from *sourceError
	if errors.As(sent, &from) {
		return from.err
	}
	// A scanner that has seen enough answers and closes: the answer counts, even
	// when not all could be sent.
	answer, err := io.ReadAll(io.LimitReader(conn, longestWord))
	if len(answer) == 0 {
		return noScan(errors.Join(sent, err, ctx.Err()))
	}
	return verdict(answer)
}

func noScan(err error) error {
	return jiban.Errorf(jiban.CodeUnavailable, "files.scan", "the scanner did not look at it: %w", err)
}

// sourceError is a failure of what is read, not of the scanner.
type sourceError struct{ err error }

// Error returns the cause's words.
func (e *sourceError) Error() string { return e.err.Error() }

func send(conn io.Writer, r io.Reader) error {
	if _, err := io.WriteString(conn, "zINSTREAM\x00"); err != nil {
		return err
	}
	piece := make([]byte, 4+scanPiece)
	for {
		n, err := io.ReadFull(r, piece[4:])
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			return &sourceError{err}
		}
		if n > 0 {
			binary.BigEndian.PutUint32(piece, uint32(n))
			if _, err := conn.Write(piece[:4+n]); err != nil {
				return err
			}
		}
		if end {
			_, err := conn.Write([]byte{0, 0, 0, 0})
			return err
		}
	}
}

// verdict reads "stream: OK", "stream: NAME FOUND" or an error.
func verdict(answer []byte) error {
	text := string(bytes.Trim(answer, "\x00\r\n "))
	switch {
	case strings.HasSuffix(text, ": OK"):
		return nil
	case strings.HasSuffix(text, " FOUND"):
		name := strings.TrimSuffix(text[strings.LastIndex(text, ": ")+1:], " FOUND")
		return refused(Infected, "the scanner found %s", printable(name))
	}
	return noScan(errors.New("it answered: " + printable(text)))
}

// printable keeps of an answer what may stand in a log.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	return shorten(strings.TrimSpace(s), 100, 100)
}
