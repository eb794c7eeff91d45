package sqlite

import (
	"context"
	"database/sql"
	"hash/maphash"
	"math/bits"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// digestPage is how many products are read at once: a statement that took much longer would hold up the reuse of the write-ahead log.
const digestPage = 2048

const (
	selectProductPage = "SELECT p.product, " + unsightedColumns + `
		FROM products p CROSS JOIN sources o ON o.source = p.source WHERE p.product > ? ORDER BY p.product LIMIT ?`
	selectSightingPage = "SELECT block, observed_at, fetch, products FROM sightings WHERE block BETWEEN ? AND ? ORDER BY block"
	selectChangePage   = "SELECT c.product, " + changeValues + " FROM changes c WHERE c.product BETWEEN ? AND ? ORDER BY c.product"
)

// ScanDigests implements projections.Scans: page by page in the order of the tables, which is that of arrival, with what belongs to
// the products of each.
func (db *DB) ScanDigests(ctx context.Context, sums *projections.DigestSums) error {
	page := digestScan{reader: db.reader, sums: sums}
	for {
		err := page.next(ctx)
		if err != nil || len(page.numbers) == 0 {
			return db.failed("scan", "digests", err)
		}
	}
}

// digestScan is a page of products, whose digests are added to sums.
type digestScan struct {
	reader  *reader
	sums    *projections.DigestSums
	last    int64   // the product that was read last
	numbers []int64 // of the products of the page, ascending
	ids     []events.ProductID
}

// next goes on to the next page, which is empty when there is none.
func (s *digestScan) next(ctx context.Context) error {
	s.numbers, s.ids = s.numbers[:0], s.ids[:0]
	if err := s.products(ctx); err != nil || len(s.numbers) == 0 {
		return err
	}
	if err := s.sightings(ctx); err != nil {
		return err
	}
	return s.changes(ctx)
}

func (s *digestScan) products(ctx context.Context) error {
	var p projections.Product
	var changedAt int64
	columns := append([]any{&s.last}, unsighted(&p, &changedAt)...)
	return s.reader.query(ctx, selectProductPage, []any{s.last, digestPage}, func(rows *sql.Rows) error {
		if err := rows.Scan(columns...); err != nil {
			return err
		}
		p.Written.ObservedAt = events.Micros(changedAt)
		s.numbers, s.ids = append(s.numbers, s.last), append(s.ids, p.ID)
		s.sums.AddProduct(p.ID, maphash.Comparable(s.sums.Seed, p))
		return nil
	})
}

// seenAt is when a product was seen, to be digested.
type seenAt struct {
	id events.ProductID
	at events.Position
}

func (s *digestScan) sightings(ctx context.Context) error {
	first, last := s.numbers[0], s.numbers[len(s.numbers)-1]
	var found sighting
	var products int64
	columns := []any{&found.block, (*int64)(&found.at.ObservedAt), &found.at.Fetch, &products}
	at := 0 // the place of a product of the block, or of a lesser one, in the page
	return s.reader.query(ctx, selectSightingPage, []any{first >> blockShift, last >> blockShift}, func(rows *sql.Rows) error {
		if err := rows.Scan(columns...); err != nil {
			return err
		}
		for at < len(s.numbers) && s.numbers[at]>>blockShift < found.block {
			at++
		}
		place := at
		for left := uint64(products); left != 0; left &= left - 1 {
			number := found.block<<blockShift | int64(bits.TrailingZeros64(left))
			for place < len(s.numbers) && s.numbers[place] < number {
				place++
			}
			if place < len(s.numbers) && s.numbers[place] == number { // not of the pages beside this one
				id := s.ids[place]
				s.sums.Add(id, maphash.Comparable(s.sums.Seed, seenAt{id, found.at}))
			}
		}
		return nil
	})
}

func (s *digestScan) changes(ctx context.Context) error {
	first, last := s.numbers[0], s.numbers[len(s.numbers)-1]
	var c projections.Change
	var product, sequence int64
	columns := valuesOf(&product, &c, &sequence)
	place := 0
	return s.reader.query(ctx, selectChangePage, []any{first, last}, func(rows *sql.Rows) error {
		if err := rows.Scan(columns...); err != nil {
			return err
		}
		for s.numbers[place] < product {
			place++
		}
		if s.numbers[place] == product { // else it came since the page was read
			c.ProductID, c.Place.Sequence = s.ids[place], uint64(sequence)
			s.sums.Add(c.ProductID, maphash.Comparable(s.sums.Seed, c))
		}
		return nil
	})
}
