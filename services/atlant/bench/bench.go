// Package bench measures Atlant through its API, and beside it, in the same run, what its parts can do at best when nothing
// is around them. What counts are the ratios of the two: they mean the same on another machine.
package bench

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/projections"
)

// Scenario is one way of using Atlant that is measured.
type Scenario string

// The scenarios.
const (
	FirstLoad Scenario = "first-load" // a list of new products
	Reload    Scenario = "reload"     // the same list with some other prices
	Rebuild   Scenario = "rebuild"    // the log replayed into new views
	List      Scenario = "list"       // pages of products, also while a list is loaded
	EndToEnd  Scenario = "end-to-end" // from the request to what can be read, for lists of any size
)

// Scenarios are all of them, in the order in which they run.
func Scenarios() []Scenario { return []Scenario{FirstLoad, Reload, Rebuild, List, EndToEnd} }

// Options say what to measure.
type Options struct {
	Scenarios   []Scenario   `json:"scenarios"`
	Products    int          `json:"products"`       // of a list
	Changed     int          `json:"changedPercent"` // of the prices, from one list to the next
	Repeats     int          `json:"repeats"`        // how often a rebuild sees each product, at least 2
	Rounds      int          `json:"rounds"`         // of which the medians are taken
	Shards      int          `json:"shards"`
	PageSize    int          `json:"pageSize"`    // products of a page
	Concurrency []int        `json:"concurrency"` // how many read pages at once
	NoBaselines bool         `json:"noBaselines"` // leave out what takes long: all baselines but those of pages
	Scratch     string       `json:"-"`           // a folder on the disk that is measured, for lists
	Say         func(string) `json:"-"`           // what is under way, for whoever waits
}

// Place is where Atlant and the baselines run. What each function opens is empty, is there alone, and leaves nothing
// behind when it is closed.
type Place struct {
	// Start starts an Atlant that may fetch from an address.
	Start func(ctx context.Context, except netip.AddrPort) (*Atlant, error)
	// OpenLog opens what a log is kept by.
	OpenLog func(ctx context.Context) (*Log, error)
	// OpenStore opens a database as the views use it.
	OpenStore func(ctx context.Context) (Store, error)
	// OpenImport opens a collection to import into, with the indexes of the views or none; nil where there is no import tool.
	OpenImport func(ctx context.Context, indexes bool) (Import, error)
}

// Atlant is one that runs.
type Atlant struct {
	URL              string
	LogDir, ViewsDir string            // empty for what is elsewhere
	Store            projections.Store // of its views, to read without the API
	Stop             func() error
}

// Log is NATS, without Atlant.
type Log struct {
	Conn   *jetstream.Conn
	Config jetstream.Config // to open a log with
	Close  func() error
}

// Store writes what the views hold, and does nothing else: see Baseline of projections/mongo and projections/sqlite.
type Store interface {
	InsertProducts(ctx context.Context, products []projections.Product) error
	UpdatePrices(ctx context.Context, products []projections.ChangedProduct) error
	MoveSightings(ctx context.Context, products []projections.Product) error
	Close() error
}

// Import does what the import tool of the database does with the lines of a list.
type Import interface {
	Upsert(ctx context.Context, names, prices []string) error
	Close() error
}

// Report is what Run returns.
type Report struct {
	Began   time.Time `json:"began"`
	Machine Machine   `json:"machine"`
	Options Options   `json:"options"`
	Figures []Figure  `json:"figures"`
}

// Machine is what it ran on.
type Machine struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
	CPUs int    `json:"cpus"`
}

// run is one round of all scenarios.
type run struct {
	options Options
	place   Place
	lists   *listServer
	bare    map[int]stages            // by the size of the list
	imports map[bool][2]time.Duration // with and without indexes
	figures []Figure
}

// Run measures the scenarios, one after the other. It blocks until that is done or the context ends, and leaves nothing
// behind.
func Run(ctx context.Context, place Place, options Options) (*Report, error) {
	lists, err := serveLists(ctx)
	if err != nil {
		return nil, err
	}
	defer lists.close()
	report := &Report{
		Began: time.Now().UTC(), Options: options, Machine: Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU()},
	}
	rounds := make([][]Figure, options.Rounds)
	for i := range rounds {
		r := &run{options: options, place: place, lists: lists, bare: map[int]stages{}, imports: map[bool][2]time.Duration{}}
		if options.Rounds > 1 {
			r.sayf("round %d of %d", i+1, options.Rounds)
		}
		if err := r.measure(ctx); err != nil {
			return nil, err
		}
		for f := range r.figures {
			r.figures[f].judge()
		}
		rounds[i] = r.figures
	}
	report.Figures = medians(rounds)
	return report, nil
}

// measure runs the scenarios that were asked for.
func (r *run) measure(ctx context.Context) error {
	if r.asked(FirstLoad, Reload, Rebuild, List) {
		if err := r.journey(ctx); err != nil {
			return err
		}
	}
	if r.asked(EndToEnd) {
		return r.endToEnd(ctx)
	}
	return nil
}

// asked tells whether one of the scenarios is to be measured.
func (r *run) asked(wanted ...Scenario) bool {
	return slices.ContainsFunc(wanted, func(s Scenario) bool { return slices.Contains(r.options.Scenarios, s) })
}

func (r *run) sayf(format string, args ...any) { r.options.Say(fmt.Sprintf(format, args...)) }

// add adds a figure, and returns it to be compared.
func (r *run) add(f Figure) *Figure {
	r.figures = append(r.figures, f)
	return &r.figures[len(r.figures)-1]
}

// settle gives back the memory of what was measured before. What is pooled is given up at the second collection.
func settle() {
	runtime.GC()
	debug.FreeOSMemory()
}
