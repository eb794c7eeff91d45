package main

import (
	"context"
	"fmt"
	"io"
)

type readyCommand struct{}

// Run asks /readyz, for which no key is needed, so that containers can be probed with the program alone.
func (readyCommand) Run(ctx context.Context, c *console, api *clients) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := api.download(ctx, "/readyz", io.Discard); err != nil {
		return err
	}
	_, err := fmt.Fprintln(c.out, "ready")
	return err
}
