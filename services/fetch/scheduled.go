package fetch

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// scheduledPrefix begins the idempotency keys of schedules. No client can send it, for it is not UTF-8.
const scheduledPrefix = "\xffscheduled "

// Check returns where the list of a request is, without credentials, and those that the request has, nil if none; or, as an
// invalid_argument, why Request would refuse it. It asks nobody.
func (*Service) Check(message *atlantv1.FetchRequest) (listURL string, credentials *atlantv1.Credentials, err error) {
	requested, err := newRequest(message, time.Now())
	if err != nil {
		return "", nil, err
	}
	return requested.GetUrl(), requested.GetCredentials(), nil
}

// RequestScheduled asks for a list that a schedule says is due; the same key gives the same fetch, whatever has become of it and
// of the rest of the request. Its prices hold from now, however late that is.
func (s *Service) RequestScheduled(
	ctx context.Context, key string, message *atlantv1.FetchRequest, due time.Time,
) (*atlantv1.Fetch, error) {
	s.queueing.Lock()
	defer s.queueing.Unlock()
	requested, err := newRequest(message, time.Now())
	if err != nil {
		return nil, err
	}
	requested.ScheduledFor = timestamppb.New(due)
	first, err := s.log.Claim(ctx, scheduledPrefix+key, loggable(requested))
	if err != nil {
		return nil, err
	}
	first = proto.CloneOf(first)
	if first.GetUrl() == requested.GetUrl() { // the log knows no credentials, and these are for no other server
		first.Credentials = requested.GetCredentials()
	}
	id, err := uuid.Parse(first.GetId())
	if err != nil {
		return nil, fmt.Errorf("parse id of fetch: %w", err)
	}
	view, err := currentView(ctx, s.log, id)
	if err != nil {
		return nil, err
	}
	if view == nil {
		if err := s.log.Enqueue(ctx, first); err != nil {
			return nil, err
		}
		if view, err = request(ctx, s.log, id, first); err != nil {
			return nil, err
		}
	}
	return view.Fetch, nil
}
