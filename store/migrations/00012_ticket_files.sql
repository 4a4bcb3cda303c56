-- Files that staff attach to tickets: who did, for whom they are, and since when
-- the person may open them. They wait for no message.

-- +goose Up
ALTER TABLE files ADD COLUMN attached_by TEXT NOT NULL DEFAULT '';
ALTER TABLE files ADD COLUMN department TEXT NOT NULL DEFAULT '';
ALTER TABLE files ADD COLUMN internal BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE files ADD COLUMN told_at BIGINT NOT NULL DEFAULT 0;
DROP INDEX files_loose;
CREATE INDEX files_loose ON files (created_at) WHERE message_id = '' AND attached_by = '' AND deleted_at = 0;

-- +goose Down
DELETE FROM files WHERE attached_by <> '';
DROP INDEX files_loose;
CREATE INDEX files_loose ON files (created_at) WHERE message_id = '' AND deleted_at = 0;
ALTER TABLE files DROP COLUMN told_at;
ALTER TABLE files DROP COLUMN internal;
ALTER TABLE files DROP COLUMN department;
ALTER TABLE files DROP COLUMN attached_by;
