-- The first schema. Conventions, for every table here and later:
--   money      exact text, "100.00 UAH"; NULL = no amount stated
--   times      whole microseconds since 1970-01-01 UTC; NULL = not set
--   lists, maps and free forms are JSON as text
--   sealed     a BYTEA column marked "sealed" holds {key_id, nonce, ciphertext}, never clear text
--   personal   sealed under the data key of one customer or object (customer_keys)
-- Column types are PostgreSQL's; a dialect translates them. Every statement ends with ";" at a line's end.

-- Secrets of the store itself.
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value BYTEA NOT NULL -- sealed
);

-- Counters that one sequencer hands out in commit order.
CREATE TABLE sequences (
  name  TEXT PRIMARY KEY,
  value BIGINT NOT NULL
);
INSERT INTO sequences (name, value) VALUES ('events', 0), ('audit', 0);

CREATE TABLE accounts (
  id                   TEXT PRIMARY KEY,
  tenant               TEXT NOT NULL,
  provider             TEXT NOT NULL,
  mode                 TEXT NOT NULL,
  state                TEXT NOT NULL,
  paused_operations    TEXT,
  provider_account_ref TEXT NOT NULL,
  time_zone            TEXT NOT NULL,
  labels               TEXT,
  config               BYTEA, -- sealed
  revision             BIGINT NOT NULL,
  source               TEXT NOT NULL,
  abilities            TEXT,
  info                 TEXT,
  private_state        BYTEA, -- sealed
  state_version        BIGINT NOT NULL, -- of private_state; 0 without one
  maintain_at          BIGINT,
  created_at           BIGINT NOT NULL,
  updated_at           BIGINT,
  version              BIGINT NOT NULL
);
CREATE INDEX accounts_list ON accounts (tenant, provider, id);
CREATE INDEX accounts_maintain ON accounts (maintain_at) WHERE maintain_at IS NOT NULL;

-- Every config an account ever had: an open operation belongs to the revision it was sent under.
CREATE TABLE account_revisions (
  account_id TEXT NOT NULL REFERENCES accounts (id),
  revision   BIGINT NOT NULL,
  config     BYTEA, -- sealed
  created_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, revision)
);

CREATE TABLE invoices (
  id                   TEXT PRIMARY KEY,
  tenant               TEXT NOT NULL,
  mode                 TEXT NOT NULL,
  account_id           TEXT NOT NULL REFERENCES accounts (id),
  provider             TEXT NOT NULL,
  status               TEXT NOT NULL,
  final                BOOLEAN NOT NULL,
  final_reason         TEXT NOT NULL,
  purpose              TEXT NOT NULL,
  capture              TEXT NOT NULL,
  amount               TEXT,
  due                  TEXT,
  max_amount           TEXT,
  received             TEXT,
  authorized           TEXT,
  captured             TEXT,
  refunded             TEXT,
  overpaid             BOOLEAN NOT NULL,
  reference            TEXT NOT NULL,
  description          TEXT NOT NULL,
  customer_id          TEXT NOT NULL,
  payment_method       TEXT NOT NULL,
  correlation_id       TEXT NOT NULL,
  metadata             TEXT,
  provider_ref         TEXT NOT NULL,
  provider_refs        TEXT,
  provider_data        TEXT,
  provider_key         TEXT NOT NULL,
  create_operation_id  TEXT NOT NULL,
  needs_review         BOOLEAN NOT NULL,
  review_reason        TEXT NOT NULL,
  unresolved_operation TEXT NOT NULL,
  evidence             TEXT NOT NULL,
  provider_time        BIGINT,
  provider_version     BIGINT NOT NULL,
  private_state        BYTEA, -- sealed
  state_version        BIGINT NOT NULL, -- of private_state; 0 without one
  next_look_at         BIGINT,
  expires_at           BIGINT,
  closed_at            BIGINT,
  created_at           BIGINT NOT NULL,
  updated_at           BIGINT,
  version              BIGINT NOT NULL
);
CREATE INDEX invoices_list ON invoices (created_at, id);
CREATE INDEX invoices_tenant ON invoices (tenant, created_at, id) WHERE tenant <> '';
CREATE INDEX invoices_account ON invoices (account_id, created_at, id);
CREATE INDEX invoices_status ON invoices (status, created_at, id);
CREATE INDEX invoices_reference ON invoices (reference, created_at, id) WHERE reference <> '';
CREATE INDEX invoices_customer ON invoices (customer_id, created_at, id) WHERE customer_id <> '';
CREATE INDEX invoices_provider_ref ON invoices (provider_ref, account_id, created_at, id) WHERE provider_ref <> '';
CREATE INDEX invoices_provider_key ON invoices (provider_key, account_id, created_at, id) WHERE provider_key <> '';
CREATE INDEX invoices_review ON invoices (created_at, id) WHERE needs_review = TRUE;
CREATE INDEX invoices_unresolved ON invoices (created_at, id) WHERE unresolved_operation <> '';
CREATE INDEX invoices_state ON invoices (provider, state_version) WHERE state_version <> 0 AND final = FALSE;
CREATE INDEX invoices_look ON invoices (next_look_at, id) WHERE next_look_at IS NOT NULL;

