package fetch

import (
	"context"
	"errors"
	"fmt"
	"slices"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/listtext"
	"github.com/atlant-log/atlant/services/fetch/pricelist"
)

// open settles how the list is to be read: as it says itself, and where it leaves that open, as it was read before.
func (r *reading) open(ctx context.Context, l *toRead) error {
	err := r.openText(ctx, l)
	if isEncodingOpen(r.text, err) {
		hasEncoding := func(d *atlantv1.Dialect) bool { return d.GetEncoding() != "" }
		m, recallErr := r.recall(ctx, l, hasEncoding)
		if recallErr != nil {
			return recallErr
		}
		if m != nil {
			if err := r.close(); err != nil {
				return err
			}
			l.hints.Remembered = m.Dialect.GetEncoding()
			err = r.openText(ctx, l)
		}
	}
	if err != nil {
		return r.explain(err)
	}
	return r.openList(ctx, l)
}

// openList settles how the text is to be read.
func (r *reading) openList(ctx context.Context, l *toRead) error {
	alone, err := pricelist.Open(ctx, r.text, r.text.Size, l.options, nil)
	if err != nil && !isUnreadable(err) {
		return err
	}
	if r.list = alone; alone != nil && len(alone.Open()) == 0 {
		return nil
	}
	m, recallErr := r.recall(ctx, l, func(d *atlantv1.Dialect) bool { return settles(d, alone) })
	if recallErr != nil {
		return recallErr
	}
	if m == nil {
		return r.explain(err)
	}
	filled, fillErr := pricelist.Open(ctx, r.text, r.text.Size, l.options, m)
	switch {
	case fillErr != nil && !isUnreadable(fillErr):
		return fillErr
	case fillErr == nil && filled.IsRemembered():
		r.list = filled
		return nil
	}
	return err
}

// recall returns how the list was read before, nil if nothing of use is known of that.
func (r *reading) recall(
	ctx context.Context, l *toRead, isOfUse func(*atlantv1.Dialect) bool,
) (_ *pricelist.Remembered, err error) {
	if r.remembered != nil || l.recall == nil {
		return r.remembered, nil
	}
	r.remembered, err = l.recall(ctx, isOfUse)
	if r.notRecalled = errors.Is(err, errNotRecalled); r.notRecalled {
		return nil, nil //nolint:nilnil // as documented
	}
	return r.remembered, err
}

// explain adds to an error that the list might have been read, had more been known.
func (r *reading) explain(err error) error {
	if err == nil || !r.notRecalled {
		return err
	}
	return fmt.Errorf("%w; %w", err, errNotRecalled)
}

// isEncodingOpen tells whether another encoding than the one that was tried may be right for some bytes, or for all.
func isEncodingOpen(text *listtext.Text, err error) bool {
	if unreadable, ok := errors.AsType[*listtext.UnreadableError](err); ok {
		return unreadable.IsEncodingOpen
	}
	return err == nil && text.IsOpen
}

// settles tells whether a dialect may settle what a list leaves open; the list is nil if it could not even be told how its columns
// are separated.
func settles(d *atlantv1.Dialect, list *pricelist.List) bool {
	if list == nil {
		return d.GetColumns() > 0
	}
	return slices.ContainsFunc(list.Open(), func(option string) bool {
		return !slices.Contains(d.GetOpen(), option) && (option != pricelist.MarkOption || d.GetDecimalMark() != "") &&
			(option != pricelist.OrderOption || d.GetDateOrder() != "")
	})
}
