package events

import (
	"context"
	"time"
)

// LeaseTTL is how long a claim outlives its last renewal, unless the leases were set up with another time.
const LeaseTTL = 3 * time.Second

// Claim says who holds a name now.
type Claim struct {
	Name, Holder string
	Note         []byte // whatever the holder last said with it
}

// Leases hands out names, each to one holder at a time. A claim that is not renewed ends by itself. It is an
// optimisation: a holder that was paused may not know yet that it holds nothing any more, so what is done under a lease
// must be harmless when it is done twice.
type Leases interface {
	// TTL is how long a claim lasts without being renewed. It never changes.
	TTL() time.Duration
	// Take claims a name. It returns ErrConflict if another holder has it, and ErrUnavailable when that cannot be found
	// out now. A holder that has the name already gets it again.
	Take(ctx context.Context, name, holder string, note []byte) (Lease, error)
	// Held returns all claims, in the order of their names, or ErrUnavailable.
	Held(ctx context.Context) ([]Claim, error)
	// Watch returns a channel of all claims as they are: first at once, then whenever one was taken, released or lapsed,
	// but not when one was only renewed. Whoever is slow gets the latest alone. While the claims cannot be read nothing
	// comes. The channel is closed when the context ends.
	Watch(ctx context.Context) <-chan []Claim
}

// Lease is a claim as its holder sees it. Its methods must not be called at the same time.
type Lease interface {
	// Renew makes the claim last for another TTL from now. ErrConflict: it has ended, and may be somebody else's.
	// ErrUnavailable: it may or may not have been renewed.
	Renew(ctx context.Context, note []byte) error
	// Release ends the claim at once, if it is still this holder's.
	Release(ctx context.Context) error
}
