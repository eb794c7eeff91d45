// Package listtext makes UTF-8 text of what was downloaded as a price list. It knows neither a broker nor a database, and nothing
// of what the text says.
//
// # Packing
//
// gzip, zstd, bzip2, xz and ZIP are unpacked; their first bytes tell them, whatever the file is called. A ZIP archive holds one
// file, apart from what macOS adds, or the end of the URL names the one that is meant. A list can be packed twice, as a .csv.gz in
// a ZIP archive is; ZIP is only the outer one then. Documents that are ZIP archives inside, like spreadsheets, stay as they are. What
// is unpacked, and the memory for it, is bounded.
//
// # Encoding
//
// The encoding is the first that can be had of these:
//
//  1. that of a byte order mark;
//  2. what csv.encoding says;
//  3. UTF-16 and UTF-32 without a mark, told by the zeros between ASCII characters;
//  4. UTF-8, if that is what all that is not ASCII is, or nearly all;
//  5. what the server says, if all bytes have a meaning in it and no other encoding is a million times as likely;
//  6. the encoding in which the words are by far the likeliest, see below;
//  7. that in which the list was read before, if all bytes have a meaning in it and no other is a million times as likely.
//
// UTF-8 comes before what the server says because servers say the same of all their files, and other encodings do not look
// like UTF-8 by chance. Only if there are less than three characters, the server's word for an East Asian encoding stands.
//
// If nothing is sure, nothing is guessed. Where it is about few bytes, at most one in a hundred, the list is read as ASCII and the
// rows that hold them are rejected; a list with more of them is refused with the names of the two likeliest encodings. So it is with a
// list of few names in a Latin script: most bytes are a letter in each encoding, and it takes several to tell them apart.
//
// Nothing in this changes a price: in all encodings that can be mistaken for each other, digits, points and delimiters are the
// same bytes, and never part of another character (those of GB18030 that are four bytes long aside).
//
// # How likely words are
//
// The different words of the list that hold more than ASCII, up to 16 KiB of them from all of it, are read in each candidate's
// encoding, and weighed by how frequent their letters are in the languages that are written in it, and by what hardly occurs in words:
// symbols between letters, upper case after lower case, letters of two scripts. For scripts other than Latin a general detector
// is heard as well. The best must be a thousand times as likely as the next one that would read differently.
//
// # What cannot be decoded
//
// stands in the text as the byte 0xFF, so that the row is rejected.
package listtext
