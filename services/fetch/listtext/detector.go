package listtext

import (
	"strings"

	"github.com/wlynxg/chardet"
)

// detected returns the encoding in which a general detector is sure that words are, if it is. It knows how frequent each
// character of other scripts is, and tells these well where there are enough; those of Latin scripts it mixes up.
func detected(words []string) (name string, ok bool) {
	const sure = 0.9
	detector := chardet.NewUniversalDetector(0)
	detector.Feed([]byte(strings.Join(words, "\n")))
	found := detector.GetResult()
	if found.Confidence < sure {
		return "", false
	}
	switch name := strings.ToLower(found.Encoding); name {
	case "gb2312":
		return "gb18030", true
	case "cp949":
		return "euc-kr", true
	case "koi8-r", "windows-1251", "iso-8859-5", "ibm866", "windows-1253", "iso-8859-7", "windows-1255",
		"big5", "euc-jp", "euc-kr", "shift_jis":
		return name, true
	}
	return "", false
}
