package host_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

func (c *cell) prepare(ctx context.Context) error {
	err := c.h.PutAccount(ctx, host.Account{ID: c.account, Provider: c.op.plugin, Config: c.sim.accountConfig(c.gate.url())})
	if err == nil && c.op.prepare != nil {
		err = c.op.prepare(ctx, c)
	}
	if err != nil {
		return err
	}
	c.before = c.sim.effects(c.op.kind)
	c.gate.arm(c.cut, c.op.match)
	return nil
}

// call makes the call that breaks and compares the journal with what is right.
func (c *cell) call(ctx context.Context) error {
	defer c.gate.light()
	want, _ := expect(c.op, c.cut)
	failure := c.op.run(ctx, c)
	if want == verdictDone {
		return failure
	}
	if failure == nil {
		return errors.New("the call succeeded")
	}
	e := pay.AsError(failure)
	if c.operation = e.OperationID; c.operation == "" {
		return fmt.Errorf("no operation was journalled: %w", failure)
	}
	op, err := c.h.Operation(ctx, c.operation)
	if err == nil && op.State == "running" && len(op.Tries) > 1 {
		op.State = "unknown" // it was; the resolver is sending it again already
	}
	if err != nil {
		return err
	}
	row, err := c.h.Store.Operation(ctx, c.operation)
	if err != nil {
		return err
	}
	if row.Resolution != c.op.class {
		return fmt.Errorf("the class is %s, not %s", row.Resolution, c.op.class)
	}
	try := op.Tries[0]
	got := fmt.Sprintf("state %s, executed %s, told as %s; try: executed %s, kind %s, transport %s",
		op.State, op.Executed, e.Kind, try.Executed, try.ErrorKind, try.Transport)
	state, executed, told, kind, transport := "unknown", pay.ExecutedUnknown, pay.KindOutcomeUnknown, pay.KindOutcomeUnknown, "answered"
	switch want {
	case verdictNotSent:
		state, executed, told, kind = "queued", pay.ExecutedNo, pay.KindProviderUnavailable, pay.KindProviderUnavailable
	case verdictHuman:
		state = "needs_review"
	}
	if c.cut.process {
		transport = "ambiguous"
		if !c.cut.freezes() {
			kind = pay.KindPluginFault
		}
	}
	right := fmt.Sprintf("state %s, executed %s, told as %s; try: executed %s, kind %s, transport %s",
		state, executed, told, executed, kind, transport)
	if got != right {
		return fmt.Errorf("journalled as\n\t%s\nand right is\n\t%s\nerror of the try: %s", got, right, try.Error)
	}
	return nil
}

// notYet checks that what the provider does not show is not taken for absent before the visibility delay has passed: 30 s is the
// shortest of the three.
func (c *cell) notYet(ctx context.Context) error {
	if _, end := expect(c.op, c.cut); c.cut.acted || c.op.class != pay.ResolveLookup || end == endSameKey {
		return nil
	}
	op, err := c.h.Operation(ctx, c.operation)
	if err == nil && op.State != "unknown" && c.clock.now().Sub(op.CreatedAt) < 30*time.Second {
		err = fmt.Errorf("the operation is already %s", op.State)
	}
	return err
}

// end waits until the operation is where it must end and compares with the provider.
func (c *cell) end(ctx context.Context) error {
	_, want := expect(c.op, c.cut)
	sent, effects, object := 1, 0, c.op.undone
	if c.cut.acted {
		effects = 1
	}
	var err error
	switch want {
	case endSameKey:
		if err = c.gate.repair(); err == nil {
			err = c.op.run(ctx, c)
		}
		effects, object = 1, c.op.done
	case endDone, endFound:
		object = c.op.done
		if c.operation != "" {
			err = c.settled(ctx, "done", pay.ExecutedYes)
		}
	case endResent:
		sent, effects, object = 2, 1, c.op.done
		err = c.settled(ctx, "done", pay.ExecutedYes)
	case endNotExecuted:
		err = c.settled(ctx, "done", pay.ExecutedNo)
	case endHuman:
		object = c.op.open
		if err = c.settled(ctx, "needs_review", pay.ExecutedUnknown); err == nil {
			err = c.bundle(ctx)
		}
	case endOpen:
		object = c.op.open
		err = c.abandoned(ctx)
	}
	if err != nil {
		return fmt.Errorf("%w (at the provider: %d requests, %d effects)", err, c.gate.requests(), c.sim.effects(c.op.kind)-c.before)
	}
	status, err := c.op.object(ctx, c)
	if err != nil {
		return err
	}
	if c.gate.strayed() {
		return errors.New("a redirect was followed")
	}
	got := fmt.Sprintf("object %s, %d requests, %d effects", status, c.gate.requests(), c.sim.effects(c.op.kind)-c.before)
	if right := fmt.Sprintf("object %s, %d requests, %d effects", object, sent, effects); got != right {
		return fmt.Errorf("ended with %s, and right is %s", got, right)
	}
	return nil
}

// within repeats check until it has nothing to say against.
func within(ctx context.Context, limit time.Duration, check func() error) error {
	deadline := time.Now().Add(limit)
	for {
		err := check()
		if err == nil || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

const endWithin = 25 * time.Second

// settled waits for a state of the operation.
func (c *cell) settled(ctx context.Context, state string, executed pay.Executed) error {
	return within(ctx, endWithin, func() error {
		op, err := c.h.Operation(ctx, c.operation)
		if err == nil && (op.State != state || op.Executed != executed) {
			err = fmt.Errorf("the operation is %s (executed %s, %d tries), and right is %s (executed %s)",
				op.State, op.Executed, len(op.Tries), state, executed)
		}
		return err
	})
}

// abandoned waits until the resolver has put the next look off to the end of the invoice's validity.
func (c *cell) abandoned(ctx context.Context) error {
	inv, err := c.h.Invoice(ctx, c.invoice)
	if err != nil {
		return err
	}
	if inv.ExpiresAt == nil {
		return errors.New("the invoice has no expiry")
	}
	return within(ctx, endWithin, func() error {
		row, err := c.h.Store.Operation(ctx, c.operation)
		if err == nil && (row.State != "unknown" || !row.NextLookAt.Equal(inv.ExpiresAt.Add(5*time.Minute))) {
			err = fmt.Errorf("the operation is %s and looked at next at %s; it expires at %s", row.State, row.NextLookAt, inv.ExpiresAt)
		}
		return err
	})
}

// bundle checks that a person finds what is needed to decide.
func (c *cell) bundle(ctx context.Context) error {
	b, err := c.h.OperationBundle(ctx, c.operation, true)
	if err != nil {
		return err
	}
	switch {
	case !b.Operation.NeedsReview || b.Operation.ReviewReason == "":
		return errors.New("the bundle does not say why a person is needed")
	case len(b.Operation.Tries) == 0 || b.Operation.ProviderKey == "":
		return errors.New("the bundle does not say what was sent")
	case b.Invoice == nil && b.Payout == nil:
		return errors.New("the bundle has no object")
	case len(b.Evidence) == 0:
		return errors.New("the bundle has no evidence")
	}
	if b.Invoice != nil && !b.Invoice.NeedsReview || b.Payout != nil && !b.Payout.NeedsReview {
		return errors.New("the object does not need review")
	}
	return nil
}
