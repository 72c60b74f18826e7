-- The payer directory: which payers facts name, without reading every fact.
create index fact_coverage_payer on fact_coverage (tenant_id, source, payer);
create index fact_authorization_line_payer on fact_authorization_line (tenant_id, source, payer);
