package alert

import (
	"context"
	"sync"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// readAtOnce is how many alerts are read at a time.
const readAtOnce = 200

// rule is an alert that is not paused, ready to be asked.
type rule struct {
	record  *atlantv1.AlertRecord
	product events.ProductID // the zero one: of any that match
	words   []string
}

func newRule(record *atlantv1.AlertRecord) (*rule, error) {
	r := &rule{record: record}
	if id := record.GetAlert().GetProductId(); id != "" {
		var err error
		if r.product, err = uuid.Parse(id); err != nil {
			return nil, err
		}
	}
	if query := record.GetAlert().GetQuery(); query != "" {
		r.words = projections.QueryWords(query)
	}
	return r, nil
}

// concerns tells whether the rule is about a change of a product.
func (r *rule) concerns(p *projections.Product, at events.LogPlace) bool {
	source := r.record.GetAlert().GetSource()
	return at.Sequence > r.record.GetSince()[at.Shard] &&
		(r.product == events.ProductID{} || r.product == p.ID) &&
		(source == "" || source == p.Source) &&
		(len(r.words) == 0 || projections.NameMatches(p.Name, r.words))
}

// rules are all of them that are not paused. They are shared, and never written to.
type rules struct {
	byProduct map[events.ProductID][]*rule
	byMatch   []*rule
}

func (r *rules) none() bool { return len(r.byProduct) == 0 && len(r.byMatch) == 0 }

// of calls ask for the rules that may be about a product, until it returns an error.
func (r *rules) of(product events.ProductID, ask func(*rule) error) error {
	for _, some := range [][]*rule{r.byProduct[product], r.byMatch} {
		for _, one := range some {
			if err := ask(one); err != nil {
				return err
			}
		}
	}
	return nil
}

// began returns behind which message of a shard the first of the rules begins.
func (r *rules) began(shard uint32) uint64 {
	first, found := uint64(0), false
	note := func(one *rule) {
		if since := one.record.GetSince()[shard]; !found || since < first {
			first, found = since, true
		}
	}
	for _, some := range r.byProduct {
		for _, one := range some {
			note(one)
		}
	}
	for _, one := range r.byMatch {
		note(one)
	}
	return first
}

// ruleCache reads the rules anew when one of them was changed.
type ruleCache struct {
	registry events.AlertRegistry

	mu       sync.Mutex
	revision uint64
	kept     *rules
}

// now returns the rules as they are.
func (c *ruleCache) now(ctx context.Context) (*rules, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	revision, err := c.registry.AlertsRevision(ctx) // first: what is changed while they are read is read again
	if err != nil {
		return nil, err
	}
	if c.kept != nil && c.revision == revision {
		return c.kept, nil
	}
	all := &rules{byProduct: map[events.ProductID][]*rule{}}
	for after := ""; ; {
		page, err := c.registry.RegisteredAlerts(ctx, after, readAtOnce)
		if err != nil {
			return nil, err
		}
		for i := range page {
			after = page[i].Record.GetAlert().GetName()
			all.add(page[i].Record)
		}
		if len(page) < readAtOnce {
			break
		}
	}
	c.kept, c.revision = all, revision
	return all, nil
}

// add adds a rule, unless it is paused; one that cannot be read is of a newer version, which knows what to do with it.
func (r *rules) add(record *atlantv1.AlertRecord) {
	if record.GetAlert().GetPaused() {
		return
	}
	one, err := newRule(record)
	switch {
	case err != nil:
	case one.product == events.ProductID{}:
		r.byMatch = append(r.byMatch, one)
	default:
		r.byProduct[one.product] = append(r.byProduct[one.product], one)
	}
}
