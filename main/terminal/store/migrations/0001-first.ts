/**
 * The journal is the truth; the tables below it are what it comes to. Two tables hold secrets that no export of the
 * journal may carry (`staff_pin`, `attempt_token`): they alone are not derived from it.
 */
export const first = `
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  type TEXT NOT NULL,
  check_id TEXT,
  staff_id TEXT,
  body TEXT NOT NULL,
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER journal_is_append_only_update BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_is_append_only_delete BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE staff (
  staff_id TEXT PRIMARY KEY,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE pin_failure (
  staff_id TEXT PRIMARY KEY,
  tries INTEGER NOT NULL CHECK (tries > 0),
  last_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE staff_pin (
  staff_id TEXT PRIMARY KEY,
  hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tax_class (
  tax_class_id TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE category (
  category_id TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE modifier_group (
  modifier_group_id TEXT PRIMARY KEY,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE product (
  product_id TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  category_id TEXT NOT NULL,
  quick_key INTEGER,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX product_by_position ON product (position);
CREATE INDEX product_by_category ON product (category_id, position);
CREATE INDEX product_by_quick_key ON product (quick_key) WHERE quick_key IS NOT NULL;
CREATE TABLE barcode (
  barcode TEXT PRIMARY KEY,
  product_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX barcode_by_product ON barcode (product_id);

CREATE TABLE check_head (
  check_id TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('open', 'parked', 'paying', 'closed', 'voided')),
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX check_active ON check_head (state) WHERE state IN ('open', 'parked', 'paying');
CREATE TABLE check_line (
  check_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (check_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (
  attempt_id TEXT PRIMARY KEY,
  check_id TEXT NOT NULL,
  changed_seq INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('created', 'sent', 'unknown', 'approved', 'declined', 'cancelling', 'cancelled')),
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_by_check ON attempt (check_id, changed_seq);
CREATE UNIQUE INDEX attempt_unresolved ON attempt (check_id) WHERE state IN ('created', 'sent', 'unknown', 'cancelling');
CREATE TABLE attempt_token (
  attempt_id TEXT PRIMARY KEY,
  token TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
  attempt_id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('settle', 'inquire', 'cancel')),
  since TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE tender (
  tender_id TEXT PRIMARY KEY,
  check_id TEXT NOT NULL,
  taken_seq INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tender_by_check ON tender (check_id, taken_seq);

CREATE TABLE sale (
  sequence INTEGER PRIMARY KEY CHECK (sequence > 0),
  sale_id TEXT NOT NULL UNIQUE,
  check_id TEXT NOT NULL UNIQUE,
  closed_at TEXT NOT NULL,
  total INTEGER NOT NULL,
  search_text TEXT NOT NULL,
  copies INTEGER NOT NULL DEFAULT 0,
  body TEXT NOT NULL,
  receipt TEXT NOT NULL
) STRICT;
CREATE INDEX sale_by_time ON sale (closed_at);
`;
