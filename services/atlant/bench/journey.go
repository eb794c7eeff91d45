package bench

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/dustin/go-humanize/english"
)

// journey is what one Atlant goes through: a first load, the same list with other prices again and again, a rebuild, and
// readers.
type journey struct {
	run    *run
	atlant *Atlant
	client *client
	next   list // that has not been loaded

	loads     []time.Duration // until visible, one for each version
	peaks     map[Scenario]int64
	log, view int64 // bytes on the disk after the loads, 0 if that cannot be told
	rebuilt   rebuilt
	pages     []Figure
	reloading sync.Mutex // held by one load after the other while pages are read
}

// journey measures what needs products that are there, then the baselines, with no Atlant beside them.
func (r *run) journey(ctx context.Context) error {
	j := &journey{run: r, next: r.list(0), peaks: map[Scenario]int64{}}
	if err := j.travel(ctx); err != nil {
		return err
	}
	if r.asked(FirstLoad) {
		if err := j.reportFirstLoad(ctx); err != nil {
			return err
		}
	}
	if r.asked(Reload) {
		if err := j.reportReload(ctx); err != nil {
			return err
		}
	}
	if r.asked(Rebuild) {
		if err := j.reportRebuild(ctx); err != nil {
			return err
		}
	}
	r.figures = append(r.figures, j.pages...)
	return nil
}

// list returns a version of the list.
func (r *run) list(version int) list { return list{r.options.Products, version, r.options.Changed} }

func (j *journey) travel(ctx context.Context) (err error) {
	r := j.run
	if j.atlant, err = r.place.Start(ctx, r.lists.addr()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.atlant.Stop()) }()
	j.client = newClient(j.atlant.URL)
	defer j.client.close()
	if err := j.loadAll(ctx); err != nil {
		return err
	}
	if r.asked(Rebuild) {
		if err := j.rebuild(ctx); err != nil {
			return err
		}
	}
	if r.asked(List) {
		return j.read(ctx)
	}
	return nil
}

// loadAll loads the list as often as the scenarios need it.
func (j *journey) loadAll(ctx context.Context) error {
	r, loads := j.run, 1
	switch {
	case r.asked(Rebuild):
		loads = r.options.Repeats
	case r.asked(Reload):
		loads = 2
	}
	for i := range loads {
		if i < 2 {
			resetPeak()
		}
		took, err := j.load(ctx)
		if err != nil {
			return err
		}
		j.loads = append(j.loads, took)
		switch i {
		case 0:
			j.peaks[FirstLoad] = peakMemory()
		case 1:
			j.peaks[Reload] = peakMemory()
		}
	}
	return j.weigh()
}

// load loads the next version, and returns how long that took.
func (j *journey) load(ctx context.Context) (time.Duration, error) {
	r, l := j.run, j.next
	j.next.version++
	r.sayf("loading %s, version %d", english.Plural(l.products, "product", ""), l.version)
	return j.client.load(ctx, r.lists.offer(source, l), source, l.products)
}

// weigh looks how much of the disk is taken.
func (j *journey) weigh() (err error) {
	if j.atlant.LogDir != "" {
		if j.log, err = sizeOf(j.atlant.LogDir); err != nil {
			return err
		}
	}
	if j.atlant.ViewsDir != "" {
		j.view, err = sizeOf(j.atlant.ViewsDir)
	}
	return err
}

// addMemory adds what a scenario took of it, where that is known.
func (j *journey) addMemory(scenario Scenario, listBytes int64) {
	if peak := j.peaks[scenario]; peak > 0 {
		j.run.add(Figure{Scenario: scenario, Name: peakOfMemory, Value: megabytes(peak), Unit: unitMemory, AtMost: 1000}).
			than("size of the list", megabytes(listBytes), 0)
	}
}
