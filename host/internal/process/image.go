package process

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// maxImage bounds the size of a binary, because a verified copy of it is kept in memory.
const maxImage = 1 << 30

// DigestError reports that a binary is not the one that was pinned. It never runs.
type DigestError struct {
	Path string // the file
	Want string // the pinned SHA-256, lower-case hex
	Got  string // the SHA-256 of the file
}

// Error names the file, both digests and the remedy.
func (e *DigestError) Error() string {
	return fmt.Sprintf("process: %s: refusing to run it: expected SHA-256 %s, found %s; restore the pinned binary, or pin this one if the change is intended",
		e.Path, e.Want, e.Got)
}

// Images keeps the verified bytes of binaries in sealed memory, so that a restart neither reads nor hashes the file again.
// It costs about the size of the binary per path, however many processes run it. A file that changed replaces its old image.
// It is safe for concurrent use: a file is verified once for all starts that wait for it, and holds up those of other files by nothing.
type Images struct {
	mu      sync.Mutex // guards everything below, and the use counts of the images
	files   map[string]*image
	loading map[string]chan struct{} // closed when the file of that path was read
	closed  bool
}

// image is the verified content of one file. Its fields but uses and dropped are immutable.
type image struct {
	digest string
	stamp  fileStamp
	sealed *os.File // nil where sealed memory cannot be had or the file is a script
	reason error    // why sealed is nil
	unfit  error    // why the program cannot run here, whatever its digest

	uses    int
	dropped bool
}

// NewImages returns an empty cache.
func NewImages() *Images {
	return &Images{files: map[string]*image{}, loading: map[string]chan struct{}{}}
}

// Close frees the memory. Images that a start is using are freed when it is done. Later starts through the cache fail.
func (c *Images) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for path := range c.files {
		c.drop(path)
	}
	return nil
}

// Forget frees the image of one path, for instance of a version that has been retired. Unknown paths are ignored.
func (c *Images) Forget(path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(path)
}

// acquire verifies the file and returns its image, which stays usable until release. An empty want accepts any content.
func (c *Images) acquire(path, want string) (*image, error) {
	f, stamp, err := openBinary(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	c.mu.Lock()
	defer c.mu.Unlock()
	img, err := c.find(path, f, stamp)
	if err != nil {
		return nil, err
	}
	if want != "" && img.digest != want {
		got := img.digest
		c.drop(path) // refused bytes are not worth the memory
		return nil, &DigestError{Path: path, Want: want, Got: got}
	}
	if img.unfit != nil {
		c.drop(path)
		return nil, img.unfit
	}
	img.uses++
	return img, nil
}

// find returns the image of an open file, made by this call, by an earlier one, or by one that is reading it now. It is called with the
// mutex held and gives it away while it reads or waits.
func (c *Images) find(path string, f *os.File, stamp fileStamp) (*image, error) {
	for {
		if c.closed {
			return nil, errors.New("process: the image cache is closed")
		}
		if img, ok := c.files[path]; ok && img.stamp == stamp {
			return img, nil
		}
		other, ok := c.loading[path]
		if !ok {
			break
		}
		c.mu.Unlock()
		<-other
		c.mu.Lock()
	}
	done := make(chan struct{})
	c.loading[path] = done
	c.mu.Unlock()
	img, err := load(f, stamp)
	c.mu.Lock()
	delete(c.loading, path)
	close(done)
	if err != nil {
		return nil, fmt.Errorf("process: %s: %w", path, err)
	}
	c.drop(path)
	c.files[path] = img
	if c.closed {
		c.drop(path)
		return nil, errors.New("process: the image cache is closed")
	}
	return img, nil
}

func (c *Images) release(img *image) {
	c.mu.Lock()
	defer c.mu.Unlock()
	img.uses--
	img.freeIfUnused()
}

// drop is called with the mutex held.
func (c *Images) drop(path string) {
	if img, ok := c.files[path]; ok {
		delete(c.files, path)
		img.dropped = true
		img.freeIfUnused()
	}
}

func (i *image) freeIfUnused() {
	if i.dropped && i.uses == 0 && i.sealed != nil {
		_ = i.sealed.Close()
		i.sealed = nil
	}
}

// openBinary opens the file that will be verified. All later questions go to the descriptor, so that swapping the path has
// no effect.
func openBinary(path string) (*os.File, fileStamp, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fileStamp{}, missing(path, err)
	}
	if err != nil {
		return nil, fileStamp{}, fmt.Errorf("process: plugin binary: %w", err)
	}
	if info.Mode()&os.ModeSymlink != 0 {
		return nil, fileStamp{}, symbolicLink(path)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|openNoFollow, 0)
	if err != nil {
		return nil, fileStamp{}, fmt.Errorf("process: plugin binary: %w", err)
	}
	if info, err = f.Stat(); err == nil {
		err = checkKind(path, info)
	}
	if err != nil {
		_ = f.Close()
		return nil, fileStamp{}, err
	}
	return f, stampOf(info), nil
}