-- What the provider shows of the payer's tries, replaced as a whole by newer evidence.
CREATE TABLE invoice_attempts (
  invoice_id          TEXT NOT NULL REFERENCES invoices (id),
  ordinal             BIGINT NOT NULL,
  account_id          TEXT NOT NULL,
  provider_attempt_id TEXT NOT NULL,
  status              TEXT NOT NULL,
  data                TEXT NOT NULL,
  PRIMARY KEY (invoice_id, ordinal)
);

CREATE TABLE refunds (
  id                   TEXT PRIMARY KEY,
  tenant               TEXT NOT NULL,
  account_id           TEXT NOT NULL REFERENCES accounts (id),
  invoice_id           TEXT NOT NULL REFERENCES invoices (id),
  operation_id         TEXT NOT NULL,
  reason               TEXT NOT NULL,
  reference            TEXT NOT NULL,
  metadata             TEXT,
  provider_ref         TEXT NOT NULL,
  provider_key         TEXT NOT NULL,
  status               TEXT NOT NULL,
  amount               TEXT,
  fee                  TEXT,
  origin               TEXT NOT NULL,
  network              TEXT,
  decline              TEXT,
  provider_time        BIGINT,
  review               TEXT NOT NULL,
  needs_review         BOOLEAN NOT NULL,
  review_reason        TEXT NOT NULL,
  unresolved_operation TEXT NOT NULL,
  private_state        BYTEA, -- sealed
  state_version        BIGINT NOT NULL, -- of private_state; 0 without one
  created_at           BIGINT NOT NULL,
  updated_at           BIGINT,
  version              BIGINT NOT NULL
);
CREATE INDEX refunds_list ON refunds (created_at, id);
CREATE INDEX refunds_invoice ON refunds (invoice_id, created_at, id);
CREATE INDEX refunds_account ON refunds (account_id, created_at, id);
CREATE INDEX refunds_provider_ref ON refunds (provider_ref, account_id) WHERE provider_ref <> '';

CREATE TABLE payouts (
  id                   TEXT PRIMARY KEY,
  tenant               TEXT NOT NULL,
  mode                 TEXT NOT NULL,
  account_id           TEXT NOT NULL REFERENCES accounts (id),
  provider             TEXT NOT NULL,
  operation_id         TEXT NOT NULL,
  provider_key         TEXT NOT NULL,
  customer_id          TEXT NOT NULL,
  reference            TEXT NOT NULL,
  description          TEXT NOT NULL,
  correlation_id       TEXT NOT NULL,
  metadata             TEXT,
  requested            TEXT,
  provider_ref         TEXT NOT NULL,
  provider_refs        TEXT,
  status               TEXT NOT NULL,
  review               TEXT NOT NULL,
  amount               TEXT,
  fee                  TEXT,
  debited              TEXT,
  rate                 TEXT NOT NULL,
  returned_at          BIGINT,
  decline              TEXT,
  network              TEXT,
  provider_time        BIGINT,
  provider_data        TEXT,
  needs_review         BOOLEAN NOT NULL,
  review_reason        TEXT NOT NULL,
  unresolved_operation TEXT NOT NULL,
  private_state        BYTEA, -- sealed
  state_version        BIGINT NOT NULL, -- of private_state; 0 without one
  next_look_at         BIGINT,
  created_at           BIGINT NOT NULL,
  updated_at           BIGINT,
  version              BIGINT NOT NULL
);
CREATE INDEX payouts_list ON payouts (created_at, id);
CREATE INDEX payouts_account ON payouts (account_id, created_at, id);
CREATE INDEX payouts_provider_ref ON payouts (provider_ref, account_id) WHERE provider_ref <> '';
CREATE INDEX payouts_provider_key ON payouts (provider_key, account_id) WHERE provider_key <> '';
CREATE INDEX payouts_look ON payouts (next_look_at, id) WHERE next_look_at IS NOT NULL;

