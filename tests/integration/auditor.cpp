#include "auditor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "haulcast/engine/codec.hpp"
#include "haulcast/journal/recovery.hpp"

namespace haulcast::support {

namespace {

constexpr std::size_t examples_max = 10;

struct held_position {
  std::int64_t timestamp_ms = 0;
  double latitude = 0;
  double longitude = 0;
};

struct by_time {
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return a.timestamp_ms < b.timestamp_ms;
  }
};

class auditor {
 public:
  auditor(const ledger& books, const std::filesystem::path& data_dir) : books_{books} {
    auto log = journal::segment_log::open({.directory = data_dir / "journal"});
    if (!log) throw std::runtime_error{log.error().what};
    log_ = std::move(*log);
  }

  audit_report run() {
    read_journal();
    for (auto& [truck, held] : held_) once(truck, held);
    std::vector<std::vector<ledger_position>> sent(books_.trucks.size());
    for (const ledger_batch& b : books_.batches)
      for (const ledger_position& p : b.positions) sent[p.truck].push_back(p);
    for (std::size_t truck = 0; truck < sent.size(); ++truck) check(books_.trucks[truck], sent[truck]);
    return std::move(report_);
  }

 private:
  void complain(std::uint64_t& count, std::string example) {
    ++count;
    if (report_.examples.size() < examples_max) report_.examples.push_back(std::move(example));
  }

  void read_journal() {
    const auto read =
        journal::for_each_record(*log_, 1, [this](journal::offset_t offset, const journal::record_view& r) -> result<void> {
          ++report_.records;
          if (r.kind == journal::record_kind::started) started(r);
          if (r.kind == journal::record_kind::batch) batch(offset, r);
          if (r.kind == journal::record_kind::command) command(offset, r);
          if (r.kind == journal::record_kind::tick) tick(offset, r);
          return {};
        });
    if (!read) throw std::runtime_error{read.error().what};
  }

  // A run without crashes starts once.
  void started(const journal::record_view& r) {
    if (report_.starts++ > 0) return;
    engine::started input;
    if (!journal::read_started(r, input)) throw std::runtime_error{"a start cannot be read"};
    uninterrupted_.apply(input, 1, out_);
  }

  void batch(journal::offset_t offset, const journal::record_view& r) {
    engine::batch input;
    std::vector<engine::judgement> told;
    if (!journal::read_batch(r, input, told)) throw std::runtime_error{"a batch cannot be read"};
    for (std::size_t i = 0; i < input.positions.size(); ++i) {
      if (told[i].what != engine::verdict::duplicate) {
        hold(std::string{input.trucks[input.positions[i].truck]}, input.positions[i].where, told[i]);
      }
    }
    out_.clear();
    uninterrupted_.apply(input, offset, out_);
    if (out_.judgements != told) complain(report_.differing, fmt::format("record {} was judged otherwise", offset));
    compare(offset, r);
  }

  void command(journal::offset_t offset, const journal::record_view& r) {
    engine::command input;
    engine::command_status decided{};
    if (!journal::read_command(r, input, decided)) throw std::runtime_error{"a command cannot be read"};
    out_.clear();
    uninterrupted_.apply(input, offset, out_);
    if (out_.decided.what != decided || out_.decided.again)
      complain(report_.differing, fmt::format("record {} was decided otherwise", offset));
    compare(offset, r);
  }

  void tick(journal::offset_t offset, const journal::record_view& r) {
    engine::tick input;
    if (!journal::read_tick(r, input)) throw std::runtime_error{"a tick cannot be read"};
    out_.clear();
    uninterrupted_.apply(input, offset, out_);
    compare(offset, r);
  }

  void compare(journal::offset_t offset, const journal::record_view& r) {
    std::vector<engine::event> events;
    if (!journal::read_events(r, events)) throw std::runtime_error{"events cannot be read"};
    for (const engine::event& e : events) report_.fence_events += e.fence ? 1 : 0;
    if (lasting(out_.events, r.time) != lasting(events, r.time))
      complain(report_.differing, fmt::format("record {} differs from a run without crashes", offset));
  }

  // Who was online when the server died is the one thing that a crash may change.
  static std::string lasting(const std::vector<engine::event>& events, utc_time base) {
    std::string bytes;
    byte_writer out{bytes};
    for (const engine::event& e : events) {
      if (e.type != engine::event_type::truck_online && e.type != engine::event_type::truck_offline) encode(out, e, base);
    }
    return bytes;
  }

  void hold(const std::string& truck, const engine::position& p, engine::judgement j) {
    const std::int64_t at_ms = to_epoch_ms(p.timestamp);
    held_[truck].push_back({at_ms, p.point.latitude, p.point.longitude});
    if (j.what != engine::verdict::live) return;
    std::int64_t& newest = newest_[truck];
    if (at_ms <= newest) complain(report_.disorder, fmt::format("{} went back to {}", truck, at_ms));
    newest = at_ms;
  }

  // In the order of their timestamps from here on, one of each.
  void once(const std::string& truck, std::vector<held_position>& held) {
    std::sort(held.begin(), held.end(), by_time{});
    const auto same = [&](const held_position& a, const held_position& b) {
      if (a.timestamp_ms != b.timestamp_ms) return false;
      complain(report_.twice, fmt::format("{} at {} is stored more than once", truck, a.timestamp_ms));
      return true;
    };
    held.erase(std::unique(held.begin(), held.end(), same), held.end());
    report_.held += held.size();
  }

  void check(const std::string& truck, std::vector<ledger_position>& sent) {
    const std::vector<held_position>& held = held_[truck];
    std::erase_if(sent, [](const ledger_position& p) { return p.verdict == told::rejected; });
    std::sort(sent.begin(), sent.end(), by_time{});
    for (const ledger_position& p : sent) {
      if (!p.must_be_held()) continue;
      const auto found = std::lower_bound(held.begin(), held.end(), p, by_time{});
      if (found == held.end() || found->timestamp_ms != p.timestamp_ms) {
        complain(report_.lost, fmt::format("{} at {} was acknowledged and is not there", truck, p.timestamp_ms));
      } else if (found->latitude != p.latitude || found->longitude != p.longitude) {
        complain(report_.strange, fmt::format("{} at {} is another than was sent first", truck, p.timestamp_ms));
      }
    }
    for (const held_position& h : held) {
      if (!std::binary_search(sent.begin(), sent.end(), h, by_time{}))
        complain(report_.strange, fmt::format("{} at {} was never sent", truck, h.timestamp_ms));
    }
  }

  const ledger& books_;
  std::unique_ptr<journal::segment_log> log_;
  engine::world uninterrupted_{1000};
  engine::outcome out_;
  std::map<std::string, std::vector<held_position>> held_;  // by truck
  std::map<std::string, std::int64_t> newest_;
  audit_report report_;
};

}  // namespace

std::string audit_report::to_string() const {
  return fmt::format("{} positions in {} records, {} starts: {} lost, {} twice, {} strange, {} out of order, {} differing\n{}",
                     held, records, starts, lost, twice, strange, disorder, differing, fmt::join(examples, "\n"));
}

audit_report audit(const ledger& books, const std::filesystem::path& data_dir) { return auditor{books, data_dir}.run(); }

}  // namespace haulcast::support
