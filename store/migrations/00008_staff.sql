-- When somebody who is logged in proved anew who they are, and the login before
-- theirs, which they are shown.

-- +goose Up
ALTER TABLE sessions ADD COLUMN proven_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN previous_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE sessions DROP COLUMN previous_at;
ALTER TABLE sessions DROP COLUMN proven_at;
