package listtext

import "unicode"

// Costs measure how unlikely something is: 10 more is half as likely. They are whole numbers, so that every machine comes to
// the same result.
const (
	costFew      = 60  // one of the symbols that lists have
	costCurrency = 45  // a currency sign
	costSpace    = 60  // a no-break space
	costAbroad   = 140 // a letter that the language does not have
	costStrange  = 150 // any other symbol
	costBroken   = 200 // what is no character
)

// language is how often letters that are not ASCII occur in a language.
type language struct {
	letters map[rune]int // the cost of each, in lower case
	ranges  []letterRange
}

type letterRange struct {
	first, last rune
	cost        int
}

// cost is that of one letter.
func (l *language) cost(r rune) int {
	if cost, ok := l.letters[r]; ok {
		return cost
	}
	for _, letters := range l.ranges {
		if r >= letters.first && r <= letters.last {
			return letters.cost
		}
	}
	return costAbroad
}

// Letters of languages, the most frequent first.
var (
	latinAlphabets = []string{
		"äüößéà", "éèàêçôâîûùœëïü", "óáéíñúüç", "ãçáéíóêõâúôàü", "àèùòìé", // German, French, Spanish, Portuguese, Italian
		"åäöé", "äöåšž", "øæåéö", "áðíéóúþæöý", "ëéïèöü", "àéóèíçúòïü", // Swedish, Finnish, Danish, Icelandic, Dutch, Catalan
		"łóążęśćźń", "íáéýěčřžšůúťóďň", "áíýéžčšľúťôňóäďĺŕ", // Polish, Czech, Slovak
		"éáőöóíüúű", "ăâîşţ", "čšžćđ", "ışüğçiöâîû", // Hungarian, Romanian, Croatian, Turkish with the i of İ
		"ėšųžūčįąę", "āīēšņūļčžģķ", "õäüöšž", // Lithuanian, Latvian, Estonian
		"éèüöäóáíñçàêôâßåøãú", // names from several of them, in a list that is English
	}
	cyrillicAlphabets = []string{
		"оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё", "оаинвтерсікулдпмязьбгйчхцєїжшюфщґ", "аоиетнрсвлкдпмзгъубчцжщшйфхяю",
		"аоиеусртнјвклмпдзгбјћчцжшљњфхђџ", // Russian, Ukrainian, Bulgarian, Serbian
	}
	greekAlphabets  = []string{"αοιετσνηυρπκμλςίόάγέήδώχύωθφβξζψϊϋΐΰ"}
	hebrewAlphabets = []string{"יולאהרמתבשנדחקטעפגםסצזכןךףץ"}
	arabicAlphabets = []string{"اليمرنتبوسدهعكفحجقشطصخضذغةأإىئءؤآثظز"}
	thaiAlphabets   = []string{"านรอกเ่มงยลว้ดทตสัีะปบิคหแไจพชขใุูำโื็ผถศซณฟธฉ"}
)

// Ten times the binary logarithms of 2, 3, 4 and so on.
var logarithms = []int{
	10, 16, 20, 23, 26, 28, 30, 32, 33, 35, 36, 37, 38, 39, 40, 41, 42, 42, 43, 44,
	45, 45, 46, 46, 47, 48, 48, 49, 49, 50, 50, 50, 51, 51, 52, 52,
}

// alphabets makes languages of alphabets. The letter of rank n is about as frequent as 1/n.
func alphabets(all []string, costOfAny int) []*language {
	languages := make([]*language, 0, len(all))
	for _, letters := range all {
		l := &language{letters: map[rune]int{}}
		for rank, r := range []rune(letters) {
			l.letters[r] = costOfAny + logarithms[min(rank, len(logarithms)-1)]
		}
		languages = append(languages, l)
	}
	return languages
}

// Costs of characters in East Asian languages: of about so many that are as frequent.
const (
	costOf70    = 100 // of a text that is none of their languages
	costOf170   = 84  // half of the text
	costOf100   = 110
	costOf2400  = 112
	costOf3000  = 127
	costOf3800  = 119
	costOf5400  = 124
	costRareHan = 190
)

// eastAsian makes a language of characters that are all as frequent, those of some rows of an encoding.
func eastAsian(common []rune, cost int, ranges ...letterRange) *language {
	l := &language{letters: map[rune]int{}, ranges: append(ranges,
		letterRange{0x0391, 0x0451, costOf70}, // Greek and Cyrillic letters are in all of their encodings
		letterRange{0x3000, 0x303F, costOf100}, letterRange{0xFF01, 0xFF5E, costOf100}, letterRange{0x3400, 0x9FFF, costRareHan},
		letterRange{0xAC00, 0xD7A3, costRareHan}, letterRange{0x3040, 0x30FF, costRareHan})}
	for _, r := range common {
		l.letters[r] = cost
	}
	return l
}

// rows returns the characters whose first byte lies in a range: encodings begin with the frequent ones.
func rows(name string, first, last byte) []rune {
	var all []rune
	decoder := named(name).encoding.NewDecoder()
	for lead := int(first); lead <= int(last); lead++ {
		for trail := 0x40; trail <= 0xFE; trail++ {
			text, err := decoder.Bytes([]byte{byte(lead), byte(trail)})
			if r := []rune(string(text)); err == nil && len(r) == 1 && unicode.IsLetter(r[0]) {
				all = append(all, r[0])
			}
		}
	}
	return all
}

// kana are of Japanese, and with half their width of its tills.
var kana = []letterRange{{0x3041, 0x30FE, costOf170}, {0xFF61, 0xFF9F, costOf100}}

// isGB2312 tells whether a character was in the first Chinese encoding, which has the frequent ones.
func isGB2312(r rune) bool {
	code, err := named("gbk").encoding.NewEncoder().String(string(r))
	return err == nil && len(code) == 2 && code[1] >= 0xA1
}
