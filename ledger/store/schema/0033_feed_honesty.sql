-- Patients whose records a sweep asked for in vain: they wait like those who were read, and are counted. is_withheld: the
-- server refuses them to this client; else it failed to give them. The row goes once the records are read.
create table sweep_refusal (
  tenant_id      bigint not null,
  source         text collate "C" not null,
  resource_type  text collate "C" not null,
  patient        text collate "C" not null,
  asked_at       timestamptz not null,
  is_withheld    boolean not null,
  primary key (tenant_id, source, resource_type, patient)
);

grant select, insert, update, delete on sweep_refusal to authledger_app;

alter table sweep_refusal enable row level security;
alter table sweep_refusal force row level security;
create policy sweep_refusal_of_tenant on sweep_refusal
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

-- Of a sweep: patients of the roster whose records it could not read.
alter table feed_certificate
  add column patients_withheld bigint,
  add column patients_failed bigint;

-- The latest certificate is the one that was written last, whatever the clock said. Numbers the certificates that stand:
-- 350,000 of them take about a second.
alter table feed_certificate
  add column certificate_no bigint generated always as identity;
create index feed_certificate_latest on feed_certificate (tenant_id, source, resource_type, certificate_no);

-- When it was tested whether the feed heeds _lastUpdated. Null: before this was kept.
alter table feed
  add column tested_at timestamptz;

-- Whether the way in which the feed was read notices what is deleted at its source. Null: that is no question there.
alter table feed_certificate
  add column sees_deletions boolean;
