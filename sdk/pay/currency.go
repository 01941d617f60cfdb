package pay

// LookupCurrency returns the active ISO 4217 currency with the given alphabetic
// code, which must be in upper case.
//
// Source: ISO 4217 list one as of 2026: funds codes included, codes without a
// minor unit (XAU, XDR, XTS and their like) and withdrawn codes left out.
func LookupCurrency(code string) (Currency, bool) {
	switch code {
	case "AED":
		return Currency{Code: "AED", Exponent: 2, Numeric: 784}, true
	case "AFN":
		return Currency{Code: "AFN", Exponent: 2, Numeric: 971}, true
	case "ALL":
		return Currency{Code: "ALL", Exponent: 2, Numeric: 8}, true
	case "AMD":
		return Currency{Code: "AMD", Exponent: 2, Numeric: 51}, true
	case "AOA":
		return Currency{Code: "AOA", Exponent: 2, Numeric: 973}, true
	case "ARS":
		return Currency{Code: "ARS", Exponent: 2, Numeric: 32}, true
	case "AUD":
		return Currency{Code: "AUD", Exponent: 2, Numeric: 36}, true
	case "AWG":
		return Currency{Code: "AWG", Exponent: 2, Numeric: 533}, true
	case "AZN":
		return Currency{Code: "AZN", Exponent: 2, Numeric: 944}, true
	case "BAM":
		return Currency{Code: "BAM", Exponent: 2, Numeric: 977}, true
	case "BBD":
		return Currency{Code: "BBD", Exponent: 2, Numeric: 52}, true
	case "BDT":
		return Currency{Code: "BDT", Exponent: 2, Numeric: 50}, true
	case "BHD":
		return Currency{Code: "BHD", Exponent: 3, Numeric: 48}, true
	case "BIF":
		return Currency{Code: "BIF", Exponent: 0, Numeric: 108}, true
	case "BMD":
		return Currency{Code: "BMD", Exponent: 2, Numeric: 60}, true
	case "BND":
		return Currency{Code: "BND", Exponent: 2, Numeric: 96}, true
	case "BOB":
		return Currency{Code: "BOB", Exponent: 2, Numeric: 68}, true
	case "BOV":
		return Currency{Code: "BOV", Exponent: 2, Numeric: 984}, true
	case "BRL":
		return Currency{Code: "BRL", Exponent: 2, Numeric: 986}, true
	case "BSD":
		return Currency{Code: "BSD", Exponent: 2, Numeric: 44}, true
	case "BTN":
		return Currency{Code: "BTN", Exponent: 2, Numeric: 64}, true
	case "BWP":
		return Currency{Code: "BWP", Exponent: 2, Numeric: 72}, true
	case "BYN":
		return Currency{Code: "BYN", Exponent: 2, Numeric: 933}, true
	case "BZD":
		return Currency{Code: "BZD", Exponent: 2, Numeric: 84}, true
	case "CAD":
		return Currency{Code: "CAD", Exponent: 2, Numeric: 124}, true
	case "CDF":
		return Currency{Code: "CDF", Exponent: 2, Numeric: 976}, true
	case "CHE":
		return Currency{Code: "CHE", Exponent: 2, Numeric: 947}, true
	case "CHF":
		return Currency{Code: "CHF", Exponent: 2, Numeric: 756}, true
	case "CHW":
		return Currency{Code: "CHW", Exponent: 2, Numeric: 948}, true
	case "CLF":
		return Currency{Code: "CLF", Exponent: 4, Numeric: 990}, true
	case "CLP":
		return Currency{Code: "CLP", Exponent: 0, Numeric: 152}, true
	case "CNY":
		return Currency{Code: "CNY", Exponent: 2, Numeric: 156}, true
	case "COP":
		return Currency{Code: "COP", Exponent: 2, Numeric: 170}, true
	case "COU":
		return Currency{Code: "COU", Exponent: 2, Numeric: 970}, true
	case "CRC":
		return Currency{Code: "CRC", Exponent: 2, Numeric: 188}, true
	case "CUP":
		return Currency{Code: "CUP", Exponent: 2, Numeric: 192}, true
	case "CVE":
		return Currency{Code: "CVE", Exponent: 2, Numeric: 132}, true
	case "CZK":
		return Currency{Code: "CZK", Exponent: 2, Numeric: 203}, true
	case "DJF":
		return Currency{Code: "DJF", Exponent: 0, Numeric: 262}, true
	case "DKK":
		return Currency{Code: "DKK", Exponent: 2, Numeric: 208}, true
	case "DOP":
		return Currency{Code: "DOP", Exponent: 2, Numeric: 214}, true
	case "DZD":
		return Currency{Code: "DZD", Exponent: 2, Numeric: 12}, true
	case "EGP":
		return Currency{Code: "EGP", Exponent: 2, Numeric: 818}, true
	case "ERN":
		return Currency{Code: "ERN", Exponent: 2, Numeric: 232}, true
	case "ETB":
		return Currency{Code: "ETB", Exponent: 2, Numeric: 230}, true
	case "EUR":
		return Currency{Code: "EUR", Exponent: 2, Numeric: 978}, true
	case "FJD":
		return Currency{Code: "FJD", Exponent: 2, Numeric: 242}, true
	case "FKP":
		return Currency{Code: "FKP", Exponent: 2, Numeric: 238}, true
	case "GBP":
		return Currency{Code: "GBP", Exponent: 2, Numeric: 826}, true
	case "GEL":
		return Currency{Code: "GEL", Exponent: 2, Numeric: 981}, true
	case "GHS":
		return Currency{Code: "GHS", Exponent: 2, Numeric: 936}, true
	case "GIP":
		return Currency{Code: "GIP", Exponent: 2, Numeric: 292}, true
	case "GMD":
		return Currency{Code: "GMD", Exponent: 2, Numeric: 270}, true
	case "GNF":
		return Currency{Code: "GNF", Exponent: 0, Numeric: 324}, true
	case "GTQ":
		return Currency{Code: "GTQ", Exponent: 2, Numeric: 320}, true
	case "GYD":
		return Currency{Code: "GYD", Exponent: 2, Numeric: 328}, true
	case "HKD":
		return Currency{Code: "HKD", Exponent: 2, Numeric: 344}, true
	case "HNL":
		return Currency{Code: "HNL", Exponent: 2, Numeric: 340}, true
	case "HTG":
		return Currency{Code: "HTG", Exponent: 2, Numeric: 332}, true
	case "HUF":
		return Currency{Code: "HUF", Exponent: 2, Numeric: 348}, true
	case "IDR":
		return Currency{Code: "IDR", Exponent: 2, Numeric: 360}, true
	case "ILS":
		return Currency{Code: "ILS", Exponent: 2, Numeric: 376}, true
	case "INR":
		return Currency{Code: "INR", Exponent: 2, Numeric: 356}, true
	case "IQD":
		return Currency{Code: "IQD", Exponent: 3, Numeric: 368}, true
	case "IRR":
		return Currency{Code: "IRR", Exponent: 2, Numeric: 364}, true
	case "ISK":
		return Currency{Code: "ISK", Exponent: 0, Numeric: 352}, true
	case "JMD":
		return Currency{Code: "JMD", Exponent: 2, Numeric: 388}, true
	case "JOD":
		return Currency{Code: "JOD", Exponent: 3, Numeric: 400}, true
	case "JPY":
		return Currency{Code: "JPY", Exponent: 0, Numeric: 392}, true
	case "KES":
		return Currency{Code: "KES", Exponent: 2, Numeric: 404}, true
	case "KGS":
		return Currency{Code: "KGS", Exponent: 2, Numeric: 417}, true
	case "KHR":
		return Currency{Code: "KHR", Exponent: 2, Numeric: 116}, true
	case "KMF":
		return Currency{Code: "KMF", Exponent: 0, Numeric: 174}, true
	case "KPW":
		return Currency{Code: "KPW", Exponent: 2, Numeric: 408}, true
	case "KRW":
		return Currency{Code: "KRW", Exponent: 0, Numeric: 410}, true
	case "KWD":
		return Currency{Code: "KWD", Exponent: 3, Numeric: 414}, true
	case "KYD":
		return Currency{Code: "KYD", Exponent: 2, Numeric: 136}, true
	case "KZT":
		return Currency{Code: "KZT", Exponent: 2, Numeric: 398}, true
	case "LAK":
		return Currency{Code: "LAK", Exponent: 2, Numeric: 418}, true
	case "LBP":
		return Currency{Code: "LBP", Exponent: 2, Numeric: 422}, true
	case "LKR":
		return Currency{Code: "LKR", Exponent: 2, Numeric: 144}, true
	case "LRD":
		return Currency{Code: "LRD", Exponent: 2, Numeric: 430}, true
	case "LSL":
		return Currency{Code: "LSL", Exponent: 2, Numeric: 426}, true
	case "LYD":
		return Currency{Code: "LYD", Exponent: 3, Numeric: 434}, true
	case "MAD":
		return Currency{Code: "MAD", Exponent: 2, Numeric: 504}, true
	case "MDL":
		return Currency{Code: "MDL", Exponent: 2, Numeric: 498}, true
	case "MGA":
		return Currency{Code: "MGA", Exponent: 2, Numeric: 969}, true
	case "MKD":
		return Currency{Code: "MKD", Exponent: 2, Numeric: 807}, true
	case "MMK":
		return Currency{Code: "MMK", Exponent: 2, Numeric: 104}, true
	case "MNT":
		return Currency{Code: "MNT", Exponent: 2, Numeric: 496}, true
	case "MOP":
		return Currency{Code: "MOP", Exponent: 2, Numeric: 446}, true
	case "MRU":
		return Currency{Code: "MRU", Exponent: 2, Numeric: 929}, true
	case "MUR":
		return Currency{Code: "MUR", Exponent: 2, Numeric: 480}, true
	case "MVR":
		return Currency{Code: "MVR", Exponent: 2, Numeric: 462}, true
	case "MWK":
		return Currency{Code: "MWK", Exponent: 2, Numeric: 454}, true
	case "MXN":
		return Currency{Code: "MXN", Exponent: 2, Numeric: 484}, true
	case "MXV":
		return Currency{Code: "MXV", Exponent: 2, Numeric: 979}, true
	case "MYR":
		return Currency{Code: "MYR", Exponent: 2, Numeric: 458}, true
	case "MZN":
		return Currency{Code: "MZN", Exponent: 2, Numeric: 943}, true
	case "NAD":
		return Currency{Code: "NAD", Exponent: 2, Numeric: 516}, true
	case "NGN":
		return Currency{Code: "NGN", Exponent: 2, Numeric: 566}, true
	case "NIO":
		return Currency{Code: "NIO", Exponent: 2, Numeric: 558}, true
	case "NOK":
		return Currency{Code: "NOK", Exponent: 2, Numeric: 578}, true
	case "NPR":
		return Currency{Code: "NPR", Exponent: 2, Numeric: 524}, true
	case "NZD":
		return Currency{Code: "NZD", Exponent: 2, Numeric: 554}, true
	case "OMR":
		return Currency{Code: "OMR", Exponent: 3, Numeric: 512}, true
	case "PAB":
		return Currency{Code: "PAB", Exponent: 2, Numeric: 590}, true
	case "PEN":
		return Currency{Code: "PEN", Exponent: 2, Numeric: 604}, true
	case "PGK":
		return Currency{Code: "PGK", Exponent: 2, Numeric: 598}, true
	case "PHP":
		return Currency{Code: "PHP", Exponent: 2, Numeric: 608}, true
	case "PKR":
		return Currency{Code: "PKR", Exponent: 2, Numeric: 586}, true
	case "PLN":
		return Currency{Code: "PLN", Exponent: 2, Numeric: 985}, true
	case "PYG":
		return Currency{Code: "PYG", Exponent: 0, Numeric: 600}, true
	case "QAR":
		return Currency{Code: "QAR", Exponent: 2, Numeric: 634}, true
	case "RON":
		return Currency{Code: "RON", Exponent: 2, Numeric: 946}, true
	case "RSD":
		return Currency{Code: "RSD", Exponent: 2, Numeric: 941}, true
	case "RUB":
		return Currency{Code: "RUB", Exponent: 2, Numeric: 643}, true
	case "RWF":
		return Currency{Code: "RWF", Exponent: 0, Numeric: 646}, true
	case "SAR":
		return Currency{Code: "SAR", Exponent: 2, Numeric: 682}, true
	case "SBD":
		return Currency{Code: "SBD", Exponent: 2, Numeric: 90}, true
	case "SCR":
		return Currency{Code: "SCR", Exponent: 2, Numeric: 690}, true
	case "SDG":
		return Currency{Code: "SDG", Exponent: 2, Numeric: 938}, true
	case "SEK":
		return Currency{Code: "SEK", Exponent: 2, Numeric: 752}, true
	case "SGD":
		return Currency{Code: "SGD", Exponent: 2, Numeric: 702}, true
	case "SHP":
		return Currency{Code: "SHP", Exponent: 2, Numeric: 654}, true
	case "SLE":
		return Currency{Code: "SLE", Exponent: 2, Numeric: 925}, true
	case "SOS":
		return Currency{Code: "SOS", Exponent: 2, Numeric: 706}, true
	case "SRD":
		return Currency{Code: "SRD", Exponent: 2, Numeric: 968}, true
	case "SSP":
		return Currency{Code: "SSP", Exponent: 2, Numeric: 728}, true
	case "STN":
		return Currency{Code: "STN", Exponent: 2, Numeric: 930}, true
	case "SVC":
		return Currency{Code: "SVC", Exponent: 2, Numeric: 222}, true
	case "SYP":
		return Currency{Code: "SYP", Exponent: 2, Numeric: 760}, true
	case "SZL":
		return Currency{Code: "SZL", Exponent: 2, Numeric: 748}, true
	case "THB":
		return Currency{Code: "THB", Exponent: 2, Numeric: 764}, true
	case "TJS":
		return Currency{Code: "TJS", Exponent: 2, Numeric: 972}, true
	case "TMT":
		return Currency{Code: "TMT", Exponent: 2, Numeric: 934}, true
	case "TND":
		return Currency{Code: "TND", Exponent: 3, Numeric: 788}, true
	case "TOP":
		return Currency{Code: "TOP", Exponent: 2, Numeric: 776}, true
	case "TRY":
		return Currency{Code: "TRY", Exponent: 2, Numeric: 949}, true
	case "TTD":
		return Currency{Code: "TTD", Exponent: 2, Numeric: 780}, true
	case "TWD":
		return Currency{Code: "TWD", Exponent: 2, Numeric: 901}, true
	case "TZS":
		return Currency{Code: "TZS", Exponent: 2, Numeric: 834}, true
	case "UAH":
		return Currency{Code: "UAH", Exponent: 2, Numeric: 980}, true
	case "UGX":
		return Currency{Code: "UGX", Exponent: 0, Numeric: 800}, true
	case "USD":
		return Currency{Code: "USD", Exponent: 2, Numeric: 840}, true
	case "USN":
		return Currency{Code: "USN", Exponent: 2, Numeric: 997}, true
	case "UYI":
		return Currency{Code: "UYI", Exponent: 0, Numeric: 940}, true
	case "UYU":
		return Currency{Code: "UYU", Exponent: 2, Numeric: 858}, true
	case "UYW":
		return Currency{Code: "UYW", Exponent: 4, Numeric: 927}, true
	case "UZS":
		return Currency{Code: "UZS", Exponent: 2, Numeric: 860}, true
	case "VED":
		return Currency{Code: "VED", Exponent: 2, Numeric: 926}, true
	case "VES":
		return Currency{Code: "VES", Exponent: 2, Numeric: 928}, true
	case "VND":
		return Currency{Code: "VND", Exponent: 0, Numeric: 704}, true
	case "VUV":
		return Currency{Code: "VUV", Exponent: 0, Numeric: 548}, true
	case "WST":
		return Currency{Code: "WST", Exponent: 2, Numeric: 882}, true
	case "XAD":
		return Currency{Code: "XAD", Exponent: 2, Numeric: 396}, true
	case "XAF":
		return Currency{Code: "XAF", Exponent: 0, Numeric: 950}, true
	case "XCD":
		return Currency{Code: "XCD", Exponent: 2, Numeric: 951}, true
	case "XCG":
		return Currency{Code: "XCG", Exponent: 2, Numeric: 532}, true
	case "XOF":
		return Currency{Code: "XOF", Exponent: 0, Numeric: 952}, true
	case "XPF":
		return Currency{Code: "XPF", Exponent: 0, Numeric: 953}, true
	case "YER":
		return Currency{Code: "YER", Exponent: 2, Numeric: 886}, true
	case "ZAR":
		return Currency{Code: "ZAR", Exponent: 2, Numeric: 710}, true
	case "ZMW":
		return Currency{Code: "ZMW", Exponent: 2, Numeric: 967}, true
	case "ZWG":
		return Currency{Code: "ZWG", Exponent: 2, Numeric: 924}, true
	}
	return Currency{}, false
}

// LookupNumericCurrency returns the active ISO 4217 currency with the given
// numeric code, for example 980 for UAH.
func LookupNumericCurrency(numeric int) (Currency, bool) {
	for _, code := range CurrencyCodes() {
		if c, ok := LookupCurrency(code); ok && c.Numeric == numeric {
			return c, true
		}
	}
	return Currency{}, false
}

// CurrencyCodes returns every active ISO 4217 code this package knows, sorted.
func CurrencyCodes() []string {
	return []string{
		"AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT",
		"BHD", "BIF", "BMD", "BND", "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD",
		"CAD", "CDF", "CHE", "CHF", "CHW", "CLF", "CLP", "CNY", "COP", "COU", "CRC", "CUP",
		"CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP",
		"GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF",
		"IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR",
		"KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD",
		"MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN",
		"MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN",
		"PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD",
		"SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP",
		"SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX",
		"USD", "USN", "UYI", "UYU", "UYW", "UZS", "VED", "VES", "VND", "VUV", "WST", "XAD",
		"XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG",
	}
}
