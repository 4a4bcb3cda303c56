package web

import "github.com/gofiber/fiber/v2"

// What tests look at from outside of the package.

// Door is one registered route; Action is "" for those that need no login.
type Door struct{ Method, Path, Action string }

// Doors lists every route of the application, HEAD left out.
func (s *Server) Doors() []Door {
	actions := map[string]string{}
	for _, r := range s.staffRoutes() {
		actions[r.method+" "+api+r.path] = string(r.action)
	}
	var ds []Door
	for _, r := range s.app.GetRoutes(true) {
		if r.Method != fiber.MethodHead {
			ds = append(ds, Door{r.Method, r.Path, actions[r.Method+" "+r.Path]})
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
