// Package pricelist turns the text of a price list into rows. It knows neither a broker nor a database.
//
// # What is read
//
// A list is UTF-8 text, with or without a byte order mark; package listtext makes that of what is downloaded. Rows with bytes
// that are not UTF-8 are rejected: listtext leaves such bytes where it cannot decode.
//
// A line ends with LF or CRLF, or with CR where there is no LF; lines of white space only are passed over, and so are lines that
// begin with # and have another number of columns than the list. Columns are separated by ; , | or a tab: by what gives by far
// the most rows a price.
//
// Quotes are those of RFC 4180: a field is quoted if its very first byte is a quote; inside, a doubled quote stands for
// one, and delimiters and line ends are text. A quote anywhere else is text (12" pipe). With csv.quote = none all are, and
// also where so many fields start with a quote and do not end with one that they cannot be slips.
//
// The header is the first line that has a cell like "product name" and one like "price", in any of the languages of
// headerwords.txt, or the texts that the options name; what stands before it is a preamble, and no rows. Without one the
// first line is a row. Two columns without a header are name and price. More are told by what is in them if just one column
// has prices, and just one texts that are mostly unlike; else the options must.
//
// With csv.observed_at_column each row has a date. Whether day or month comes first is settled from the whole list, as the
// decimal mark is.
//
// A price is digits, at most 12 of them significant, with an optional decimal mark and 1 to 6 decimals. Thousands may be in
// groups, separated by point, comma, space or apostrophe; a currency may be written before or after (12,50 €, R$ 129,00), and a
// dash for decimals that are zero (12,-). What the decimal mark is, is settled once for the whole list, from the prices that
// can be read one way only: the majority has it, and the others are rejected. A price like 1.234 is read only if that is
// 20 to 1, and if there are enough prices that say how: with a mark and other than three decimals where it is the decimal
// mark, with both marks (1.234,50) where it is not.
//
// The currency is csv.currency_code, else that beside the price, else the one in the header (Price (EUR)) or, if all prices
// that have one have the same, that one. Signs of several currencies ($, kr, руб.) say nothing.
//
// What a list leaves open is settled as it was when the list was read before (Remembered), unless it contradicts that: a row of
// another mark, another header, another number of columns. It is not guessed from that which way 1.234 is to be read where the point
// is not the remembered decimal mark, unless 1.234,50 was seen then.
//
// Each decision has a confidence, the rule of succession: (for + 1) / (for + against + 2). For it speak the rows that bear it out,
// and the known words of a header like twenty rows; against it the rows that bear out the next best one, twice, and where there
// is no header one in fifty of those that bear out none. The weakest decision counts. Below 50 % the list is refused.
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
