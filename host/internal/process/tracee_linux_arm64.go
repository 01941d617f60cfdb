package process

import "golang.org/x/sys/unix"

// trapCode is svc #0, brk #0.
func trapCode() []byte { return []byte{0x01, 0x00, 0x00, 0xd4, 0x00, 0x00, 0x20, 0xd4} }

// generalRegisters is NT_PRSTATUS, the register set of a system call.
const generalRegisters = 1

// callNumber is the register that holds the number of a system call.
const callNumber = 8

type registers struct{ unix.PtraceRegsArm64 }

func readRegisters(pid int) (registers, error) {
	var r registers
	err := unix.PtraceGetRegSetArm64(pid, generalRegisters, &r.PtraceRegsArm64)
	return r, err
}

func (r *registers) write(pid int) error {
	return unix.PtraceSetRegSetArm64(pid, generalRegisters, &r.PtraceRegsArm64)
}

func (r *registers) counter() uintptr { return uintptr(r.Pc) }

func (r *registers) stack() uintptr { return uintptr(r.Sp) }

func (r *registers) result() int { return int(r.Regs[0]) }

func (r *registers) forCall(number uintptr, args []uintptr) *registers {
	next := *r
	next.Regs[callNumber] = uint64(number)
	for i := range 6 {
		next.Regs[i] = 0
		if i < len(args) {
			next.Regs[i] = uint64(args[i])
		}
	}
	return &next
}
