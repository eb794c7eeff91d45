package projections

import "time"

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
