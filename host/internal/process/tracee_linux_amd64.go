package process

import "golang.org/x/sys/unix"

// trapCode is syscall, int3.
func trapCode() []byte { return []byte{0x0f, 0x05, 0xcc} }

type registers struct{ unix.PtraceRegs }

func readRegisters(pid int) (registers, error) {
	var r registers
	err := unix.PtraceGetRegs(pid, &r.PtraceRegs)
	return r, err
}

func (r *registers) write(pid int) error { return unix.PtraceSetRegs(pid, &r.PtraceRegs) }

func (r *registers) counter() uintptr { return uintptr(r.Rip) }

func (r *registers) stack() uintptr { return uintptr(r.Rsp) }

func (r *registers) result() int { return int(r.Rax) }

// forCall keeps Orig_rax away from what the kernel would restart.
func (r *registers) forCall(number uintptr, args []uintptr) *registers {
	next := *r
	next.Orig_rax = ^uint64(0)
	next.Rax = uint64(number)
	places := []*uint64{&next.Rdi, &next.Rsi, &next.Rdx, &next.R10, &next.R8, &next.R9}
	for i, place := range places {
		*place = 0
		if i < len(args) {
			*place = uint64(args[i])
		}
	}
	return &next
}
