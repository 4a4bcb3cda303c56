// Package sheet writes a catalogue into an xlsx workbook that staff edit with
// their own programs, and reads it back: one sheet for categories, matters, forms,
// owners, limits, departments and regions each, with Chinese headers. What was
// written and read is the same catalogue but for its number, which a workbook does
// not have. A row that cannot be read is named by sheet, row and column.
//
// It must not know whether a catalogue makes sense (tickets.Check says), nor where
// one is kept.
package sheet
