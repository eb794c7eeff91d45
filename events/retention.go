package events

// Retention decides which observations of a shard may be left out of the log.
type Retention interface {
	// Take takes in the next observations, in the order of the log, each with its place. It must not keep them.
	Take(observations []Observation)
	// Stays tells whether an observation must stay, counted from 0 over all that were taken in so far. What is taken in later may
	// change it from true to false, never back.
	Stays(n int64) bool
	// Retained says what there is by now.
	Retained() Retained
	// End says what all that was taken in makes of views; what stays makes the same by itself. Nothing can be taken in afterwards.
	End() RetentionOutcome
}

// Retained counts observations.
type Retained struct {
	All  int64 // that were taken in
	Stay int64
	Late int64 // of those that do not stay: what came too late to count, or again
}

// RetentionOutcome is what views are told. Two can be compared within one process.
type RetentionOutcome struct {
	Products, Changes int64
	Digest            uint64 // of the products and of their changes, whatever their order
}
