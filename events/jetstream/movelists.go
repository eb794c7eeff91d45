package jetstream

import (
	"context"
	"errors"
	"io"

	"github.com/atlant-log/atlant/events"
)

// moveLists copies the lists that are kept, and returns how many that are. What is there already stays: nobody puts lists
// there as long as the log is not open. An upload that is moved is kept as long as if it came now.
func (m *move) moveLists(ctx context.Context) (int, error) {
	count := 0
	for _, bucket := range buckets {
		from, to := &lists{log: m.here, bucket: bucket}, &lists{log: m.there, bucket: bucket}
		heads, err := from.heads(ctx)
		if err != nil {
			return 0, unavailable("move the lists of "+bucket, err)
		}
		for _, head := range heads {
			m.report(MoveLists)
			switch err := copyList(ctx, from, to, head); {
			case errors.Is(err, events.ErrNoList): // it has expired meanwhile
			case err != nil:
				return 0, err
			default:
				count++
			}
		}
	}
	return count, nil
}

// copyList puts a list of one bucket into another, unless it is there.
func copyList(ctx context.Context, from, to *lists, head *listHead) error {
	there, err := to.head(ctx, head.Name)
	if err != nil {
		return unavailable(to.doing("look for", head.Name), err)
	}
	if there.visible() && there.Digest == head.Digest {
		return nil
	}
	out, in := io.Pipe()
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, err := from.GetList(ctx, head.Name, in)
		_ = in.CloseWithError(err) // it never fails
	}()
	_, err = to.PutList(ctx, head.Name, out)
	_ = out.CloseWithError(err) // ends a read that is not at its end
	<-read
	return err
}

// heads returns those of all lists of a bucket.
func (b *lists) heads(ctx context.Context) ([]*listHead, error) {
	stream, err := b.log.look(ctx, b.stream())
	if err != nil {
		return nil, err
	}
	subjects, err := subjectsOf(ctx, stream, headSubjects(b.bucket))
	if err != nil {
		return nil, err
	}
	var all []*listHead
	for _, subject := range subjects {
		head, err := b.headAt(ctx, subject)
		if err != nil {
			return nil, err
		}
		if head.visible() {
			all = append(all, head)
		}
	}
	return all, nil
}
