package fetch

import (
	"fmt"
	"slices"

	"github.com/dustin/go-humanize"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// What makes a list implausible beside the last good one of its source.
const (
	// implausibleRatio: prices that are so many times what they were, or that part of it. Ten, a hundred and a thousand are what
	// a decimal mark that is misread makes of a price; hardly anything else makes a price seven times what it was, and of most
	// products at once.
	implausibleRatio = 7
	// fewProducts have no median worth the name.
	fewProducts = 3
	// A list may lose six rows in ten: shops do publish parts of a list. Of a list with few rows that says nothing.
	keptOf, keptAtLeast, fewRows = 10, 4, 10
)

// compare tells how a list differs implausibly from the last good one, which the fetch with an id published; nil if it does not.
// It is pure. Lists from different URLs are compared only if they are of the same products.
func compare(now, before *atlantv1.FetchParsed, beforeID string, sameURL bool) *atlantv1.ListComparison {
	ratios, shared := priceRatios(now.GetSample(), before.GetSample())
	if !sameURL && !shared {
		return nil
	}
	c := &atlantv1.ListComparison{
		FetchId: beforeID, AcceptedBefore: before.GetCounts().GetAccepted(), RejectedBefore: before.GetCounts().GetRejected(),
		ProductsCompared: int32(len(ratios)),
	}
	if len(ratios) > 0 {
		c.PriceRatio = median(ratios)
	}
	c.Findings = slices.Concat(pricesFinding(c), rowsFinding(now, c), rejectsFinding(now, before))
	if len(c.GetFindings()) == 0 {
		return nil
	}
	return c
}

func pricesFinding(c *atlantv1.ListComparison) []*atlantv1.HoldFinding {
	ratio := c.GetPriceRatio()
	if c.GetProductsCompared() < fewProducts || ratio > 1./implausibleRatio && ratio < implausibleRatio {
		return nil
	}
	return finding(atlantv1.HoldReason_HOLD_REASON_PRICES,
		"prices are %s times what they were, by the median of %d products", humanize.Ftoa(rounded(ratio)), c.GetProductsCompared())
}

func rowsFinding(now *atlantv1.FetchParsed, c *atlantv1.ListComparison) []*atlantv1.HoldFinding {
	accepted, before := now.GetCounts().GetAccepted(), c.GetAcceptedBefore()
	if before < fewRows || accepted*keptOf >= before*keptAtLeast {
		return nil
	}
	return finding(atlantv1.HoldReason_HOLD_REASON_ROWS, "%s rows are accepted, where %s were",
		humanize.Comma(accepted), humanize.Comma(before))
}

func rejectsFinding(now, before *atlantv1.FetchParsed) []*atlantv1.HoldFinding {
	if now.GetCounts().GetRowsRead() < fewRows || !mostRejected(now) || mostRejected(before) {
		return nil
	}
	return finding(atlantv1.HoldReason_HOLD_REASON_REJECTS, "%s of %s rows cannot be read, where %s of %s could not",
		humanize.Comma(now.GetCounts().GetRejected()), humanize.Comma(now.GetCounts().GetRowsRead()),
		humanize.Comma(before.GetCounts().GetRejected()), humanize.Comma(before.GetCounts().GetRowsRead()))
}

func mostRejected(list *atlantv1.FetchParsed) bool {
	return 2*list.GetCounts().GetRejected() > list.GetCounts().GetRowsRead()
}

func finding(reason atlantv1.HoldReason, format string, values ...any) []*atlantv1.HoldFinding {
	return []*atlantv1.HoldFinding{{Reason: reason, Message: fmt.Sprintf(format, values...)}}
}
