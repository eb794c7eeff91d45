// Package pricelist turns the bytes of a price list into rows. It knows neither a broker nor a database.
//
// # What is read
//
// A list is UTF-8 text, with or without a byte order mark. A line ends with LF or CRLF; lines of white space only are
// passed over. Columns are separated by ; or , (or, where csv.delimiter says so, by | or a tab).
//
// Quotes are those of RFC 4180: a field is quoted if its very first byte is a quote; inside, a doubled quote stands for
// one, and delimiters and line ends are text. A quote anywhere else is text (12" pipe). With csv.quote = none all are.
//
// The first line is a header if it has a cell like "product name" and one like "price", or if csv.name_columns and
// csv.price_column say which columns count and it fits them. Else it is a row. Two columns without a header are name
// and price; more need the options.
//
// A price is digits, at most 12 of them significant, with an optional decimal mark and 1 to 6 decimals. What the
// decimal mark is, is settled once for the whole list, from the prices that can be read one way only.
//
// # What is not
//
// A price wrongly read is worse than none, so nothing is guessed. A row that cannot be read becomes a Reject with a
// reason; a list that cannot be read is refused by Open with an UnreadableError that says what was seen, and which option
// would settle it.
package pricelist
