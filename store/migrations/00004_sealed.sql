-- Addresses stand as keyed hashes; beside each its sealed text. Values that an
-- older program left in the clear are sealed at the first start with keys, which
-- no migration has.

-- +goose Up
ALTER TABLE addresses ADD COLUMN sealed TEXT NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN sealed_address TEXT NOT NULL DEFAULT '';
ALTER TABLE joins ADD COLUMN sealed TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE joins DROP COLUMN sealed;
ALTER TABLE conversations DROP COLUMN sealed_address;
ALTER TABLE addresses DROP COLUMN sealed;
