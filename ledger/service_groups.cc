#include "ledger/service_groups.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "ledger/match.h"
#include "ledger/units.h"

namespace authledger {
namespace {

ServiceSource type_of(std::string_view resource) {
  const std::string_view type = resource.substr(0, resource.find('/'));
  if (type == "Claim") return ServiceSource::claim;
  if (type == "ExplanationOfBenefit") return ServiceSource::explanation;
  if (type == "ChargeItem") return ServiceSource::charge;
  if (type == "Procedure") return ServiceSource::procedure;
  if (type == "Encounter") return ServiceSource::encounter;
  if (type == "Appointment") return ServiceSource::appointment;
  return ServiceSource::other;
}

bool is_visit_level(const ServicePart& part) {
  return part.type >= ServiceSource::encounter;
}
bool is_void(const ServicePart& part) {
  return part.state == ServiceState::voided;
}

std::string_view encounter_of(const ServicePart& part) {
  return part.type == ServiceSource::encounter ? std::string_view(part.fact->resource) : part.says->encounter;
}
std::string_view appointment_of(const ServicePart& part) {
  return part.type == ServiceSource::appointment ? std::string_view(part.fact->resource) : part.says->appointment;
}

bool has_type(const ServiceGroup& group, ServiceSource type) {
  return std::any_of(group.parts.begin(), group.parts.end(), [type](const ServicePart* p) { return p->type == type; });
}

using Reference = std::pair<std::string_view, std::string_view>;  // Source, then "Type/id".
using Visit = std::vector<const ServicePart*>;

// Parts by the visit that they name; each part without any reference is a visit of its own.
std::vector<Visit> collect_visits(const std::vector<ServicePart>& parts) {
  std::map<Reference, size_t> by_encounter;
  std::map<Reference, std::vector<size_t>> by_appointment;
  std::vector<Visit> visits;
  for (const ServicePart& part : parts) {
    if (encounter_of(part).empty()) continue;
    const auto [found, is_new] = by_encounter.try_emplace({part.fact->source, encounter_of(part)}, visits.size());
    if (is_new) visits.emplace_back();
    visits[found->second].push_back(&part);
    if (appointment_of(part).empty()) continue;
    std::vector<size_t>& of_appointment = by_appointment[{part.fact->source, appointment_of(part)}];
    if (std::find(of_appointment.begin(), of_appointment.end(), found->second) == of_appointment.end()) {
      of_appointment.push_back(found->second);
    }
  }
  for (const ServicePart& part : parts) {
    if (!encounter_of(part).empty()) continue;
    if (appointment_of(part).empty()) {
      visits.push_back({&part});
      continue;
    }
    std::vector<size_t>& of_appointment = by_appointment[{part.fact->source, appointment_of(part)}];
    if (of_appointment.empty()) {
      of_appointment.push_back(visits.size());
      visits.emplace_back();
    }
    // One appointment that led to two encounters stands behind both.
    const size_t count = part.type == ServiceSource::appointment ? of_appointment.size() : 1;
    for (size_t i = 0; i < count; ++i) visits[of_appointment[i]].push_back(&part);
  }
  return visits;
}

// Attaches records of one lower type to the services of a visit: equal codes first, then the only one that is left.
void attach_items(std::vector<ServiceGroup>& services, const Visit& items, ServiceSource type, const Rules& rules) {
  Visit left;
  for (const ServicePart* item : items) {
    ServiceGroup* home = nullptr;
    for (ServiceGroup& service : services) {
      const bool is_match = codes_agree(service.parts.front()->says->service_codes, item->says->service_codes, rules);
      const bool is_equal = have_common_code(service.parts.front()->says->service_codes, item->says->service_codes);
      if (has_type(service, type) || !is_match) continue;
      if (home == nullptr ||
          (is_equal && !have_common_code(home->parts.front()->says->service_codes, item->says->service_codes))) {
        home = &service;
      }
    }
    if (home != nullptr) {
      home->parts.push_back(item);
    } else {
      left.push_back(item);
    }
  }
  std::vector<ServiceGroup*> open;
  for (ServiceGroup& service : services) {
    if (!has_type(service, type)) open.push_back(&service);
  }
  if (left.size() == 1 && open.size() == 1) {
    open.front()->parts.push_back(left.front());  // A code that was corrected on its way to the bill.
    return;
  }
  for (const ServicePart* item : left) services.push_back({{item}, false});
}

std::vector<ServiceGroup> split_visit(const Visit& visit, const Rules& rules) {
  std::vector<ServiceGroup> services;
  Visit visit_level, void_items;
  std::map<ServiceSource, Visit> live_items;
  for (const ServicePart* part : visit) {
    if (is_visit_level(*part)) {
      visit_level.push_back(part);
    } else if (is_void(*part)) {
      void_items.push_back(part);
    } else {
      live_items[part->type].push_back(part);
    }
  }
  for (const auto& [type, items] : live_items) {
    if (services.empty()) {
      for (const ServicePart* item : items) services.push_back({{item}, false});
    } else {
      attach_items(services, items, type, rules);
    }
  }
  // Add-on charges alone do not stand for the visit that they were added to.
  const bool is_only_add_ons = std::all_of(services.begin(), services.end(), [&rules](const ServiceGroup& service) {
    return is_add_on(service.parts.front()->says->service_codes, rules);
  });
  if (is_only_add_ons && !visit_level.empty()) {
    // Encounters of one visit are told apart by their reference, so there is one; appointments stand behind it.
    services.push_back({visit_level, false});
  } else {
    for (ServiceGroup& service : services) {
      service.parts.insert(service.parts.end(), visit_level.begin(), visit_level.end());
      service.shares_visit = services.size() > 1;
    }
  }
  if (services.empty()) {
    for (const ServicePart* item : void_items) services.push_back({{item}, false});
  } else {
    services.back().parts.insert(services.back().parts.end(), void_items.begin(), void_items.end());
  }
  return services;
}

const ServicePart& lead_of(const ServiceGroup& group) {
  return **std::min_element(group.parts.begin(), group.parts.end(), [](const ServicePart* a, const ServicePart* b) {
    return std::tuple(is_void(*a), a->type, std::string_view(a->fact->fact_key)) <
           std::tuple(is_void(*b), b->type, std::string_view(b->fact->fact_key));
  });
}

// Both name an encounter (or an appointment) on the same source: were it the same one, they would be one visit.
bool name_other_visits(const ServiceGroup& a, const ServiceGroup& b) {
  for (const ServicePart* part : a.parts) {
    for (const ServicePart* other : b.parts) {
      if (part->fact->source != other->fact->source) continue;
      if (!encounter_of(*part).empty() && !encounter_of(*other).empty()) return true;
      if (!appointment_of(*part).empty() && !appointment_of(*other).empty()) return true;
    }
  }
  return false;
}

bool is_live(const ServiceGroup& group) {
  const ServiceState state = lead_of(group).state;
  return state != ServiceState::voided && state != ServiceState::no_show;
}

// How surely two groups of one day are one service; nullopt when they are not.
std::optional<int> likeness(const ServiceGroup& a, const ServiceGroup& b, const Rules& rules) {
  for (const ServicePart* part : a.parts) {
    if (has_type(b, part->type)) return std::nullopt;
  }
  const ServiceFact& ours = *lead_of(a).says;
  const ServiceFact& theirs = *lead_of(b).says;
  if (!references_agree(ours.provider, theirs.provider)) return std::nullopt;
  if (!codes_agree(ours.service_codes, theirs.service_codes, rules)) return std::nullopt;
  if (is_add_on(ours.service_codes, rules) != is_add_on(theirs.service_codes, rules)) return std::nullopt;
  if (name_other_visits(a, b)) return std::nullopt;
  int likes = 0;
  if (have_common_code(ours.service_codes, theirs.service_codes)) likes += 4;
  if (!ours.provider.empty() && ours.provider == theirs.provider) likes += 2;
  if (ours.start_at && ours.start_at == theirs.start_at) likes += 1;
  return likes;
}

// Joins what no reference joins, within one day. `groups` are ordered by precedence, start and key.
void join_alike(std::vector<ServiceGroup>& groups, const Rules& rules) {
  for (size_t i = 0; i < groups.size(); ++i) {
    while (is_live(groups[i])) {
      std::optional<int> best;
      size_t partner = 0;
      for (size_t j = i + 1; j < groups.size(); ++j) {
        if (!is_live(groups[j])) continue;
        const std::optional<int> likes = likeness(groups[i], groups[j], rules);
        if (likes && (!best || *likes > *best)) {
          best = likes;
          partner = j;
        }
      }
      if (!best) break;
      std::vector<const ServicePart*>& parts = groups[i].parts;
      parts.insert(parts.end(), groups[partner].parts.begin(), groups[partner].parts.end());
      groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(partner));
    }
  }
}

// A record that takes the place of another ends it, also where the other does not say so itself. One that is void, or
// that names itself, replaces nothing.
void mark_replaced(std::vector<ServicePart>& parts) {
  std::set<Reference> replaced;
  for (const ServicePart& part : parts) {
    if (part.state == ServiceState::voided) continue;
    for (const std::string& other : part.says->replaces) {
      if (other != part.fact->resource) replaced.insert({part.fact->source, other});
    }
  }
  if (replaced.empty()) return;
  for (ServicePart& part : parts) {
    if (replaced.contains({part.fact->source, part.fact->resource})) part.state = ServiceState::voided;
  }
}

}  // namespace

