#include "integration/soak_audit.hpp"

#include <set>

#include "integration/story.hpp"

namespace haulcast::support {

namespace {

using sent_by_time = std::map<std::int64_t, const ledger_position*>;

/// What the server may hold of each truck; of several with one timestamp, the one that it must.
std::vector<sent_by_time> sent_in(const ledger& books) {
  std::vector<sent_by_time> sent(books.trucks.size());
  for (const ledger_batch& b : books.batches) {
    for (const ledger_position& p : b.positions) {
      if (p.verdict == told::rejected) continue;
      const ledger_position*& known = sent[p.truck][p.timestamp_ms];
      if (known == nullptr || p.must_be_held()) known = &p;
    }
  }
  return sent;
}

void compare_truck(const sent_by_time& sent, const std::vector<held_position>& held, soak_findings& found) {
  std::set<std::int64_t> times;
  for (const held_position& h : held) {
    if (!times.insert(h.timestamp_ms).second) ++found.twice;
    const auto known = sent.find(h.timestamp_ms);
    const bool another = known != sent.end() && known->second->must_be_held() && known->second->latitude != h.latitude;
    if (known == sent.end() || another) ++found.strange;
  }
  for (const auto& [time, position] : sent)
    if (position->must_be_held() && !times.contains(time)) ++found.lost;
}

}  // namespace

soak_findings compare(const ledger& books, const journal_books& journal) {
  soak_findings found;
  const auto sent = sent_in(books);
  for (std::size_t truck = 0; truck < sent.size(); ++truck) {
    const auto held = journal.whole.find(books.trucks[truck]);
    compare_truck(sent[truck], held == journal.whole.end() ? std::vector<held_position>{} : held->second, found);
  }
  return found;
}

soak_findings compare(const load_books& books, const journal_books& journal) {
  soak_findings found;
  for (std::size_t truck = 0; truck < std::max(books.sent.size(), journal.tracks.size()); ++truck) {
    const std::uint64_t sent = truck < books.sent.size() ? books.sent[truck] : 0;
    const std::uint64_t held = truck < journal.tracks.size() ? journal.tracks[truck].positions : 0;
    if (sent != held) ++found.wrong_trucks;
  }
  return found;
}

soak_findings compare(const std::vector<nlohmann::json>& acknowledged, const std::vector<held_position>& held) {
  soak_findings found;
  std::set<std::string> times;
  for (const held_position& h : held) times.insert(rfc3339(h.timestamp_ms));
  for (const nlohmann::json& p : acknowledged)
    if (!times.contains(p.at("timestamp"))) ++found.lost;
  return found;
}

}  // namespace haulcast::support
