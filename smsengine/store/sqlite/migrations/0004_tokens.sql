-- +goose Up
-- Keys with scopes are tokens of the HTTP interface, and keys may expire.

ALTER TABLE key ADD COLUMN scopes  TEXT NOT NULL DEFAULT ''; -- separated by spaces
ALTER TABLE key ADD COLUMN expires INTEGER NOT NULL DEFAULT 0;

-- Programs list the messages of their account, the last stored first: the rows
-- of an index are in the order of seq where its columns are equal.
CREATE INDEX message_account ON message (account) WHERE account <> '';
