package pricelist

import "bytes"

// units are what a price may be for: 2,99/kg, 12.50 €/Stück.
var units = func() map[string]struct{} {
	all := map[string]struct{}{}
	for _, unit := range bytes.Fields([]byte("kg g t lb l ml m m2 m3 m² m³ qm km cm st stk stck stück stuck stuk pcs pc piece ea each " +
		"unit un und pz pza ks szt db kom adet ad шт кг г л м м2 м² м3 м³ уп упак box pack pkg bottle h hr hour day night week month mo year " +
		"std tag monat jahr person pers kus bal pár par paar pair set 個 本 枚 台 箱 盒 个 斤 公斤 千克 kilo litre liter")) {
		all[string(unit)] = struct{}{}
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
