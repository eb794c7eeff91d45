package main

import (
	"context"
	"errors"
	"fmt"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

type rebuildCommand struct {
	AcceptDifferences bool `help:"Switch even if the rebuilt views differ from those that are served."`
	Rollback          bool `help:"Go back to the views that were served before the last switch."`
	Restart           bool `help:"Discard what an interrupted rebuild has done, and begin anew."`
	JSON              bool `name:"json" help:"Print each answer of the server as a JSON object."`
}

// Validate is called by kong.
func (r *rebuildCommand) Validate() error {
	if r.Rollback && (r.AcceptDifferences || r.Restart) {
		return errors.New("--rollback goes with neither --accept-differences nor --restart")
	}
	return nil
}

// Run rebuilds, and says what came of it.
func (r *rebuildCommand) Run(ctx context.Context, c *console, api *clients) error {
	stream, err := api.projection.Rebuild(ctx, connect.NewRequest(&atlantv1.RebuildRequest{
		AcceptDifferences: r.AcceptDifferences, Rollback: r.Rollback, Restart: r.Restart,
	}))
	if err != nil {
		return err
	}
	steps := newSteps(c)
	defer steps.done()
	var last *atlantv1.RebuildResponse
	var comparison *atlantv1.Comparison
	for stream.Receive() {
		last = stream.Msg()
		if r.JSON {
			if err := printJSON(c, last); err != nil {
				return err
			}
		}
		if last.GetComparison() != nil {
			comparison = last.GetComparison()
		}
		steps.show(stageNames[last.GetStage()], step{last.GetDone(), last.GetTotal(), last.GetRate(), last.GetEta().AsDuration()})
	}
	steps.done()
	if !r.JSON && comparison != nil {
		if err := printComparison(c, comparison); err != nil {
			return err
		}
	}
	if err := stream.Err(); err != nil {
		return r.explain(err, comparison)
	}
	if !r.JSON {
		_, err = fmt.Fprintf(c.out, "generation %d is live; `atlant rebuild --rollback` goes back\n", last.GetGeneration())
	}
	return err
}

// explain adds what to do.
func (r *rebuildCommand) explain(err error, comparison *atlantv1.Comparison) error {
	if connect.CodeOf(err) != connect.CodeFailedPrecondition || !connect.IsWireError(err) {
		return err
	}
	if comparison != nil && !equal(comparison) {
		return failed("nothing was switched. `atlant verify` tells which of the two is right; `atlant rebuild --accept-differences` "+
			"switches all the same, --restart discards what was rebuilt", "%s", serverText(err))
	}
	return failed("", "%s", serverText(err))
}

var stageNames = map[atlantv1.RebuildStage]string{
	atlantv1.RebuildStage_REBUILD_STAGE_FILLING:     "folding the log",
	atlantv1.RebuildStage_REBUILD_STAGE_INDEXING:    "building indexes",
	atlantv1.RebuildStage_REBUILD_STAGE_CATCHING_UP: "catching up",
	atlantv1.RebuildStage_REBUILD_STAGE_WAITING:     "waiting for the views that are served",
	atlantv1.RebuildStage_REBUILD_STAGE_COMPARING:   "comparing",
	atlantv1.RebuildStage_REBUILD_STAGE_SWITCHED:    "switched",
}
