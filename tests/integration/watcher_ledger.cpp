#include "watcher_ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "haulcast/base/time.hpp"
#include "haulcast/journal/recovery.hpp"
#include "haulcast/wire/cloud_event.hpp"
#include "haulcast/wire/json_out.hpp"
#include "haulcast/wire/time.hpp"

namespace haulcast::support {
namespace {

constexpr std::size_t examples_max = 10;

std::uint64_t hash(std::string_view text) { return std::hash<std::string_view>{}(text); }

/// The text of a member; empty when it is not there.
std::string_view member(std::string_view object, std::string_view name) {
  const auto at = object.find(name);
  if (at == std::string_view::npos) return {};
  object.remove_prefix(at + name.size());
  return object.substr(0, object.find('"'));
}

std::size_t end_of_text(std::string_view json, std::size_t quote) {
  for (std::size_t i = quote + 1; i < json.size(); ++i) {
    if (json[i] == '\\')
      ++i;
    else if (json[i] == '"')
      return i;
  }
  return json.size();
}

class watch_auditor {
 public:
  watch_auditor(const watcher_ledger& told, const journal_facts& facts) : told_{told}, facts_{facts} {}

  watch_report run() {
    report_.name = told_.name;
    report_.positions = told_.positions.size();
    report_.events = told_.events.size();
    report_.connections = told_.connections;
    for (const std::string& sentence : told_.contradictions) complain(report_.contradictions, sentence);
    positions();
    events();
    return std::move(report_);
  }

 private:
  struct seen {
    std::ptrdiff_t at = -1;  // place among the truck's facts
    std::uint32_t connection = 0;
  };

  void complain(std::uint64_t& count, std::string example, std::uint64_t by = 1) {
    count += by;
    if (report_.examples.size() < examples_max) report_.examples.push_back(std::move(example));
  }

  void positions() {
    const std::vector<journal_facts::position> none;
    std::vector<const std::vector<journal_facts::position>*> live;
    for (const std::string& truck : told_.trucks) {
      const auto found = facts_.live.find(truck);
      live.push_back(found == facts_.live.end() ? &none : &found->second);
    }
    std::vector<seen> last(told_.trucks.size());
    for (const told_position& p : told_.positions) position(p, *live[p.truck], last[p.truck]);
    if (!told_.every_position) return;
    for (std::size_t t = 0; t < last.size(); ++t) {
      const auto left = std::ssize(*live[t]) - 1 - last[t].at;
      if (left > 0) complain(report_.gaps, told_.trucks[t] + ": the newest were not told", static_cast<std::uint64_t>(left));
    }
    for (const auto& [truck, all] : facts_.live)
      if (told_.interested_in(truck) && std::find(told_.trucks.begin(), told_.trucks.end(), truck) == told_.trucks.end())
        complain(report_.gaps, truck + " was never told", all.size());
  }

  void position(const told_position& p, const std::vector<journal_facts::position>& live, seen& last) {
    const auto where = [&] { return fmt::format("{} at {}", told_.trucks[p.truck], p.timestamp_ms); };
    const auto found = std::lower_bound(live.begin(), live.end(), p.timestamp_ms,
                                        [](const auto& fact, std::int64_t at) { return fact.timestamp_ms < at; });
    if (found == live.end() || found->timestamp_ms != p.timestamp_ms)
      return complain(report_.strange, where() + " never moved it");
    if (found->content != p.content) return complain(report_.strange, where() + " is another in the journal");
    if (!told_.interested_in(told_.trucks[p.truck])) return complain(report_.strange, where() + " was not asked for");
    const auto at = found - live.begin();
    const bool same_connection = last.at >= 0 && last.connection == p.connection;
    if (at < last.at)
      complain(report_.disorder, where() + " came after a newer one");
    else if (at == last.at && same_connection)
      complain(report_.repeats, where() + " came twice on a connection");
    else if (at > last.at + 1 && same_connection && told_.every_position)
      complain(report_.gaps, "before " + where(), static_cast<std::uint64_t>(at - last.at - 1));
    last = {std::max(at, last.at), p.connection};
  }

  void events() {
    std::vector<const journal_facts::event*> expected;
    for (const journal_facts::event& e : facts_.events)
      if (e.id > told_.from && told_.interested_in(e.truck)) expected.push_back(&e);
    std::vector<bool> told_already(expected.size());
    std::ptrdiff_t last = -1;
    for (const told_event& e : told_.events) {
      const auto found = std::lower_bound(expected.begin(), expected.end(), e.id,
                                          [](const auto* fact, const std::string& id) { return fact->id < id; });
      if (found == expected.end() || (*found)->id != e.id) {
        complain(report_.strange, "event " + e.id + " is not in the journal, or was not asked for");
        continue;
      }
      if ((*found)->content != e.content) complain(report_.strange, "event " + e.id + " is another in the journal");
      const auto at = found - expected.begin();
      const bool begins = last < 0 && told_.from.empty();
      if (told_already[static_cast<std::size_t>(at)])
        complain(report_.repeats, "event " + e.id + " came twice");
      else if (at < last)
        complain(report_.disorder, "event " + e.id + " came after a later one");
      else if (at > last + 1 && told_.every_event && !begins)
        complain(report_.gaps, "before event " + e.id, static_cast<std::uint64_t>(at - last - 1));
      told_already[static_cast<std::size_t>(at)] = true;
      last = std::max(last, at);
    }
  }

