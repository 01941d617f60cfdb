package httpx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
)

// describe names a transport failure in words that never repeat a URL or bytes
// of an answer, as the texts of net/http do. The cause is kept only where it is
// a bare sentinel.
func describe(err error) (text string, cause error) {
	var (
		dns       *net.DNSError
		record    tls.RecordHeaderError
		authority x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		hostname  x509.HostnameError
		verify    *tls.CertificateVerificationError
		alert     tls.AlertError
		op        *net.OpError
		errno     syscall.Errno
	)
	var replayed replayFailure
	switch {
	case errors.As(err, &replayed):
		return replayed.Error(), nil
	case errors.Is(err, errPlainHTTP):
		return errPlainHTTP.Error(), errPlainHTTP
	case errors.Is(err, errBodyTooLarge):
		return "the answer is larger than allowed", errBodyTooLarge
	case errors.Is(err, context.Canceled):
		return "canceled", context.Canceled
	case errors.Is(err, context.DeadlineExceeded), timeout(err):
		return "timed out", context.DeadlineExceeded
	case errors.As(err, &dns):
		return "the host name cannot be resolved", nil
	case errors.As(err, &authority):
		return "TLS: the certificate is signed by an unknown authority", nil
	case errors.As(err, &hostname):
		return "TLS: the certificate belongs to another host", nil
	case errors.As(err, &invalid), errors.As(err, &verify):
		return "TLS: the certificate is not valid", nil
	case errors.As(err, &record):
		return "TLS: the other side does not speak TLS", nil
	case errors.As(err, &alert):
		return "TLS: " + alert.Error(), nil
	case errors.As(err, &errno):
		if errors.As(err, &op) && op.Op == "dial" {
			return "cannot connect: " + errno.Error(), errno
		}
		return "connection failed: " + errno.Error(), errno
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the connection was closed before the answer was complete", io.ErrUnexpectedEOF
	case errors.Is(err, net.ErrClosed):
		return "the connection was closed", net.ErrClosed
	}
	return known(err.Error()), nil
}

// known recognises failures that net/http and crypto/tls give no type for.
func known(text string) string {
	switch {
	case strings.Contains(text, "server closed idle connection"), strings.Contains(text, "connection broken"):
		return "the connection was closed before the answer began"
	case strings.Contains(text, "tls: "):
		return "TLS: the handshake failed"
	case strings.Contains(text, "malformed"), strings.Contains(text, "invalid"), strings.Contains(text, "bad "):
		return "the other side does not speak valid HTTP"
	case strings.Contains(text, "headers exceeded"):
		return "the answer's headers are larger than allowed"
	}
	return "the exchange failed"
}

func timeout(err error) bool {
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout()
}
