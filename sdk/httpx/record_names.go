package httpx

import (
	"slices"
	"strings"
)

// The classes of placeholders, as in SCRUBBED_CARD_1. A value belongs to a class by its form or by the name of the field it
// stands in.
const (
	classSecret    = "SECRET"
	classToken     = "TOKEN"
	classSignature = "SIGNATURE"
	classCard      = "CARD"
	classCode      = "CODE" // security codes, expiry dates of cards, one-time passwords
	classEmail     = "EMAIL"
	classPhone     = "PHONE"
	classIBAN      = "IBAN"
	classPerson    = "PERSON" // names, addresses, tax numbers, devices
	classText      = "TEXT"   // text for people, whose meaning is not known
	classFile      = "FILE"
)

// classOf returns the class of a field by its name, or the empty text. Names are compared without case, hyphens and underscores. Where a
// word is ambiguous it counts as personal: a name masked too often costs a readable word, one masked too rarely a person's data.
func classOf(name string) string {
	n := plainName(name)
	switch {
	case n == "":
		return ""
	case is(n, "sign", "xsign", "signature", "hash", "hmac", "mac", "digest"), ends(n, "signature"):
		return classSignature
	case is(n, "key", "auth", "authorization"),
		ends(n, "password", "passwd", "passphrase", "secret", "apikey", "privatekey", "secretkey", "sessionid", "credential", "credentials"):
		return classSecret
	case strings.Contains(n, "token"):
		return classToken
	case is(n, "pan", "card", "fullpan"), ends(n, "cardnumber", "cardno", "cardnum", "cardpan"):
		return classCard
	case is(n, "cvv", "cvv2", "cvc", "cvc2", "csc", "pin", "otp", "exp", "expiry", "expdate", "expirydate", "cardexp", "cardexpiry", "securitycode"):
		return classCode
	case strings.Contains(n, "email"), is(n, "mail"):
		return classEmail
	case strings.Contains(n, "phone"), strings.Contains(n, "msisdn"), is(n, "mobile", "tel"):
		return classPhone
	case strings.Contains(n, "iban"), is(n, "account"), ends(n, "accountnumber", "accountno", "bankaccount"):
		return classIBAN
	case personal(n):
		return classPerson
	}
	return ""
}

func personal(n string) bool {
	switch {
	case is(n, "bankname", "currencyname", "methodname", "brandname", "eventname", "typename", "statusname"):
		return false
	case ends(n, "name", "surname", "patronymic", "holder", "address", "birthdate", "birthday", "passport", "useragent", "fingerprint"):
		return true
	}
	return is(n, "fio", "initials", "owner", "recipient", "sender", "beneficiary", "payee", "payer", "street", "city", "zip", "zipcode", "postalcode", "postcode",
		"birth", "dob", "inn", "iin", "rnokpp", "snils", "taxid", "taxnumber", "ip", "ipaddr", "clientip", "userip", "payerip", "device", "deviceid",
		"telegram", "login", "nickname")
}

// telling names fields whose text an adapter reads, or a person who looks for a fault: it is kept, without what has a form that
// gives it away. Texts of other fields are kept only if they look like a machine's.
func telling(name string) bool {
	n := plainName(name)
	return is(n, "msg", "usermsg", "reason", "status", "state", "code", "tracker", "kind", "type") ||
		strings.Contains(n, "err") || strings.Contains(n, "message") || ends(n, "reason", "status", "state", "code")
}

// harmlessHeader names the headers whose values are kept.
func harmlessHeader(name string) bool {
	return slices.Contains([]string{
		"Accept", "Accept-Language", "Allow", "Cache-Control", "Connection", "Content-Encoding", "Content-Language",
		"Content-Length", "Content-Type", "Date", "Retry-After", "Server", "Transfer-Encoding", "User-Agent", "Vary", "X-Cms", "X-Cms-Version",
		"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset", "X-Request-Id",
	}, name)
}

// plainName keeps letters and digits, in lower case.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r >= 0x80:
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, name)
}

func is(name string, words ...string) bool { return slices.Contains(words, name) }

func ends(name string, suffixes ...string) bool {
	return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
}
