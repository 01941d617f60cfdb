CREATE TABLE schema_migrations (
  version    INTEGER PRIMARY KEY,
  name       TEXT NOT NULL,
  checksum   TEXT NOT NULL,
  applied_at INTEGER NOT NULL
) STRICT;
INSERT INTO schema_migrations VALUES(1,'0001_core.sql','ea941d7c88d92c488c38c06aa31f3e57df5ee1e1ec25656a37df07723e13bfd3',1795338143399642);
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL -- sealed
) STRICT;
INSERT INTO meta VALUES('fingerprint_key',X'010e6b5f6239343733303733346430641cabd1cc0d8613ecd52451cf8a4e12e8a881e0f55bd93e310f56aea9dbc9fbbb483f1573cb8051345c0528fa77cc06320789f2bb3d495c5bc4c35a320bea0666dd5ed13277bf33c4e9477daf3f');
CREATE TABLE sequences (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT;
INSERT INTO sequences VALUES('events',2);
INSERT INTO sequences VALUES('audit',0);
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
  config               BLOB, -- sealed
  revision             INTEGER NOT NULL,
  source               TEXT NOT NULL,
  abilities            TEXT,
  info                 TEXT,
  private_state        BLOB, -- sealed
  state_version        INTEGER NOT NULL, -- of private_state; 0 without one
  maintain_at          INTEGER,
  created_at           INTEGER NOT NULL,
  updated_at           INTEGER,
  version              INTEGER NOT NULL
) STRICT;
INSERT INTO accounts VALUES('acc','t','fake','','',NULL,'','',NULL,X'010e6b5f6239343733303733346430641cabd1cc0d8613ecd52451cf8a4e12e8a882a569a4e2e8f97ca5ce7c520b107c4aa61d30b32965350192ebc86652352900ffafcaa1aec224acbc1a8d9c3f89',1,'',NULL,NULL,NULL,0,NULL,1772366400000000,NULL,1);
CREATE TABLE account_revisions (
  account_id TEXT NOT NULL REFERENCES accounts (id),
  revision   INTEGER NOT NULL,
  config     BLOB, -- sealed
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, revision)
) STRICT;
INSERT INTO account_revisions VALUES('acc',1,X'010e6b5f6239343733303733346430641cabd1cc0d8613ecd52451cf8a4e12e8a88e6c7b34706a17d3e7ed0ef7a6c0a91ec8bd0e8d5554608a53e3879c62b6b2f1a6f2f5f635a1e1ffcb1ec498b72a',1795338143442921);
CREATE TABLE invoices (
  id                   TEXT PRIMARY KEY,
  tenant               TEXT NOT NULL,
  mode                 TEXT NOT NULL,
  account_id           TEXT NOT NULL REFERENCES accounts (id),
  provider             TEXT NOT NULL,
  status               TEXT NOT NULL,
  final                INTEGER NOT NULL,
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
  overpaid             INTEGER NOT NULL,
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
  needs_review         INTEGER NOT NULL,
  review_reason        TEXT NOT NULL,
  unresolved_operation TEXT NOT NULL,
  evidence             TEXT NOT NULL,
  provider_time        INTEGER,
  provider_version     INTEGER NOT NULL,
  private_state        BLOB, -- sealed
  state_version        INTEGER NOT NULL, -- of private_state; 0 without one
  next_look_at         INTEGER,
  expires_at           INTEGER,
  closed_at            INTEGER,
  created_at           INTEGER NOT NULL,
  updated_at           INTEGER,
  version              INTEGER NOT NULL
) STRICT;
INSERT INTO invoices VALUES('inv-1','t','','acc','fake','pending',0,'','','',NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,'order-1','','anna','','',NULL,'ref-1',NULL,NULL,'key-1','op-1',0,'','','',NULL,0,NULL,0,NULL,NULL,NULL,1772366400000000,NULL,1);
CREATE TABLE invoice_attempts (
  invoice_id          TEXT NOT NULL REFERENCES invoices (id),
  ordinal             INTEGER NOT NULL,
  account_id          TEXT NOT NULL,
  provider_attempt_id TEXT NOT NULL,
  status              TEXT NOT NULL,
  data                TEXT NOT NULL,
  PRIMARY KEY (invoice_id, ordinal)
) STRICT;
INSERT INTO invoice_attempts VALUES('inv-1',1,'acc','a','pending','{"provider_attempt_id":"a","status":"pending"}');
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
  provider_time        INTEGER,
  review               TEXT NOT NULL,
  needs_review         INTEGER NOT NULL,
  review_reason        TEXT NOT NULL,
  unresolved_operation TEXT NOT NULL,
  private_state        BLOB, -- sealed
  state_version        INTEGER NOT NULL, -- of private_state; 0 without one
  created_at           INTEGER NOT NULL,
  updated_at           INTEGER,
  version              INTEGER NOT NULL
) STRICT;
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
  returned_at          INTEGER,
  decline              TEXT,
  network              TEXT,
  provider_time        INTEGER,
  provider_data        TEXT,
  needs_review         INTEGER NOT NULL,
  review_reason        TEXT NOT NULL,
  unresolved_operation TEXT NOT NULL,
  private_state        BLOB, -- sealed
  state_version        INTEGER NOT NULL, -- of private_state; 0 without one
  next_look_at         INTEGER,
  created_at           INTEGER NOT NULL,
  updated_at           INTEGER,
  version              INTEGER NOT NULL
) STRICT;
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
  evidence_due_at INTEGER,
  provider_time   INTEGER,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER,
  version         INTEGER NOT NULL
) STRICT;
CREATE TABLE credentials (
  id                TEXT PRIMARY KEY,
  tenant            TEXT NOT NULL,
  account_id        TEXT NOT NULL REFERENCES accounts (id),
  customer_id       TEXT NOT NULL,
  invoice_id        TEXT NOT NULL,
  token             BLOB, -- sealed
  provider_customer TEXT NOT NULL,
  masked            TEXT NOT NULL,
  brand             TEXT NOT NULL,
  expires_at        INTEGER,
  status            TEXT NOT NULL,
  created_at        INTEGER NOT NULL,
  updated_at        INTEGER,
  version           INTEGER NOT NULL
) STRICT;
CREATE TABLE operations (
  id              TEXT PRIMARY KEY,
  tenant          TEXT NOT NULL,
  account_id      TEXT NOT NULL REFERENCES accounts (id),
  provider        TEXT NOT NULL,
  kind            TEXT NOT NULL,
  action          TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  fingerprint     BLOB,
  provider_key    TEXT NOT NULL,
  object_type     TEXT NOT NULL,
  object_id       TEXT NOT NULL,
  invoice_id      TEXT NOT NULL,
  state           TEXT NOT NULL,
  executed        TEXT NOT NULL,
  resolution      TEXT NOT NULL,
  request         BLOB, -- sealed, personal
  result          BLOB, -- sealed, personal
  error           TEXT,
  error_kind      TEXT NOT NULL,
  try             INTEGER NOT NULL,
  not_before      INTEGER,
  give_up_at      INTEGER,
  next_look_at    INTEGER,
  look_count      INTEGER NOT NULL,
  needs_review    INTEGER NOT NULL,
  review_reason   TEXT NOT NULL,
  customer_id     TEXT NOT NULL,
  actor           TEXT NOT NULL,
  request_id      TEXT NOT NULL,
  correlation_id  TEXT NOT NULL,
  traceparent     TEXT NOT NULL,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER,
  finished_at     INTEGER,
  version         INTEGER NOT NULL
) STRICT;
INSERT INTO operations VALUES('op-1','t','acc','fake','create','','k',NULL,'key-1','invoice','inv-1','inv-1','done','','',X'010e6b5f6566313835376632616434361c8391a8d8cb78d354fc09eb082bef10d398bb4c898084f4d38a9345ea64a93a33f5d28598fd38dc22ff7ad3995f9da41e7a599e5a4bf1c9fad65c9331f0b7522020',X'010e6b5f6566313835376632616434361c8391a8d8cb78d354fc09eb082bef10d3534561be14b0d59a0418fabb0dd7cf1bbe1cbd9743cba9260f2ce52b58a58388b8a062afd4fc107391eb6ff5df11d8b10100dd1f33d6a542800b0b49a6',NULL,'',0,NULL,NULL,NULL,0,0,'','anna','','','','',1772366400000000,NULL,NULL,1);
CREATE TABLE tries (
  operation_id     TEXT NOT NULL REFERENCES operations (id),
  number           INTEGER NOT NULL,
  plugin           TEXT NOT NULL,
  plugin_version   TEXT NOT NULL,
  plugin_digest    TEXT NOT NULL,
  sdk_version      TEXT NOT NULL,
  protocol         INTEGER NOT NULL,
  host_version     TEXT NOT NULL,
  host_instance    TEXT NOT NULL,
  generation       INTEGER NOT NULL,
  account_revision INTEGER NOT NULL,
  actor            TEXT NOT NULL,
  request_id       TEXT NOT NULL,
  traceparent      TEXT NOT NULL,
  started_at       INTEGER,
  finished_at      INTEGER,
  transport        TEXT NOT NULL,
  executed         TEXT NOT NULL,
  error_kind       TEXT NOT NULL,
  error            TEXT NOT NULL,
  PRIMARY KEY (operation_id, number)
) STRICT;
INSERT INTO tries VALUES('op-1',1,'fake','','','',1,'0.1.0','',0,0,'','','',1772366400000000,NULL,'not_sent','','','');
INSERT INTO tries VALUES('op-1',2,'fake','','','',1,'0.1.0','',0,0,'','','',1772366400000000,NULL,'answered','','','');
CREATE TABLE evidence (
  id                  TEXT PRIMARY KEY,
  tenant              TEXT NOT NULL,
  account_id          TEXT NOT NULL,
  object_type         TEXT NOT NULL,
  object_id           TEXT NOT NULL,
  operation_id        TEXT NOT NULL,
  webhook_id          TEXT NOT NULL,
  kind                TEXT NOT NULL,
  observed_at         INTEGER,
  provider_time       INTEGER,
  provider_version    INTEGER NOT NULL,
  provider_request_id TEXT NOT NULL,
  http_status         INTEGER NOT NULL,
  raw                 BLOB, -- sealed
  raw_content_type    TEXT NOT NULL,
  status              TEXT NOT NULL,
  applied             TEXT NOT NULL,
  reason              TEXT NOT NULL,
  actor               TEXT NOT NULL,
  detail              TEXT,
  created_at          INTEGER NOT NULL
) STRICT;
INSERT INTO evidence VALUES('ev-1','t','acc','invoice','inv-1','op-1','','api_response',NULL,NULL,0,'',0,X'010e6b5f6239343733303733346430641cabd1cc0d8613ecd52451cf8a4e12e8a8d601b92672bc0e0995a88f9ac46b60f99ec60c57947273cd31ed4edaaca61b','','','','','','{"status":"pending"}',1772366400000000);
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
  raw_query    BLOB, -- sealed
  headers      BLOB, -- sealed
  body         BLOB, -- sealed
  events       BLOB, -- sealed
  peer         TEXT NOT NULL,
  object_type  TEXT NOT NULL,
  object_id    TEXT NOT NULL,
  provider_ref TEXT NOT NULL,
  provider_key TEXT NOT NULL,
  deliveries   INTEGER NOT NULL,
  received_at  INTEGER NOT NULL,
  processed_at INTEGER,
  version      INTEGER NOT NULL
) STRICT;
CREATE TABLE customer_keys (
  id         TEXT PRIMARY KEY,
  tenant     TEXT NOT NULL,
  owner_kind TEXT NOT NULL, -- customer, or the type of an object without customer
  owner_id   TEXT NOT NULL,
  data_key   BLOB, -- sealed
  created_at INTEGER NOT NULL,
  erased_at  INTEGER
) STRICT;
INSERT INTO customer_keys VALUES('k_ef1857f2ad46','t','customer','anna',X'010e6b5f6239343733303733346430641cabd1cc0d8613ecd52451cf8a4e12e8a833096265b9301602f265e07fa3956f5f39c6dfd8b7b8ca29a0b478d31473f0142a4d82b190115283c5cd7ade9bfedac892556aedc84a6777727ee85c',1795338143443201,NULL);
INSERT INTO customer_keys VALUES('k_798c69175dcc','t','object:invoice','inv-1',X'010e6b5f6239343733303733346430641cabd1cc0d8613ecd52451cf8a4e12e8a869ea67660e0365c871c3add365a7a3e08b66bacc5e426cfdf55592517dc914eb06ac9413abb9821e69d358f2f56be7478724d16943ddb2151e608a58',1795338143443765,NULL);
CREATE TABLE personal_data (
  tenant      TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  object_type TEXT NOT NULL,
  object_id   TEXT NOT NULL,
  kind        TEXT NOT NULL,
  key_id      TEXT NOT NULL REFERENCES customer_keys (id),
  data        BLOB, -- sealed, personal
  updated_at  INTEGER NOT NULL,
  PRIMARY KEY (tenant, customer_id, object_type, object_id, kind)
) STRICT;
INSERT INTO personal_data VALUES('t','anna','invoice','inv-1','payer','k_ef1857f2ad46',X'010e6b5f6566313835376632616434361c8391a8d8cb78d354fc09eb082bef10d357a16a7d2a1eb7a936b158610bbbf2698e1e3f0fd3df6fb055780e6caca72a461d12fe3fa5f31029746af6',1795338143443677);
INSERT INTO personal_data VALUES('t','','invoice','inv-1','payer','k_798c69175dcc',X'010e6b5f3739386336393137356463631ccb9d8ed1d1a78301b2cd56301b1b664e6852e7f6e2237a5e17085e6e1d51f1e83426ab56ef507bae9c6ff6915df078b8505dc5c8bb4bbcbe78efa4d5bf96b6',1795338143443781);
CREATE TABLE events (
  position       INTEGER PRIMARY KEY,
  id             TEXT NOT NULL UNIQUE,
  type           TEXT NOT NULL,
  schema         INTEGER NOT NULL,
  tenant         TEXT NOT NULL,
  mode           TEXT NOT NULL,
  account        TEXT NOT NULL,
  object_type    TEXT NOT NULL,
  object_id      TEXT NOT NULL,
  object_version INTEGER NOT NULL,
  sequence       INTEGER NOT NULL,
  occurred_at    INTEGER,
  actor          TEXT NOT NULL,
  cause          TEXT NOT NULL,
  data           TEXT,
  previous       TEXT,
  UNIQUE (object_type, object_id, sequence)
) STRICT;
INSERT INTO events VALUES(1,'evt-1','invoice.created',1,'t','','acc','invoice','inv-1',1,1,1772366400000000,'','','{"status":"creating"}','{}');
INSERT INTO events VALUES(2,'evt-2','invoice.pending',1,'t','','acc','invoice','inv-1',2,2,1772366400000000,'','','{"status":"pending"}','{"status":"creating"}');
CREATE TABLE event_consumers (
  consumer   TEXT PRIMARY KEY,
  position   INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE TABLE audit_log (
  id            INTEGER PRIMARY KEY,
  at            INTEGER NOT NULL,
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
) STRICT;
CREATE TABLE reconciliations (
  id             TEXT PRIMARY KEY,
  tenant         TEXT NOT NULL,
  mode           TEXT NOT NULL,
  account_id     TEXT NOT NULL REFERENCES accounts (id),
  provider       TEXT NOT NULL,
  method         TEXT NOT NULL,
  state          TEXT NOT NULL,
  heal           INTEGER NOT NULL,
  window_from    INTEGER NOT NULL,
  window_to      INTEGER NOT NULL,
  time_zone      TEXT NOT NULL,
  complete_until INTEGER,
  checked        TEXT,
  found          TEXT,
  blind_spots    TEXT,
  error          TEXT NOT NULL,
  actor          TEXT NOT NULL,
  host_instance  TEXT NOT NULL,
  created_at     INTEGER NOT NULL,
  finished_at    INTEGER,
  version        INTEGER NOT NULL
) STRICT;
CREATE TABLE reconciliation_findings (
  run_id       TEXT NOT NULL REFERENCES reconciliations (id),
  number       INTEGER NOT NULL, -- from 1 within the run
  class        TEXT NOT NULL,
  object_type  TEXT NOT NULL,
  object_id    TEXT NOT NULL,
  provider_ref TEXT NOT NULL,
  ours         TEXT,
  theirs       TEXT,
  detail       TEXT NOT NULL,
  healed       TEXT NOT NULL,
  PRIMARY KEY (run_id, number)
) STRICT;
CREATE TABLE manifests (
  provider   TEXT NOT NULL,
  version    TEXT NOT NULL,
  digest     TEXT NOT NULL,
  manifest   TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (provider, version, digest)
) STRICT;
CREATE TABLE plugin_choices (
  provider       TEXT PRIMARY KEY,
  version        TEXT NOT NULL,
  previous       TEXT NOT NULL,
  canary         TEXT NOT NULL,
  canary_percent INTEGER NOT NULL,
  since          INTEGER,
  actor          TEXT NOT NULL,
  reason         TEXT NOT NULL
) STRICT;
CREATE INDEX accounts_list ON accounts (tenant, provider, id);
CREATE INDEX accounts_maintain ON accounts (maintain_at) WHERE maintain_at IS NOT NULL;
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
CREATE INDEX refunds_list ON refunds (created_at, id);
CREATE INDEX refunds_invoice ON refunds (invoice_id, created_at, id);
CREATE INDEX refunds_account ON refunds (account_id, created_at, id);
CREATE INDEX refunds_provider_ref ON refunds (provider_ref, account_id) WHERE provider_ref <> '';
CREATE INDEX payouts_list ON payouts (created_at, id);
CREATE INDEX payouts_account ON payouts (account_id, created_at, id);
CREATE INDEX payouts_provider_ref ON payouts (provider_ref, account_id) WHERE provider_ref <> '';
CREATE INDEX payouts_provider_key ON payouts (provider_key, account_id) WHERE provider_key <> '';
CREATE INDEX payouts_look ON payouts (next_look_at, id) WHERE next_look_at IS NOT NULL;
CREATE INDEX disputes_list ON disputes (created_at, id);
CREATE INDEX disputes_invoice ON disputes (invoice_id, created_at, id);
CREATE INDEX credentials_customer ON credentials (tenant, customer_id, created_at, id);
CREATE INDEX credentials_invoice ON credentials (invoice_id, created_at, id) WHERE invoice_id <> '';
CREATE UNIQUE INDEX operations_key ON operations (tenant, kind, idempotency_key) WHERE idempotency_key <> '';
CREATE UNIQUE INDEX operations_provider_key ON operations (account_id, provider_key) WHERE provider_key <> '';
CREATE INDEX operations_list ON operations (created_at, id);
CREATE INDEX operations_account ON operations (account_id, created_at, id);
CREATE INDEX operations_invoice ON operations (invoice_id, created_at, id) WHERE invoice_id <> '';
CREATE INDEX operations_open ON operations (state, created_at, id) WHERE state <> 'done';
CREATE INDEX operations_look ON operations (next_look_at, id) WHERE next_look_at IS NOT NULL;
CREATE INDEX operations_review ON operations (created_at, id) WHERE needs_review = TRUE;
CREATE INDEX evidence_object ON evidence (object_type, object_id, created_at, id);
CREATE INDEX evidence_operation ON evidence (operation_id, created_at, id) WHERE operation_id <> '';
CREATE INDEX evidence_webhook ON evidence (webhook_id, created_at, id) WHERE webhook_id <> '';
CREATE UNIQUE INDEX webhooks_dedup ON webhooks (account_id, dedup_key) WHERE dedup_key <> '';
CREATE INDEX webhooks_list ON webhooks (received_at, id);
CREATE INDEX webhooks_account ON webhooks (account_id, received_at, id);
CREATE INDEX webhooks_open ON webhooks (state, received_at, id);
CREATE INDEX webhooks_object ON webhooks (object_id, received_at, id) WHERE object_id <> '';
CREATE INDEX webhooks_provider_ref ON webhooks (provider_ref, account_id) WHERE provider_ref <> '';
CREATE INDEX webhooks_spool ON webhooks (account_id) WHERE state = 'spooled';
CREATE UNIQUE INDEX customer_keys_owner ON customer_keys (tenant, owner_kind, owner_id) WHERE erased_at IS NULL;
CREATE INDEX personal_data_key ON personal_data (key_id);
CREATE INDEX reconciliations_account ON reconciliations (account_id, created_at, id);
CREATE UNIQUE INDEX reconciliations_running ON reconciliations (account_id) WHERE state = 'running';
