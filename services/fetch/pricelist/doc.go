// Package pricelist turns the text of a price list into rows. It knows neither a broker nor a database.
//
// # What is read
//
// A list is UTF-8 text, with or without a byte order mark; package listtext makes that of what is downloaded. Rows with bytes
// that are not UTF-8 are rejected: listtext leaves such bytes where it cannot decode.
//
// A line ends with LF or CRLF; lines of white space only are passed over. Columns are separated by ; or , (or, where
// csv.delimiter says so, by | or a tab).
//
// Quotes are those of RFC 4180: a field is quoted if its very first byte is a quote; inside, a doubled quote stands for
// one, and delimiters and line ends are text. A quote anywhere else is text (12" pipe). With csv.quote = none all are.
//
// The first line is a header if it has a cell like "product name" and one like "price", or if csv.name_columns and
// csv.price_column say which columns count and it fits them. Else it is a row. Two columns without a header are name
// and price; more need the options.
//
// A price is digits, at most 12 of them significant, with an optional decimal mark and 1 to 6 decimals. What the
// decimal mark is, is settled once for the whole list, from the prices that can be read one way only: the majority has it,
// and the others are rejected. A price like 1.234 is rejected too, unless the majority is at least 20 to 1.
//
// # What is not
//
// A price wrongly read is worse than none, so nothing is guessed. A row that cannot be read becomes a Reject with a
// reason; a list that cannot be read is refused by Open with an UnreadableError that says what was seen, and which option
// would settle it.
//
// A list that is cut off is noticed where it ends within quotes, behind a decimal mark, or, without a line end, in a price with
// fewer decimals than all others. A list of whole numbers that is cut off within the last one cannot be told from a whole one;
// the length that a server announces tells.
package pricelist
