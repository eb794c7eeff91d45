package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/atlant-log/atlant/services/atlant/bench"
)

// cleanupTimeout is how long a run that was interrupted may take to remove what it made.
const cleanupTimeout = time.Minute

// runCurve measures at every size and with every number of shards, and draws what came of it. It goes on with what an earlier
// call has measured: the whole takes hours.
func (b *benchCommand) runCurve(ctx context.Context, c *console) error {
	reports, err := bench.ReadCurve(b.Curve)
	if err != nil {
		return err
	}
	for _, products := range bench.CurveSizes(b.Products) {
		for _, shards := range bench.CurveShards() {
			heading := english.Plural(products, "product", "") + ", " + english.Plural(shards, "shard", "")
			if bench.HasPoint(reports, products, shards) {
				c.notef("%s: measured before", heading)
				continue
			}
			c.notef("%s", heading)
			report, err := b.runPoint(ctx, c, products, shards)
			if err != nil {
				return err
			}
			reports = append(reports, report)
			if err := bench.WriteCurve(b.Curve, reports); err != nil {
				return err
			}
			if b.JSON {
				continue
			}
			fmt.Fprintln(c.out, heading)
			if err := printBench(c, report); err != nil {
				return err
			}
		}
	}
	return b.write(c, reports)
}

// runPoint measures in a process of its own: the memory that one takes says nothing once it has measured something else.
func (b *benchCommand) runPoint(ctx context.Context, c *console, products, shards int) (*bench.Report, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "bench", "--json") //nolint:gosec // it is this program
	cmd.Stdout, cmd.Stderr = &out, c.err
	alone(cmd) // or a Ctrl-C would reach it twice, which ends it at once
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = cleanupTimeout
	cmd.Env = append(os.Environ(), // and not in arguments, which everybody can read: a URI may hold a password
		"ATLANT_NATS="+b.NATS, "ATLANT_NATS_CREDS="+b.NATSCreds, "ATLANT_NATS_CA="+b.NATSCA, "ATLANT_NATS_CERT="+b.NATSCert,
		"ATLANT_NATS_KEY="+b.NATSKey, "ATLANT_VIEWS="+b.Views, fmt.Sprint("ATLANT_REPLICAS=", b.Replicas),
		"ATLANT_SCENARIO="+string(bench.FirstLoad+","+bench.Reload+","+bench.Rebuild), fmt.Sprint("ATLANT_PRODUCTS=", products),
		fmt.Sprint("ATLANT_SHARDS=", shards), fmt.Sprint("ATLANT_CHANGED=", b.Changed), fmt.Sprint("ATLANT_REPEATS=", b.Repeats),
		fmt.Sprint("ATLANT_ROUNDS=", b.Rounds), "ATLANT_DATA="+b.Data, "ATLANT_CURVE=", "ATLANT_OUT=",
		"ATLANT_NO_BASELINES=true", // nothing is drawn of them
	)
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("measure %d products on %d shards: %w", products, shards, err)
	}
	report := &bench.Report{}
	if err := json.Unmarshal(out.Bytes(), report); err != nil {
		return nil, fmt.Errorf("read what was measured: %w", err)
	}
	return report, nil
}
