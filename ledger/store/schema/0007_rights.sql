-- The second fence: the application role sees one tenant at a time and cannot edit what is append-only. The role is
-- created before the migrations run (ledger/store/schema.cc). An unset tenant sees nothing.
grant select on schema_version to authledger_app;
grant select, insert on tenant to authledger_app;
grant update (time_zone) on tenant to authledger_app;
grant usage on sequence subject_id_seq to authledger_app;

-- Append-only.
grant select, insert on
  fact,
  fact_coverage,
  fact_request_line,
  fact_authorization_line,
  fact_order,
  fact_service,
  fact_party,
  fact_pin,
  fact_payer_count,
  journal_entry,
  transfer,
  seal,
  delivery,
  policy
  to authledger_app;

-- State that moves on.
grant select, insert, update on feed to authledger_app;
grant select, insert, update on raw_resource to authledger_app;
grant select, insert, update on subject to authledger_app;
grant select, insert on subject_alias to authledger_app;
grant select, insert, delete on quarantine to authledger_app;
grant select, insert, update, delete on balance to authledger_app;
grant select, insert, update on notice to authledger_app;

-- A tenant is found by its name before its number is known; names of tenants are no secret of the tenant.
alter table tenant enable row level security;
alter table tenant force row level security;
create policy tenant_find on tenant for select using (true);
create policy tenant_create on tenant for insert with check (true);
create policy tenant_change on tenant for update
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table fact enable row level security;
alter table fact force row level security;
create policy fact_of_tenant on fact
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table fact_coverage enable row level security;
alter table fact_coverage force row level security;
create policy fact_coverage_of_tenant on fact_coverage
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table fact_request_line enable row level security;
alter table fact_request_line force row level security;
create policy fact_request_line_of_tenant on fact_request_line
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table fact_authorization_line enable row level security;
alter table fact_authorization_line force row level security;
create policy fact_authorization_line_of_tenant on fact_authorization_line
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table fact_order enable row level security;
alter table fact_order force row level security;
create policy fact_order_of_tenant on fact_order
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table fact_service enable row level security;
alter table fact_service force row level security;
create policy fact_service_of_tenant on fact_service
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table fact_party enable row level security;
alter table fact_party force row level security;
create policy fact_party_of_tenant on fact_party
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table fact_pin enable row level security;
alter table fact_pin force row level security;
create policy fact_pin_of_tenant on fact_pin
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table fact_payer_count enable row level security;
alter table fact_payer_count force row level security;
create policy fact_payer_count_of_tenant on fact_payer_count
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table journal_entry enable row level security;
alter table journal_entry force row level security;
create policy journal_entry_of_tenant on journal_entry
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table transfer enable row level security;
alter table transfer force row level security;
create policy transfer_of_tenant on transfer
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table seal enable row level security;
alter table seal force row level security;
create policy seal_of_tenant on seal
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table delivery enable row level security;
alter table delivery force row level security;
create policy delivery_of_tenant on delivery
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table policy enable row level security;
alter table policy force row level security;
create policy policy_of_tenant on policy
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table feed enable row level security;
alter table feed force row level security;
create policy feed_of_tenant on feed
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table raw_resource enable row level security;
alter table raw_resource force row level security;
create policy raw_resource_of_tenant on raw_resource
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table subject enable row level security;
alter table subject force row level security;
create policy subject_of_tenant on subject
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table subject_alias enable row level security;
alter table subject_alias force row level security;
create policy subject_alias_of_tenant on subject_alias
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table quarantine enable row level security;
alter table quarantine force row level security;
create policy quarantine_of_tenant on quarantine
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table balance enable row level security;
alter table balance force row level security;
create policy balance_of_tenant on balance
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table notice enable row level security;
alter table notice force row level security;
create policy notice_of_tenant on notice
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

-- Start of the oldest other transaction of this database, null when there is none. The application role may not look
-- into sessions that logged in as the owner: the function runs with the owner's rights and tells this one time.
create function oldest_other_transaction_at() returns timestamptz
  language sql stable security definer set search_path = pg_catalog
  as $$
    select min(xact_start)
      from pg_stat_activity
     where datname = current_database()
       and backend_type = 'client backend'
       and pid <> pg_backend_pid()
  $$;
revoke all on function oldest_other_transaction_at() from public;
grant execute on function oldest_other_transaction_at() to authledger_app;
