// Package storetest is what every store of views must pass. It knows nothing of what is behind the interface.
package storetest

import (
	"testing"

	"github.com/atlant-log/atlant/projections"
)

// Open returns empty views of their own, with indexes for lists, and registers with the test what closes and removes them.
type Open = func(testing.TB) projections.Views

type conformanceTest struct {
	name string
	run  func(*testing.T, projections.Views)
}

// Run checks that what open returns keeps every sentence of the interface's documentation.
func Run(t *testing.T, open Open) {
	t.Helper()
	runAll(t, open, []conformanceTest{
		{"UnknownIsAbsent", testUnknown},
		{"EveryFieldSurvives", testRoundTrip},
		{"ManyProductsInOneDelta", testLargeDelta},
		{"ManyPositionsInOneDelta", testManyPositions},
		{"SeenNeverMovesBack", testSeenMonotone},
		{"NewProductThatExistsConflicts", testConflictNew},
		{"ChangedProductThatMovedOnConflicts", testConflictChanged},
		{"ChangedProductThatMovedOnAtTheSameTimeConflicts", testConflictSameTime},
		{"ChangedProductThatMovedOnInTheSameFetchConflicts", testConflictSameFetch},
		{"ChangedProductThatIsUnknownConflicts", testConflictUnknown},
		{"FoldingAgainChangesNothing", testFoldAgain},
		{"AnyDeliveryGivesTheSameViews", testAnyDelivery},

		{"CheckpointMovesForwardOnly", testCheckpoint},
		{"CheckpointsOfStreamsAreApart", testCheckpointStreams},
		{"EmptyDeltaMovesCheckpoint", testCheckpointEmpty},

		{"ListSorts", testListSorts},
		{"ListFilters", testListFilters},
		{"ListResumesBehindAnyCursor", testListCursor},
		{"ListAnyQuery", testListAnyQuery},
		{"SearchAnyQuery", testSearchAnyQuery},
		{"SearchManyMatches", testSearchManyMatches},
		{"SearchFollowsRepairs", testSearchRepairs},
		{"ListMergesManySources", testListManySources},
		{"ListIsStableUnderWrites", testListStable},
		{"ListSaysHowFarItIs", testExtents},
		{"WalkMeetsEachOnce", testWalk},
		{"ListAsOfIsTheFoldUntilThen", testAsOf},
		{"CountMatchesList", testCount},
		{"EstimateIsExactUpToABound", testEstimate},
		{"EstimateIsNear", testSample},
		{"ListChangesPages", testListChanges},
		{"FeedIsInTheOrderOfTheLog", testFeed},
		{"FeedOfAMessageIsWhole", testFeedMessages},

		{"FetchSurvives", testFetchRoundTrip},
		{"OlderFetchDoesNotOverwrite", testFetchSequence},
		{"RejectsAreKeptOnce", testRejects},
		{"ListFetchesPages", testListFetches},

		{"ScansAreByID", testScans},
		{"ReplacedProductIsWhole", testReplace},
		{"ReplacingWithNothingRemoves", testReplaceRemoves},
		{"ReplacingTheUnseenConflicts", testReplaceConflicts},

		{"CancelledContextFails", testCancelled},
	})
}

// RunConcurrency checks that many projectors on one store do no harm.
func RunConcurrency(t *testing.T, open Open) {
	t.Helper()
	runAll(t, open, []conformanceTest{
		{"ProjectorsOfOneStream", testConcurrentProjectors},
		{"PausedProjector", testPausedProjector},
		{"ReadersMeanwhile", testConcurrentReaders},
		{"FetchProjectors", testConcurrentFetches},
	})
}

func runAll(t *testing.T, open Open, tests []conformanceTest) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, open(t))
		})
	}
}
