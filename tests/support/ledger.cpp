#include "support/ledger.hpp"

#include <algorithm>

namespace haulcast::support {
namespace {

std::uint64_t count(const std::vector<told>& expected, told what) {
  return static_cast<std::uint64_t>(std::count(expected.begin(), expected.end(), what));
}

bool rejects_as_expected(const client::verdict& answer, const std::vector<told>& expected) {
  std::vector<bool> rejected(expected.size());
  for (const client::rejection& r : answer.rejected) rejected[r.index] = true;
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (rejected[i] != (expected[i] == told::rejected)) return false;
  return true;
}

}  // namespace

bool ledger_batch::acknowledged() const noexcept {
  return std::any_of(attempts.begin(), attempts.end(), [](const ledger_attempt& a) { return a.status == 200; });
}

bool ledger_batch::in_doubt() const noexcept {
  return std::any_of(attempts.begin(), attempts.end(),
                     [](const ledger_attempt& a) { return a.status == 0 || a.status == 503; });
}

std::uint64_t ledger::acknowledged_positions() const noexcept {
  std::uint64_t n = 0;
  for (const ledger_batch& b : batches)
    n += static_cast<std::uint64_t>(
        std::count_if(b.positions.begin(), b.positions.end(), [](const ledger_position& p) { return p.must_be_held(); }));
  return n;
}

std::uint64_t ledger::answered_positions() const noexcept {
  std::uint64_t n = 0;
  for (const ledger_batch& b : batches) n += b.acknowledged() ? b.positions.size() : 0;
  return n;
}

std::uint64_t ledger::attempts(unsigned status) const noexcept {
  std::uint64_t n = 0;
  for (const ledger_batch& b : batches)
    n += static_cast<std::uint64_t>(
        std::count_if(b.attempts.begin(), b.attempts.end(), [&](const ledger_attempt& a) { return a.status == status; }));
  return n;
}

std::vector<std::string> settle(ledger_batch& batch, const std::vector<told>& expected) {
  std::vector<std::string> wrong;
  if (!batch.acknowledged()) return wrong;
  const std::uint64_t late = count(expected, told::late);
  const std::uint64_t fresh = count(expected, told::accepted) + late;
  const bool doubt = batch.in_doubt();
  std::uint64_t told_accepted = 0, told_late = 0;
  for (const ledger_attempt& a : batch.attempts) {
    if (a.status != 200) continue;
    told_accepted += a.answer.accepted;
    told_late += a.answer.late;
    if (!rejects_as_expected(a.answer, expected)) wrong.push_back("other positions were rejected than those that are wrong");
  }
  const auto off = [doubt](std::uint64_t got, std::uint64_t want) { return doubt ? got > want : got != want; };
  if (off(told_accepted, fresh))
    wrong.push_back(std::to_string(told_accepted) + " positions accepted where " + std::to_string(fresh) + " were new");
  if (off(told_late, late))
    wrong.push_back(std::to_string(told_late) + " positions late where " + std::to_string(late) + " were");

  const bool exact = !doubt && told_accepted == fresh;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const bool is_new = expected[i] == told::accepted || expected[i] == told::late;
    batch.positions[i].verdict = is_new && !exact ? told::held : expected[i];
  }
  return wrong;
}

}  // namespace haulcast::support
