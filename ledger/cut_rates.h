#pragma once

#include <span>
#include <string>
#include <vector>

#include "ledger/consolidate.h"

// How much of what is asked for each payer approves. Pure.

namespace authledger {

// Over decided lines that state both quantities; 12 requested and 8 approved is a cut of 33 %.
struct PayerCutRate {
  std::string payer, payer_display;
  int lines = 0;      // Decided, with both quantities.
  int lines_cut = 0;  // Of these, approved for less, or denied.
  Quantity requested, approved;
  int cut_percent = 0;  // Of the units requested, rounded to the nearest percent, halves up.
};

class CutRates {
 public:
  void add(std::span<const AuthorizationLine> lines);
  std::vector<PayerCutRate> by_payer() const;  // Ordered by payer.

 private:
  std::vector<PayerCutRate> rates_;
};

}  // namespace authledger
