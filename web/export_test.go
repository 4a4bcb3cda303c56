package web

import "github.com/gofiber/fiber/v2"

// What tests look at from outside of the package.

// Door is one registered route; Action is "" for those that need no login, Anew is
// set for those that ask for a new proof of who one is.
type Door struct {
	Method, Path, Action string
	Anew                 bool
}

// Doors lists every route of the application, HEAD left out.
func (s *Server) Doors() []Door {
	staffed := map[string]staffRoute{}
	for _, r := range s.staffRoutes() {
		staffed[r.method+" "+api+r.path] = r
	}
	var ds []Door
	for _, r := range s.app.GetRoutes(true) {
		if r.Method != fiber.MethodHead {
			known := staffed[r.Method+" "+r.Path]
			ds = append(ds, Door{r.Method, r.Path, string(known.action), known.manner == anew})
		}
	}
	return ds
}

// Sockets counts the open sockets.
func (s *Server) Sockets() int { return s.sockets.count() }

// Decode and the others are tried with arbitrary input.
var (
	Decode      = decode
	HideNumbers = hideNumbers
	Hide        = hide
	EndsWith    = endsWith
	EventsOf    = eventsOf
	StatusOf    = statusOf
	FaultOf     = func(err error) (int, string, string) { f := faultOf(err); return f.status, string(f.code), f.words }
)

// Described is the API's description.
func Described() []byte { return apiDescription }
