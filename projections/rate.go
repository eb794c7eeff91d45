package projections

import (
	"encoding/json"
	"time"
)

// rateWindow is how many seconds a rateMeter looks back.
const rateWindow = 60

// rateMeter counts messages by the second. Its zero value is ready to use.
type rateMeter struct {
	counts [rateWindow]int64
	second [rateWindow]int64 // since the epoch: which second each count is of
}

func (r *rateMeter) add(now time.Time, n int) {
	at := now.Unix()
	slot := at % rateWindow
	if r.second[slot] != at {
		r.second[slot], r.counts[slot] = at, 0
	}
	r.counts[slot] += int64(n)
}

// perSecond returns the mean over the seconds since the first work in the window, that second included.
func (r *rateMeter) perSecond(now time.Time) float64 {
	at := now.Unix()
	var sum int64
	first := at
	for slot, second := range r.second {
		if at-second >= rateWindow || r.counts[slot] == 0 {
			continue
		}
		sum += r.counts[slot]
		first = min(first, second)
	}
	return float64(sum) / float64(at-first+1)
}

// Report is what a projector says of itself to other processes.
type Report struct {
	Rate    float64 `json:"rate"`              // messages per second over the last minute
	Failure string  `json:"failure,omitempty"` // why it stands still
}

// Report returns how the projector gets on, encoded.
func (p *Projector) Report() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	report := Report{Rate: p.rate.perSecond(time.Now())}
	if p.failure != nil {
		report.Failure = p.failure.Error()
	}
	data, err := json.Marshal(report)
	if err != nil {
		return nil // a rate is finite and a text is a text: it cannot fail
	}
	return data
}

// ParseReport reads what Report wrote; of anything else it makes an empty one.
func ParseReport(data []byte) Report {
	var report Report
	if json.Unmarshal(data, &report) != nil {
		return Report{}
	}
	return report
}
