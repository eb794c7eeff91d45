package rpc

import (
	"io"

	"connectrpc.com/connect"
	"github.com/klauspost/compress/gzip"
)

// compressMinBytes is how large a message must be to be compressed: smaller ones fit into a packet as they are.
const compressMinBytes = 1 << 10

// compression answers in gzip whoever accepts it, and takes requests in it. There is no second encoding: Connect takes the
// first one that a client names, and all that browsers and generated clients name begins with gzip.
func compression() connect.HandlerOption {
	return connect.WithHandlerOptions(
		connect.WithCompressMinBytes(compressMinBytes),
		connect.WithCompression("gzip",
			func() connect.Decompressor { return new(gzip.Reader) },
			func() connect.Compressor {
				w, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
				if err != nil {
					panic(err) // there is that level
				}
				return w
			}),
	)
}
