-- When the records of a patient were last read in a sweep of a feed. Without it a patient was never read there.
create table sweep_visit (
  tenant_id      bigint not null,
  source         text collate "C" not null,
  resource_type  text collate "C" not null,
  patient        text collate "C" not null,
  read_at        timestamptz not null,
  primary key (tenant_id, source, resource_type, patient)
) with (fillfactor = 80);

grant select, insert, update, delete on sweep_visit to authledger_app;

alter table sweep_visit enable row level security;
alter table sweep_visit force row level security;
create policy sweep_visit_of_tenant on sweep_visit
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);
