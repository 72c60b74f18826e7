#include "ledger/timed_days.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace authledger {
namespace {

void share_units(std::vector<Service*> services, int unit) {
  int64_t minutes = 0, whole = 0;
  for (const Service* service : services) {
    minutes += service->timed->minutes;
    whole += service->timed->minutes / unit;
  }
  constexpr int kFirstUnitMinutes = 8;
  int64_t left = (minutes < kFirstUnitMinutes ? 0 : (minutes - kFirstUnitMinutes) / unit + 1) - whole;
  std::sort(services.begin(), services.end(), [unit](const Service* a, const Service* b) {
    const auto name = [](const Service& service) {
      return std::tuple(std::string_view(service.key), std::string_view(service.sources.front().source));
    };
    return std::tuple(b->timed->minutes % unit, name(*a)) < std::tuple(a->timed->minutes % unit, name(*b));
  });
  for (Service* service : services) {
    const int64_t extra = left > 0 ? 1 : 0;
    left -= extra;
    service->quantity = Quantity::of_units(service->timed->minutes / unit + extra);
  }
}

}  // namespace

void count_timed_days(const std::vector<Service*>& services) {
  using TimedDay = std::tuple<int32_t, std::string_view, std::string_view, bool, int>;
  std::map<TimedDay, std::vector<Service*>> days;
  for (Service* service : services) {
    const bool is_rendered = service->state == ServiceState::rendered;
    const bool is_booked = service->state == ServiceState::planned || service->state == ServiceState::in_progress;
    if (!service->timed || (!is_rendered && !is_booked)) continue;
    days[{service->day.number, service->payer, service->provider, is_rendered, service->timed->unit_minutes}].push_back(
        service);
  }
  for (auto& [day, group] : days) {
    if (group.size() > 1) share_units(std::move(group), std::get<4>(day));
  }
}

}  // namespace authledger
