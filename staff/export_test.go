package staff

// Waiting counts the entries that wait for the record to be written.
func (s *Service) Waiting() int {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	return len(s.recorder.waiting)
}