CREATE TABLE disputes (
  id              TEXT PRIMARY KEY,
  tenant          TEXT NOT NULL,
  account_id      TEXT NOT NULL REFERENCES accounts (id),
  invoice_id      TEXT NOT NULL,
  provider_ref    TEXT NOT NULL,
  kind            TEXT NOT NULL,
  status          TEXT NOT NULL,
  amount          TEXT,
  reason          TEXT NOT NULL,
  evidence_due_at BIGINT,
  provider_time   BIGINT,
  created_at      BIGINT NOT NULL,
  updated_at      BIGINT,
  version         BIGINT NOT NULL
);
CREATE INDEX disputes_list ON disputes (created_at, id);
CREATE INDEX disputes_invoice ON disputes (invoice_id, created_at, id);

CREATE TABLE credentials (
  id                TEXT PRIMARY KEY,
  tenant            TEXT NOT NULL,
  account_id        TEXT NOT NULL REFERENCES accounts (id),
  customer_id       TEXT NOT NULL,
  invoice_id        TEXT NOT NULL,
  token             BYTEA, -- sealed
  provider_customer TEXT NOT NULL,
  masked            TEXT NOT NULL,
  brand             TEXT NOT NULL,
  expires_at        BIGINT,
  status            TEXT NOT NULL,
  created_at        BIGINT NOT NULL,
  updated_at        BIGINT,
  version           BIGINT NOT NULL
);
CREATE INDEX credentials_customer ON credentials (tenant, customer_id, created_at, id);
CREATE INDEX credentials_invoice ON credentials (invoice_id, created_at, id) WHERE invoice_id <> '';

-- One mutating call each. The unique key of the caller is the idempotency record.
CREATE TABLE operations (
  id              TEXT PRIMARY KEY,
  tenant          TEXT NOT NULL,
  account_id      TEXT NOT NULL REFERENCES accounts (id),
  provider        TEXT NOT NULL,
  kind            TEXT NOT NULL,
  action          TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  fingerprint     BYTEA,
  provider_key    TEXT NOT NULL,
  object_type     TEXT NOT NULL,
  object_id       TEXT NOT NULL,
  invoice_id      TEXT NOT NULL,
  state           TEXT NOT NULL,
  executed        TEXT NOT NULL,
  resolution      TEXT NOT NULL,
  request         BYTEA, -- sealed, personal
  result          BYTEA, -- sealed, personal
  error           TEXT,
  error_kind      TEXT NOT NULL,
  try             BIGINT NOT NULL,
  not_before      BIGINT,
  give_up_at      BIGINT,
  next_look_at    BIGINT,
  look_count      BIGINT NOT NULL,
  needs_review    BOOLEAN NOT NULL,
  review_reason   TEXT NOT NULL,
  customer_id     TEXT NOT NULL,
  actor           TEXT NOT NULL,
  request_id      TEXT NOT NULL,
  correlation_id  TEXT NOT NULL,
  traceparent     TEXT NOT NULL,
  created_at      BIGINT NOT NULL,
  updated_at      BIGINT,
  finished_at     BIGINT,
  version         BIGINT NOT NULL
);
CREATE UNIQUE INDEX operations_key ON operations (tenant, kind, idempotency_key) WHERE idempotency_key <> '';
CREATE UNIQUE INDEX operations_provider_key ON operations (account_id, provider_key) WHERE provider_key <> '';
CREATE INDEX operations_list ON operations (created_at, id);
CREATE INDEX operations_account ON operations (account_id, created_at, id);
CREATE INDEX operations_invoice ON operations (invoice_id, created_at, id) WHERE invoice_id <> '';
CREATE INDEX operations_open ON operations (state, created_at, id) WHERE state <> 'done';
CREATE INDEX operations_look ON operations (next_look_at, id) WHERE next_look_at IS NOT NULL;
CREATE INDEX operations_review ON operations (created_at, id) WHERE needs_review = TRUE;