  const watcher_ledger& told_;
  const journal_facts& facts_;
  watch_report report_;
};

void read_events(const journal::record_view& record, journal::offset_t offset, const std::string& source, journal_facts& into) {
  std::vector<engine::event> events;
  if (!journal::read_events(record, events)) throw std::runtime_error{"events cannot be read"};
  for (std::uint32_t i = 0; i < events.size(); ++i) {
    const engine::event_id id{offset, i};
    std::string text;
    wire::append_cloud_event(text, events[i], id, source);
    into.events.push_back({id.to_string(), events[i].truck_id, hash(text)});
  }
}

void read_live(const journal::record_view& record, journal_facts& into) {
  engine::batch input;
  std::vector<engine::judgement> judgements;
  if (!journal::read_batch(record, input, judgements)) throw std::runtime_error{"a batch cannot be read"};
  std::string text;
  for (std::size_t i = 0; i < input.positions.size(); ++i) {
    if (judgements[i].what != engine::verdict::live) continue;
    const engine::batch_position& p = input.positions[i];
    text.clear();
    wire::append_position(text, input.trucks[p.truck], p.where);
    into.live[std::string{input.trucks[p.truck]}].push_back({to_epoch_ms(p.where.timestamp), hash(text)});
  }
}

}  // namespace

void watcher_ledger::position(std::string_view json) {
  const auto truck = member(json, R"("truck_id":")");
  const auto time = wire::parse_time(member(json, R"("timestamp":")"));
  if (truck.empty() || !time) return contradict("not a position: " + std::string{json});
  positions.push_back({to_epoch_ms(*time), hash(json), number_of(truck), connections});
}

void watcher_ledger::event(std::string_view cloud_event) {
  const auto id = member(cloud_event, R"("id":")");
  if (id.empty()) return contradict("not an event: " + std::string{cloud_event});
  events.push_back({std::string{id}, hash(cloud_event)});
}

void watcher_ledger::contradict(std::string sentence) {
  if (contradictions.size() < examples_max) contradictions.push_back(std::move(sentence));
}

bool watcher_ledger::interested_in(std::string_view truck) const {
  return interests.empty() || std::find(interests.begin(), interests.end(), truck) != interests.end();
}

std::uint32_t watcher_ledger::number_of(std::string_view truck) {
  const auto known = numbers_.find(truck);
  if (known != numbers_.end()) return known->second;
  const auto number = static_cast<std::uint32_t>(trucks.size());
  trucks.emplace_back(truck);
  numbers_.emplace(truck, number);
  return number;
}

bool for_each_position(std::string_view frame, const std::function<void(std::string_view)>& each) {
  std::size_t at = frame.find('[');
  if (at == std::string_view::npos || !frame.ends_with("]}")) return false;
  std::size_t depth = 0, begin = 0;
  for (++at; at < frame.size() - 2; ++at) {
    if (frame[at] == '"')
      at = end_of_text(frame, at);
    else if (frame[at] == '{' && depth++ == 0)
      begin = at;
    else if (frame[at] == '}' && --depth == 0)
      each(frame.substr(begin, at + 1 - begin));
  }
  return depth == 0;
}

journal_facts read_facts(const std::filesystem::path& data_dir) {
  auto log = journal::segment_log::open({.directory = data_dir / "journal"});
  if (!log) throw std::runtime_error{log.error().what};
  journal_facts facts;
  const std::string source = "/haulcast/" + (*log)->id();
  const auto read =
      journal::for_each_record(**log, 1, [&](journal::offset_t offset, const journal::record_view& r) -> result<void> {
        if (r.event_count > 0) read_events(r, offset, source, facts);
        if (r.kind == journal::record_kind::batch) read_live(r, facts);
        return {};
      });
  if (!read) throw std::runtime_error{read.error().what};
  return facts;
}

std::string watch_report::to_string() const {
  return fmt::format(
      "{}: {} positions and {} events on {} connections: {} strange, {} out of order, {} repeated, {} missing, {} "
      "contradictions{}{}",
      name, positions, events, connections, strange, disorder, repeats, gaps, contradictions, examples.empty() ? "" : "\n  ",
      fmt::join(examples, "\n  "));
}

watch_report audit(const watcher_ledger& told, const journal_facts& facts) { return watch_auditor{told, facts}.run(); }

}  // namespace haulcast::support
