package product

import "time"

// SetHeartbeat makes watchers hear something sooner. It is called before the first one joins.
func (s *Service) SetHeartbeat(interval time.Duration) { s.feed.heartbeat = interval }

// Kept returns how many changes are kept for watchers, and how many watchers there are.
func (s *Service) Kept() (changes, watchers int) {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	return s.feed.changes, s.feed.watchers
}

// KeepAtMost bounds how many changes are kept. It is called before the first watcher joins.
func (s *Service) KeepAtMost(changes int) { s.feed.most = changes }