func checkKind(path string, info os.FileInfo) error {
	refused := &RefusedError{Path: path, Expected: "an executable file"}
	switch {
	case info.IsDir():
		refused.Found, refused.Remedy = "it is a directory", "give the path of the binary"
	case !info.Mode().IsRegular():
		refused.Found, refused.Remedy = "it is not a regular file", "give the path of the binary"
	case !executable(info):
		refused.Found, refused.Remedy = fmt.Sprintf("a file with mode %#o", info.Mode().Perm()), "run chmod +x on it"
	case info.Size() > maxImage:
		refused.Expected, refused.Found = fmt.Sprintf("at most %d bytes", maxImage), fmt.Sprintf("%d bytes", info.Size())
		refused.Remedy = "build it without debug information (-ldflags=-s)"
	default:
		return nil
	}
	return refused
}

// load hashes the file while copying it into sealed memory: what is hashed is what will run.
func load(f *os.File, stamp fileStamp) (*image, error) {
	head := make([]byte, 2)
	n, _ := f.ReadAt(head, 0)
	hash := sha256.New()
	img := &image{stamp: stamp}
	// A script's interpreter would have to open the close-on-exec descriptor, and cannot.
	if script := bytes.Equal(head[:n], []byte("#!")); script {
		img.reason = errors.New("the file is a script")
	} else {
		img.sealed, img.reason = newSealed(filepath.Base(f.Name()))
	}
	dst := io.Writer(hash)
	if img.sealed != nil {
		dst = io.MultiWriter(img.sealed, hash)
	}
	_, err := io.Copy(dst, io.LimitReader(f, maxImage+1))
	if err == nil && img.sealed != nil {
		err = seal(img.sealed)
	}
	if err != nil {
		if img.sealed != nil {
			_ = img.sealed.Close()
		}
		return nil, fmt.Errorf("reading the binary: %w", err)
	}
	img.digest = hex.EncodeToString(hash.Sum(nil))
	if img.sealed != nil {
		info, err := img.sealed.Stat()
		if err != nil {
			return nil, errors.Join(err, img.sealed.Close())
		}
		img.unfit = checkProgram(img.sealed, f.Name(), info.Size())
	}
	return img, nil
}

// copyVerified writes a private copy for systems and files that cannot run from sealed memory. The bytes are hashed as they
// are written, and the copy is only executable once its digest is the verified one.
func copyVerified(path, digest, target string, mode os.FileMode) error {
	src, _, err := openBinary(path)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	dst, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("process: copying %s: %w", path, err)
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(dst, hash), io.LimitReader(src, maxImage+1))
	if got := hex.EncodeToString(hash.Sum(nil)); err == nil && got != digest {
		err = &DigestError{Path: path, Want: digest, Got: got}
	}
	if err == nil {
		err = dst.Chmod(mode)
	}
	if err = errors.Join(err, dst.Close()); err != nil {
		return errors.Join(fmt.Errorf("process: copying %s: %w", path, err), os.Remove(target))
	}
	return nil
}
