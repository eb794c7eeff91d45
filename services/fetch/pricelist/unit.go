package pricelist

import (
	"bytes"
	"strings"
)

// units are what a price may be for: 2,99/kg, 12.50 €/Stück.
var units = func() map[string]struct{} {
	all := map[string]struct{}{}
	for unit := range strings.FieldsSeq(`kg g t lb l ml m m2 m3 m² m³ qm km cm kilo litre liter кг г л м м2 м² м3 м³ 斤 公斤 千克
		st stk stck stück stuck stuk pcs pc piece ea each unit un und pz pza ks szt db kom adet ad шт уп упак 個 本 枚 台 个
		box pack pkg bottle set pair par paar pár bal kus 箱 盒
		h hr hour std day tag night week month monat mo year jahr yr person pers`) {
		all[unit] = struct{}{}
	}
	return all
}()

// withoutUnit cuts the unit off what stands behind a price. One with a number, as in /100 g, is none: who knows which is meant.
func withoutUnit(suffix []byte) []byte {
	before, unit, found := bytes.Cut(suffix, []byte("/"))
	unit = bytes.TrimSuffix(bytes.ToLower(bytes.TrimSpace(unit)), []byte("."))
	if _, known := units[string(unit)]; found && known {
		return before
	}
	return suffix
}
