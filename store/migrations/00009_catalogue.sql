-- The versions of the catalogue of matters. One at most is a draft, one at most is
-- in force; the others were in force before. Until now nobody could edit the
-- catalogue: the one kept among the settings is the program's own, which puts it
-- into force anew.

-- +goose Up
CREATE TABLE catalogue_versions (
    version    BIGINT PRIMARY KEY,
    state      TEXT NOT NULL,
    base       BIGINT NOT NULL,
    revision   BIGINT NOT NULL,
    authors    TEXT NOT NULL,
    note       TEXT NOT NULL,
    forced_by  TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    forced_at  BIGINT NOT NULL,
    body       TEXT NOT NULL
);
CREATE UNIQUE INDEX catalogue_versions_one ON catalogue_versions (state) WHERE state <> 'replaced';
DELETE FROM settings WHERE key = 'catalogue';

-- +goose Down
DROP TABLE catalogue_versions;
