package process

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
)

// elfHeader is what all ELF files of 64 bits begin with, after the identification.
type elfHeader struct {
	Type, Machine              uint16
	Version                    uint32
	Entry, Programs, Sections  uint64
	Flags                      uint32
	Size, ProgramSize          uint16
	ProgramCount, SectionSize  uint16
	SectionCount, SectionNames uint16
}

// maxPrograms bounds the table of a sane program; a larger one is left to the kernel to refuse.
const maxPrograms = 1 << 10

// machineOf says which processor this host's plugins are built for; EM_NONE where that is not known here.
func machineOf(arch string) elf.Machine {
	switch arch {
	case "amd64":
		return elf.EM_X86_64
	case "arm64":
		return elf.EM_AARCH64
	case "riscv64":
		return elf.EM_RISCV
	case "loong64":
		return elf.EM_LOONGARCH
	case "s390x":
		return elf.EM_S390
	case "ppc64", "ppc64le":
		return elf.EM_PPC64
	}
	return elf.EM_NONE
}

// checkProgram finds what the kernel would refuse with a bare error number, or run until it crashes: a program for another
// processor, and one that was copied only in part. Scripts and whatever else is no 64-bit ELF file are left to the kernel.
func checkProgram(f io.ReaderAt, path string, size int64) error {
	want := machineOf(runtime.GOARCH)
	ident := make([]byte, elf.EI_NIDENT)
	if _, err := f.ReadAt(ident, 0); err != nil || !bytes.HasPrefix(ident, []byte(elf.ELFMAG)) || runtime.GOOS != "linux" {
		return checkEmpty(path, size)
	}
	if want == elf.EM_NONE || elf.Class(ident[elf.EI_CLASS]) != elf.ELFCLASS64 {
		return nil
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if elf.Data(ident[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	raw := make([]byte, binary.Size(elfHeader{}))
	var h elfHeader
	if _, err := f.ReadAt(raw, elf.EI_NIDENT); err != nil {
		return truncated(path, size, elf.EI_NIDENT+int64(len(raw)))
	}
	if _, err := binary.Decode(raw, order, &h); err != nil {
		return err
	}
	if machine := elf.Machine(h.Machine); machine != want {
		return &RefusedError{
			Path: path, Expected: "a program for " + want.String() + " (" + runtime.GOOS + "/" + runtime.GOARCH + ")", Found: "one for " + machine.String(),
			Remedy: "build or download the plugin for this platform",
		}
	}
	return checkExtent(f, path, size, h, order)
}

// checkExtent compares the size of the file with what its program headers say will be read from it.
func checkExtent(f io.ReaderAt, path string, size int64, h elfHeader, order binary.ByteOrder) error {
	if h.ProgramCount > maxPrograms || h.ProgramSize < uint16(binary.Size(elf.Prog64{})) || h.Programs > maxImage {
		return nil
	}
	need := int64(h.Programs) + int64(h.ProgramCount)*int64(h.ProgramSize)
	for i := range int64(h.ProgramCount) {
		raw := make([]byte, binary.Size(elf.Prog64{}))
		var p elf.Prog64
		if _, err := f.ReadAt(raw, int64(h.Programs)+i*int64(h.ProgramSize)); err != nil {
			return truncated(path, size, need)
		}
		if _, err := binary.Decode(raw, order, &p); err != nil {
			return err
		}
		if p.Off <= maxImage && p.Filesz <= maxImage {
			need = max(need, int64(p.Off+p.Filesz))
		}
	}
	if size < need {
		return truncated(path, size, need)
	}
	return nil
}

func truncated(path string, size, need int64) error {
	return &RefusedError{
		Path: path, Expected: fmt.Sprintf("at least %d bytes, by the program's own header", need), Found: fmt.Sprintf("%d bytes", size),
		Remedy: "it was copied or downloaded only in part: copy it again",
	}
}

func checkEmpty(path string, size int64) error {
	if size > 0 {
		return nil
	}
	return &RefusedError{Path: path, Expected: "a program", Found: "an empty file", Remedy: "it was copied or downloaded only in part: copy it again"}
}
