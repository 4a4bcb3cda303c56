package handoff

import (
	"context"
	"slices"
	"time"

	"jiban"
)

// What an agent says of themselves.
const (
	Online  = "online"
	Busy    = "busy" // at work, takes nobody more
	Away    = "away" // comes back; keeps what they hold
	Offline = "offline"
)

// heartbeat is how long an agent counts as there after they were last heard of:
// three times the interval at which the console reports.
const heartbeat = 60 * time.Second

// An agent who takes a conversation or speaks is at work even when their page
// does not report it, for a while.
const (
	working     = "working"
	workingTime = 10 * time.Minute
)

func presenceSet(status string) string { return "agents:" + status }

// SetPresence says that an agent is there, and how. The console repeats it every
// twenty seconds; who is not heard of for a minute is offline.
func (s *Service) SetPresence(ctx context.Context, agentID, status string) error {
	if agentID == "" || status != Offline && !slices.Contains(statuses(), status) {
		return jiban.Errorf(jiban.CodeInvalid, "handoff.SetPresence", "%q is no presence: online, busy, away or offline", status)
	}
	for _, other := range append(statuses(), working) {
		if other != status {
			if err := s.deps.Presence.Remove(ctx, presenceSet(other), agentID); err != nil {
				return err
			}
		}
	}
	if status == Offline {
		return nil
	}
	return s.deps.Presence.Touch(ctx, presenceSet(status), agentID, heartbeat)
}

func statuses() []string { return []string{Online, Busy, Away} }

// Presence says how an agent is there.
func (s *Service) Presence(ctx context.Context, agentID string) (string, error) {
	for _, status := range append(statuses(), working) {
		members, err := s.deps.Presence.Members(ctx, presenceSet(status))
		if err != nil {
			return "", err
		}
		if !slices.Contains(members, agentID) {
			continue
		}
		if status == working {
			status = Online
		}
		return status, nil
	}
	return Offline, nil
}

// seen notes that an agent just worked, unless their page reports how they are.
// That it cannot be noted stops no work.
func (s *Service) seen(ctx context.Context, agentID string) {
	reporting, err := s.present(ctx, statuses()...)
	if err == nil && !reporting[agentID] {
		err = s.deps.Presence.Touch(ctx, presenceSet(working), agentID, workingTime)
	}
	if err != nil {
		s.deps.Log.WarnContext(ctx, "presence could not be noted", "error", err)
	}
}

// OnDuty counts the agents at work, those who are busy among them.
func (s *Service) OnDuty(ctx context.Context) (int, error) {
	at, err := s.present(ctx, Online, Busy, working)
	return len(at), err
}

// present is the set of agents who are there in one of the given ways.
func (s *Service) present(ctx context.Context, in ...string) (map[string]bool, error) {
	at := map[string]bool{}
	for _, status := range in {
		members, err := s.deps.Presence.Members(ctx, presenceSet(status))
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			at[m] = true
		}
	}
	return at, nil
}