CREATE TABLE tries (
  operation_id     TEXT NOT NULL REFERENCES operations (id),
  number           BIGINT NOT NULL,
  plugin           TEXT NOT NULL,
  plugin_version   TEXT NOT NULL,
  plugin_digest    TEXT NOT NULL,
  sdk_version      TEXT NOT NULL,
  protocol         BIGINT NOT NULL,
  host_version     TEXT NOT NULL,
  host_instance    TEXT NOT NULL,
  generation       BIGINT NOT NULL,
  account_revision BIGINT NOT NULL,
  actor            TEXT NOT NULL,
  request_id       TEXT NOT NULL,
  traceparent      TEXT NOT NULL,
  started_at       BIGINT,
  finished_at      BIGINT,
  transport        TEXT NOT NULL,
  executed         TEXT NOT NULL,
  error_kind       TEXT NOT NULL,
  error            TEXT NOT NULL,
  PRIMARY KEY (operation_id, number)
);

CREATE TABLE evidence (
  id                  TEXT PRIMARY KEY,
  tenant              TEXT NOT NULL,
  account_id          TEXT NOT NULL,
  object_type         TEXT NOT NULL,
  object_id           TEXT NOT NULL,
  operation_id        TEXT NOT NULL,
  webhook_id          TEXT NOT NULL,
  kind                TEXT NOT NULL,
  observed_at         BIGINT,
  provider_time       BIGINT,
  provider_version    BIGINT NOT NULL,
  provider_request_id TEXT NOT NULL,
  http_status         BIGINT NOT NULL,
  raw                 BYTEA, -- sealed
  raw_content_type    TEXT NOT NULL,
  status              TEXT NOT NULL,
  applied             TEXT NOT NULL,
  reason              TEXT NOT NULL,
  actor               TEXT NOT NULL,
  detail              TEXT,
  created_at          BIGINT NOT NULL
);
CREATE INDEX evidence_object ON evidence (object_type, object_id, created_at, id);
CREATE INDEX evidence_operation ON evidence (operation_id, created_at, id) WHERE operation_id <> '';
CREATE INDEX evidence_webhook ON evidence (webhook_id, created_at, id) WHERE webhook_id <> '';

-- The inbox: inbound webhooks as they came.
CREATE TABLE webhooks (
  id           TEXT PRIMARY KEY,
  tenant       TEXT NOT NULL,
  account_id   TEXT NOT NULL REFERENCES accounts (id),
  provider     TEXT NOT NULL,
  tail         TEXT NOT NULL,
  dedup_key    TEXT NOT NULL,
  state        TEXT NOT NULL,
  reason       TEXT NOT NULL,
  method       TEXT NOT NULL,
  raw_query    BYTEA, -- sealed
  headers      BYTEA, -- sealed
  body         BYTEA, -- sealed
  events       BYTEA, -- sealed
  peer         TEXT NOT NULL,
  object_type  TEXT NOT NULL,
  object_id    TEXT NOT NULL,
  provider_ref TEXT NOT NULL,
  provider_key TEXT NOT NULL,
  deliveries   BIGINT NOT NULL,
  received_at  BIGINT NOT NULL,
  processed_at BIGINT,
  version      BIGINT NOT NULL
);
CREATE UNIQUE INDEX webhooks_dedup ON webhooks (account_id, dedup_key) WHERE dedup_key <> '';
CREATE INDEX webhooks_list ON webhooks (received_at, id);
CREATE INDEX webhooks_account ON webhooks (account_id, received_at, id);
CREATE INDEX webhooks_open ON webhooks (state, received_at, id);
CREATE INDEX webhooks_object ON webhooks (object_id, received_at, id) WHERE object_id <> '';
CREATE INDEX webhooks_provider_ref ON webhooks (provider_ref, account_id) WHERE provider_ref <> '';
CREATE INDEX webhooks_spool ON webhooks (account_id) WHERE state = 'spooled';

-- Data keys. data_key is NULL once its owner was erased.
CREATE TABLE customer_keys (
  id         TEXT PRIMARY KEY,
  tenant     TEXT NOT NULL,
  owner_kind TEXT NOT NULL, -- customer, or the type of an object without customer
  owner_id   TEXT NOT NULL,
  data_key   BYTEA, -- sealed
  created_at BIGINT NOT NULL,
  erased_at  BIGINT
);
CREATE UNIQUE INDEX customer_keys_owner ON customer_keys (tenant, owner_kind, owner_id) WHERE erased_at IS NULL;