std::vector<ServicePart> collect_parts(std::span<const Fact> facts) {
  std::vector<ServicePart> parts;
  for (const Fact& fact : facts) {
    const auto* says = std::get_if<ServiceFact>(&fact.body);
    if (says != nullptr) parts.push_back({&fact, says, type_of(fact.resource), says->state});
  }
  mark_replaced(parts);
  // Current facts come ordered by key; keys are long and alike, so that comparing them once matters.
  const auto by_key = [](const ServicePart& a, const ServicePart& b) { return a.fact->fact_key < b.fact->fact_key; };
  if (!std::is_sorted(parts.begin(), parts.end(), by_key)) std::sort(parts.begin(), parts.end(), by_key);
  for (size_t i = 1; i < parts.size(); ++i) {
    const Fact &former = *parts[i - 1].fact, &fact = *parts[i].fact;
    if (former.resource == fact.resource && former.source == fact.source) {
      parts[i - 1].is_alone = parts[i].is_alone = false;
    }
  }
  return parts;
}

std::vector<ServiceGroup> group_parts(const std::vector<ServicePart>& parts, const Rules& rules) {
  std::vector<ServiceGroup> groups;
  for (const Visit& visit : collect_visits(parts)) {
    for (ServiceGroup& service : split_visit(visit, rules)) groups.push_back(std::move(service));
  }
  const auto place_of = [](const ServiceGroup& group) {
    const ServicePart& lead = lead_of(group);
    return std::tuple(lead.says->day, lead.type, lead.says->start_at, std::string_view(lead.fact->fact_key));
  };
  using Place = std::pair<decltype(place_of(groups.front())), ServiceGroup*>;
  std::vector<Place> places;
  places.reserve(groups.size());
  for (ServiceGroup& group : groups) places.emplace_back(place_of(group), &group);
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.first < b.first; });
  std::vector<ServiceGroup> joined;
  joined.reserve(groups.size());
  for (size_t at = 0; at < places.size();) {
    std::vector<ServiceGroup> of_day;
    const Day day = std::get<0>(places[at].first);
    while (at < places.size() && std::get<0>(places[at].first) == day) {
      of_day.push_back(std::move(*places[at++].second));
    }
    if (of_day.size() > 1) join_alike(of_day, rules);
    for (ServiceGroup& service : of_day) joined.push_back(std::move(service));
  }
  return joined;
}

}  // namespace authledger
