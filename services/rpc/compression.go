package rpc

import (
	"io"

	"connectrpc.com/connect"
	"github.com/klauspost/compress/gzip"
)

// compressMinBytes is how large a message must be to be compressed. A new TCP connection sends ten segments before it waits for
// an answer (RFC 6928), so what fits into these arrives no sooner when it is packed: a page of 50 products in binary does, and
// packing and unpacking it would be a sixth of the time that it takes.
const compressMinBytes = 14 << 10

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
