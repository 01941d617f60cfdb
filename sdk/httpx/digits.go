package httpx

import "strings"

// maskDigits masks card numbers, phone numbers and very long runs of digits.
func maskDigits(s string) string {
	return replaceDigits(s, func(mask, _ string) string { return mask })
}

// replaceDigits puts what replace returns in place of every card number, phone number and very long run of digits; mask says
// which of them the run is.
func replaceDigits(s string, replace func(mask, run string) string) string {
	var b strings.Builder
	last := byte(' ')
	for i := 0; i < len(s); {
		n := 0
		if !isDigit(last) {
			n = digitsAt(s[i:])
		}
		if n == 0 {
			b.WriteByte(s[i])
			last = s[i]
			i++
			continue
		}
		run := s[i : i+n]
		if mask := maskOf(run, last); mask == "" {
			b.WriteString(run)
		} else {
			b.WriteString(replace(mask, run))
		}
		last = run[len(run)-1]
		i += n
	}
	return b.String()
}

// digitsAt returns the length of the run at the start of s: an optional plus,
// then groups of digits with one separator, or a parenthesis and a space,
// between them.
func digitsAt(s string) int {
	i := 0
	if i < len(s) && s[i] == '+' {
		i++
	}
	if i >= len(s) || !isDigit(s[i]) {
		return 0
	}
	end := 0
	for i < len(s) {
		if isDigit(s[i]) {
			i++
			end = i
			continue
		}
		gap := i
		for gap < len(s) && gap-i < 2 && strings.IndexByte(" -()", s[gap]) >= 0 {
			gap++
		}
		if gap == i || gap >= len(s) || !isDigit(s[gap]) {
			break
		}
		i = gap
	}
	return end
}

// maskOf returns the mask for one run of digit groups, or the empty text; before is the byte ahead of it.
func maskOf(run string, before byte) string {
	groups := strings.FieldsFunc(run, func(r rune) bool { return r < '0' || r > '9' })
	digits := strings.Join(groups, "")
	switch {
	case run[0] == '+' && len(digits) >= 9:
		return maskPhone
	case !letterOrDigit(before) && domesticPhone(digits):
		return maskPhone
	case hasCard(groups):
		return maskCard
	}
	for _, g := range groups {
		if len(g) > 19 {
			return maskCard
		}
	}
	return ""
}

// domesticPhone recognises numbers of Ukraine without a plus, the country of
// most providers so far: other national forms cannot be told from ids.
func domesticPhone(digits string) bool {
	return len(digits) == 12 && strings.HasPrefix(digits, "380") || len(digits) == 10 && digits[0] == '0'
}

// hasCard reports whether neighbouring groups form a number of 13 to 19 digits
// that passes the Luhn check.
func hasCard(groups []string) bool {
	for i := range groups {
		length := 0
		for j, g := range groups[i:] {
			if length += len(g); length > 19 {
				break
			}
			if length >= 13 && luhn(strings.Join(groups[i:i+j+1], "")) {
				return true
			}
		}
	}
	return false
}

func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
