#include "auditor.hpp"

#include <fmt/format.h>

#include <map>
#include <stdexcept>

#include "haulcast/engine/codec.hpp"
#include "haulcast/journal/recovery.hpp"

namespace haulcast::support {

namespace {

constexpr std::size_t examples_max = 10;

struct held_position {
  double latitude = 0;
  double longitude = 0;
  unsigned times = 0;
};
using truck_books = std::map<std::int64_t, held_position>;  // by timestamp

class auditor {
 public:
  auditor(const ledger& books, const std::filesystem::path& data_dir) : books_{books} {
    auto log = journal::segment_log::open({.directory = data_dir / "journal"});
    if (!log) throw std::runtime_error{log.error().what};
    log_ = std::move(*log);
  }

  audit_report run() {
    read_journal();
    for (std::uint32_t truck = 0; truck < books_.trucks.size(); ++truck) check(truck);
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
    std::vector<engine::event> events;
    if (!journal::read_batch(r, input, told) || !journal::read_events(r, events))
      throw std::runtime_error{"a batch cannot be read"};
    for (std::size_t i = 0; i < input.positions.size(); ++i) {
      if (told[i].what != engine::verdict::duplicate) {
        hold(std::string{input.trucks[input.positions[i].truck]}, input.positions[i].where, told[i]);
      }
    }
    out_.clear();
    uninterrupted_.apply(input, offset, out_);
    if (out_.judgements != told || lasting(out_.events, r.time) != lasting(events, r.time)) {
      complain(report_.differing, fmt::format("record {} differs from a run without crashes", offset));
    }
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
    held_position& h = held_[truck][to_epoch_ms(p.timestamp)];
    if (++h.times > 1)
      complain(report_.twice, fmt::format("{} at {} is stored {} times", truck, to_epoch_ms(p.timestamp), h.times));
    else
      ++report_.held;
    h.latitude = p.point.latitude;
    h.longitude = p.point.longitude;
    if (j.what != engine::verdict::live) return;
    std::int64_t& newest = newest_[truck];
    if (to_epoch_ms(p.timestamp) <= newest)
      complain(report_.disorder, fmt::format("{} went back to {}", truck, to_epoch_ms(p.timestamp)));
    newest = to_epoch_ms(p.timestamp);
  }

  void check(std::uint32_t truck) {
    const std::string& name = books_.trucks[truck];
    truck_books& held = held_[name];
    std::map<std::int64_t, bool> sent;  // may be held
    for (const ledger_position& p : books_.of_truck(truck)) {
      if (p.verdict != told::rejected) sent[p.timestamp_ms] = true;
      if (!p.must_be_held()) continue;
      const auto found = held.find(p.timestamp_ms);
      if (found == held.end()) {
        complain(report_.lost, fmt::format("{} at {} was acknowledged and is not there", name, p.timestamp_ms));
      } else if (found->second.latitude != p.latitude || found->second.longitude != p.longitude) {
        complain(report_.strange, fmt::format("{} at {} is another than was sent first", name, p.timestamp_ms));
      }
    }
    for (const auto& [timestamp, position] : held) {
      if (!sent.contains(timestamp)) complain(report_.strange, fmt::format("{} at {} was never sent", name, timestamp));
    }
  }

  const ledger& books_;
  std::unique_ptr<journal::segment_log> log_;
  engine::world uninterrupted_{1000};
  engine::outcome out_;
  std::map<std::string, truck_books> held_;
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
