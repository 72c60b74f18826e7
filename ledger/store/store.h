#pragma once

#include "ledger/store/fact_store.h"
#include "ledger/store/feed_store.h"
#include "ledger/store/journal_store.h"
#include "ledger/store/notice_store.h"
#include "ledger/store/pg.h"
#include "ledger/store/quarantine_store.h"
#include "ledger/store/schema.h"
#include "ledger/store/subject_store.h"
#include "ledger/store/tenant_store.h"