CREATE TABLE personal_data (
  tenant      TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  object_type TEXT NOT NULL,
  object_id   TEXT NOT NULL,
  kind        TEXT NOT NULL,
  key_id      TEXT NOT NULL REFERENCES customer_keys (id),
  data        BYTEA, -- sealed, personal
  updated_at  BIGINT NOT NULL,
  PRIMARY KEY (tenant, customer_id, object_type, object_id, kind)
);
CREATE INDEX personal_data_key ON personal_data (key_id);

CREATE TABLE events (
  position       BIGINT PRIMARY KEY,
  id             TEXT NOT NULL UNIQUE,
  type           TEXT NOT NULL,
  schema         BIGINT NOT NULL,
  tenant         TEXT NOT NULL,
  mode           TEXT NOT NULL,
  account        TEXT NOT NULL,
  object_type    TEXT NOT NULL,
  object_id      TEXT NOT NULL,
  object_version BIGINT NOT NULL,
  sequence       BIGINT NOT NULL,
  occurred_at    BIGINT,
  actor          TEXT NOT NULL,
  cause          TEXT NOT NULL,
  data           TEXT,
  previous       TEXT,
  UNIQUE (object_type, object_id, sequence)
);

CREATE TABLE event_consumers (
  consumer   TEXT PRIMARY KEY,
  position   BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

CREATE TABLE audit_log (
  id            BIGINT PRIMARY KEY,
  at            BIGINT NOT NULL,
  tenant        TEXT NOT NULL,
  actor         TEXT NOT NULL,
  action        TEXT NOT NULL,
  object_type   TEXT NOT NULL,
  object_id     TEXT NOT NULL,
  before        TEXT,
  after         TEXT,
  reason        TEXT NOT NULL,
  request_id    TEXT NOT NULL,
  host_instance TEXT NOT NULL
);

-- Comparisons of our records of an account with its provider's, and what they found. No personal data.
CREATE TABLE reconciliations (
  id             TEXT PRIMARY KEY,
  tenant         TEXT NOT NULL,
  mode           TEXT NOT NULL,
  account_id     TEXT NOT NULL REFERENCES accounts (id),
  provider       TEXT NOT NULL,
  method         TEXT NOT NULL,
  state          TEXT NOT NULL,
  heal           BOOLEAN NOT NULL,
  window_from    BIGINT NOT NULL,
  window_to      BIGINT NOT NULL,
  time_zone      TEXT NOT NULL,
  complete_until BIGINT,
  checked        TEXT,
  found          TEXT,
  blind_spots    TEXT,
  error          TEXT NOT NULL,
  actor          TEXT NOT NULL,
  host_instance  TEXT NOT NULL,
  created_at     BIGINT NOT NULL,
  finished_at    BIGINT,
  version        BIGINT NOT NULL
);
CREATE INDEX reconciliations_account ON reconciliations (account_id, created_at, id);
CREATE UNIQUE INDEX reconciliations_running ON reconciliations (account_id) WHERE state = 'running';

CREATE TABLE reconciliation_findings (
  run_id       TEXT NOT NULL REFERENCES reconciliations (id),
  number       BIGINT NOT NULL, -- from 1 within the run
  class        TEXT NOT NULL,
  object_type  TEXT NOT NULL,
  object_id    TEXT NOT NULL,
  provider_ref TEXT NOT NULL,
  ours         TEXT,
  theirs       TEXT,
  detail       TEXT NOT NULL,
  healed       TEXT NOT NULL,
  PRIMARY KEY (run_id, number)
);

-- What a plugin binary said of itself, so that config check and field rules work while it is down.
CREATE TABLE manifests (
  provider   TEXT NOT NULL,
  version    TEXT NOT NULL,
  digest     TEXT NOT NULL,
  manifest   TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (provider, version, digest)
);

-- Which version should run.
CREATE TABLE plugin_choices (
  provider       TEXT PRIMARY KEY,
  version        TEXT NOT NULL,
  previous       TEXT NOT NULL,
  canary         TEXT NOT NULL,
  canary_percent BIGINT NOT NULL,
  since          BIGINT,
  actor          TEXT NOT NULL,
  reason         TEXT NOT NULL
);
