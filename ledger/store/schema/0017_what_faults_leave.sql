-- How often the EHR is still to be searched for what a worker without a lease may have written there.
alter table notice add column looks_due smallint not null default 0;

-- The latest instant for which somebody was told what was known: what is posted later is posted after it, whatever the
-- clocks of the workers say.
alter table tenant add column known_until_at timestamptz;
grant update (known_until_at) on tenant to authledger_app;
