#include "ledger/reckon.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "ledger/journal.h"
#include "ledger/notices.h"

// How long the pure steps take for one patient: a typical one (one authorization, 12 visits) and a heavy one (60 lines,
// 2,000 services), from facts to the first journal entry and, where nothing moved, to none.

namespace authledger {
namespace {

const Day kFirstDay = day_of(2026, 1, 1);

Fact fact_of(const std::string& resource, FactKind kind, std::string_view line, FactBody body) {
  Fact fact;
  fact.source = "ehr";
  fact.resource = resource;
  fact.fact_key = make_fact_key(fact.source, resource, kind, line);
  fact.source_version = 1;
  fact.mapping = "bench 1";
  fact.body = std::move(body);
  return fact;
}

std::vector<Fact> patient_of(int lines, int services) {
  std::vector<Fact> facts;
  for (int i = 0; i < lines; ++i) {
    AuthorizationLineFact line;
    line.patient = "Patient/p1";
    line.payer = "Organization/payer";
    line.member_id = "M1";
    line.authorization_number = fmt::format("A{:04}", i / 2);
    line.line = fmt::format("{}", i % 2 + 1);
    line.decision = Decision::approved;
    line.service_codes = {i % 2 == 0 ? "90837" : "90853"};
    line.first_day = kFirstDay + 12 * i;
    line.last_day = kFirstDay + 12 * i + 90;
    line.quantity = Quantity::of_units(20);
    line.measure = Measure::visit;
    facts.push_back(
        fact_of(fmt::format("ClaimResponse/cr{:04}", i / 2), FactKind::authorization_line, line.line, line));
  }
  for (int i = 0; i < services; ++i) {
    ServiceFact service;
    service.patient = "Patient/p1";
    service.state = i % 10 == 9 ? ServiceState::planned : ServiceState::rendered;
    service.day = kFirstDay + i * (12 * lines + 60) / services;
    service.service_codes = {i % 3 == 0 && lines > 1 ? "90853" : "90837"};
    service.provider = fmt::format("Practitioner/{}", i % 5);
    facts.push_back(fact_of(fmt::format("Encounter/{:05}", i), FactKind::service, "1", service));
  }
  for (size_t i = 0; i < facts.size(); ++i) facts[i].fact_seq = static_cast<int64_t>(i) + 1;
  return facts;
}

struct Case {
  std::vector<Fact> facts;
  Policy policy = *make_policy(1, shipped_rules());
  Day today;
};

Case case_of(const benchmark::State& state) {
  Case made;
  made.facts = patient_of(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  made.today = kFirstDay + static_cast<int>(6 * state.range(0));
  return made;
}

void current(benchmark::State& state) {
  const Case patient = case_of(state);
  for (auto _ : state) benchmark::DoNotOptimize(current_facts(patient.facts));
}

void consolidated(benchmark::State& state) {
  const Case patient = case_of(state);
  const std::vector<Fact> facts = current_facts(patient.facts);
  for (auto _ : state) benchmark::DoNotOptimize(consolidate(facts, patient.facts, patient.policy));
}

void allocated(benchmark::State& state) {
  const Case patient = case_of(state);
  const Reckoning reckoning = reckon(patient.facts, patient.policy, patient.today);
  for (auto _ : state) benchmark::DoNotOptimize(allocate(reckoning.subject, patient.policy, patient.today));
}

void first_entry(benchmark::State& state) {
  const Case patient = case_of(state);
  const auto [subject, allocation] = reckon(patient.facts, patient.policy, patient.today);
  for (auto _ : state) benchmark::DoNotOptimize(plan_entry(subject, allocation, {}));
}

void no_entry(benchmark::State& state) {
  const Case patient = case_of(state);
  const auto [subject, allocation] = reckon(patient.facts, patient.policy, patient.today);
  const std::vector<Position> positions = fold_positions(plan_entry(subject, allocation, {}).transfers);
  for (auto _ : state) benchmark::DoNotOptimize(plan_entry(subject, allocation, positions));
}

void notices(benchmark::State& state) {
  const Case patient = case_of(state);
  const Reckoning reckoning = reckon(patient.facts, patient.policy, patient.today);
  for (auto _ : state) {
    const auto& [subject, allocation] = reckoning;
    benchmark::DoNotOptimize(plan_notices("clinic", 1, subject, allocation, patient.policy, patient.today, {}));
    benchmark::DoNotOptimize(due_again_on(reckoning, patient.policy, patient.today));
  }
}

void for_both(benchmark::internal::Benchmark* measured) {
  measured->ArgNames({"lines", "services"})->Args({1, 12})->Args({60, 2000})->Unit(benchmark::kMicrosecond);
}

BENCHMARK(current)->Apply(for_both);
BENCHMARK(consolidated)->Apply(for_both);
BENCHMARK(allocated)->Apply(for_both);
BENCHMARK(first_entry)->Apply(for_both);
BENCHMARK(no_entry)->Apply(for_both);
BENCHMARK(notices)->Apply(for_both);

}  // namespace
}  // namespace authledger

BENCHMARK_MAIN();
