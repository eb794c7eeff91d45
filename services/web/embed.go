package web

import (
	"embed"
	"io/fs"
)

// built is what `npm run build` in ui makes. It is committed, so that building Atlant takes no npm; CI checks that it is fresh.
//
//go:embed all:dist
var built embed.FS

// pages returns the built files, by paths like index.html and assets/index-4f9d.js.
func pages() (fs.FS, error) { return fs.Sub(built, "dist") }
