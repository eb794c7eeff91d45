package ownership

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestTermEnds(t *testing.T) {
	t.Parallel()
	_, held := newTerm(t.Context(), time.Now().Add(time.Millisecond))
	defer held.stop()
	<-held.Done()
	if cause := context.Cause(held); !errors.Is(cause, errLapsed) {
		t.Errorf("it ended because of %v", cause)
	}
}

func TestTermIsExtended(t *testing.T) {
	t.Parallel()
	_, held := newTerm(t.Context(), time.Now().Add(time.Hour))
	held.extend(time.Now().Add(2 * time.Hour))
	if err := held.Err(); err != nil {
		t.Fatal(err)
	}
	held.extend(time.Now().Add(time.Millisecond))
	<-held.Done()
	held.stop()
}

// TestTermOfPausedProcess: whoever asks learns that the time is over, though no timer has fired yet.
func TestTermOfPausedProcess(t *testing.T) {
	t.Parallel()
	_, held := newTerm(t.Context(), time.Now().Add(time.Hour))
	defer held.stop()
	past := time.Now()
	held.until.Store(&past)
	child, cancel := context.WithCancel(held)
	defer cancel()
	if held.Err() == nil {
		t.Error("it goes on")
	}
	<-child.Done()
	if cause := context.Cause(child); !errors.Is(cause, errLapsed) {
		t.Errorf("it ended because of %v", cause)
	}
}
