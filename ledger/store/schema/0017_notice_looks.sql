-- How often the EHR is still to be searched for what a worker without a lease may have written there.
alter table notice add column looks_due smallint not null default 0;
