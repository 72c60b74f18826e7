-- Who the ledger belongs to, and by which rules each of its entries was decided.
create table tenant (
  tenant_id   bigint generated always as identity primary key,
  name        text not null unique,
  time_zone   text not null,
  created_at  timestamptz not null default now()
);

-- One version is one body for ever.
create table policy (
  tenant_id       bigint not null references tenant,
  policy_version  bigint not null,
  body            text not null,
  body_hash       bytea not null,
  created_at      timestamptz not null default now(),
  primary key (tenant_id, policy_version)
);
