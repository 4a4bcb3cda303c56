package web_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"jiban/people"
	"jiban/web"
)

const imports = "/api/v1/roster/imports?mode="

// rosterFile is a file of so many rows; every nth is broken, 0 for none.
func rosterFile(rows, broken int) io.Reader {
	r, w := io.Pipe()
	go func() {
		out := bufio.NewWriter(w)
		fmt.Fprintln(out, "姓名,电话,类别,有效期")
		for i := range rows {
			phone := fmt.Sprintf("139%08d", i)
			if broken > 0 && i%broken == broken-1 {
				phone = "不详"
			}
			fmt.Fprintf(out, "张三,%s,独居老人,2030\n", phone)
		}
		w.CloseWithError(out.Flush())
	}()
	return r
}

type importAnswer struct {
	Applied, Check            bool
	Rows, Bad, Before, Phones int
	Errors                    []struct{ Row int }
}

func TestRosterImport(t *testing.T) {
	f := newResidence(t)
	admin := f.as("admin", nil)
	const rows = 60_000                                                        // some 2 MB: more than any other door takes
	admin.sends(imports+"replace", "text/csv", rosterFile(10, 0)).want(t, 403) // not proven anew
	admin.proven()
	admin.sends(imports+"append", "text/csv", rosterFile(10, 0)).want(t, 400)
	admin.sends(imports+"replace", "application/json", rosterFile(10, 0)).want(t, 400)
	f.as("supervisor", nil).sends(imports+"replace", "text/csv", rosterFile(10, 0)).want(t, 403)

	checked := into[importAnswer](t, admin.sends(imports+"replace&check=1", "text/csv", rosterFile(rows, 0)).want(t, 200))
	if checked.Applied || checked.Rows != rows || checked.Phones != rows {
		t.Errorf("a dry run: %+v", checked)
	}
	if list := admin.get("/api/v1/roster").want(t, 200).body; list != `{"rosters":[]}` {
		t.Errorf("a dry run left %s", list)
	}
	broken := into[importAnswer](t, admin.sends(imports+"replace", "text/csv", rosterFile(rows, 10)).want(t, 200))
	if broken.Applied || broken.Bad != rows/10 || len(broken.Errors) != 200 || broken.Errors[0].Row != 11 {
		t.Errorf("a file with every tenth row broken: applied %v, %d bad, %d errors", broken.Applied, broken.Bad, len(broken.Errors))
	}
	if list := admin.get("/api/v1/roster").want(t, 200).body; list != `{"rosters":[]}` {
		t.Errorf("a broken file left %s", list)
	}
	done := into[importAnswer](t, admin.sends(imports+"replace", "text/csv", rosterFile(rows, 0)).want(t, 200))
	if !done.Applied || done.Phones != rows {
		t.Errorf("an import: %+v", done)
	}
	list := admin.get("/api/v1/roster").want(t, 200).body
	if !strings.Contains(list, `"in_use":true`) || !strings.Contains(list, fmt.Sprintf(`"phones":%d`, rows)) || strings.Contains(list, "139000") {
		t.Errorf("the versions: %s", list)
	}
	added := into[importAnswer](t, admin.sends(imports+"delta", "text/csv", strings.NewReader("电话,操作\n13800000000,新增\n13900000000,删除\n")).want(t, 200))
	if !added.Applied || added.Phones != rows || added.Before != rows {
		t.Errorf("a delta: %+v", added)
	}
	f.nowhere(t, "13900000001")
}

// held is a roster whose import waits until it is let go.
type held struct {
	begun, goOn chan struct{}
}

func (h held) Import(ctx context.Context, in io.Reader, o people.ImportOptions) (people.ImportReport, error) {
	o.Progress(people.ImportProgress{Rows: 20_000, Bytes: 700_000})
	h.begun <- struct{}{}
	select {
	case <-h.goOn:
	case <-ctx.Done():
	}
	_, err := io.Copy(io.Discard, in)
	return people.ImportReport{Rows: 1, Applied: true}, err
}

// One import runs at a time; the other nodes see how far it is.
func TestOneRosterImportAtATime(t *testing.T) {
	room := held{make(chan struct{}), make(chan struct{})}
	f := newResidence(t, func(d *web.Deps) { d.Roster = room })
	admin := f.as("admin", nil).proven()
	first := make(chan reply, 1)
	go func() { first <- admin.sends(imports+"replace", "text/csv", rosterFile(1000, 0)) }()
	<-room.begun
	if r := admin.sends(imports+"replace", "text/csv", rosterFile(300_000, 0)).want(t, 409); !strings.Contains(r.body, "正在导入") {
		t.Errorf("a second import: %s", r.body)
	}
	if p := admin.get("/api/v1/roster/progress").want(t, 200).body; !strings.Contains(p, `"running":true`) || !strings.Contains(p, `"rows":20000`) {
		t.Errorf("progress: %s", p)
	}
	close(room.goOn)
	(<-first).want(t, 200)
	if p := admin.get("/api/v1/roster/progress").want(t, 200).body; p != `{"running":false}` {
		t.Errorf("progress afterwards: %s", p)
	}
	go func() { <-room.begun }()
	admin.sends(imports+"replace", "text/csv", rosterFile(10, 0)).want(t, 200)
}

// A body that is not read to its end is never taken for the next request on the
// connection.
func TestUnreadBodyIsNoRequest(t *testing.T) {
	f := newResidence(t)
	inner := "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, path := range []string{"/api/v1/roster/imports?mode=replace", "/api/v1/tickets", "/api/v1/login"} {
		body := strings.Repeat("x", 20<<10) + inner
		conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
		f.must(err)
		f.must(conn.SetDeadline(time.Now().Add(10 * time.Second)))
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
		fmt.Fprint(conn, "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		answers, _ := io.ReadAll(conn)
		conn.Close()
		if n := strings.Count(string(answers), "HTTP/1.1 "); n > 2 || strings.Contains(string(answers), "HTTP/1.1 400 Bad Request\r\nServer") {
			t.Errorf("%s: %d answers to two requests:\n%s", path, n, answers)
		}
	}
}
