package callboard

import (
	"errors"
	"io"
)

// chunkBytes is how much of a file is sent in one message.
const chunkBytes = 256 << 10

// nextChunk reads the next chunk, in memory of its own: what is sent must not change
// afterwards. At the end it returns io.EOF.
func nextChunk(content io.Reader) ([]byte, error) {
	chunk := make([]byte, chunkBytes)
	count, err := io.ReadFull(content, chunk)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return chunk[:count], err
}
