// Package blob keeps heaps of bytes under random names: in a folder, or in a
// bucket that speaks S3. It must not know what they are: they come sealed, and
// what belongs to whom stands in the database.
package blob
