// The one connection that writes to PostgreSQL.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <optional>
#include <string>
#include <vector>

#include "known_trucks.hpp"
#include "postgres_copy.hpp"
#include "postgres_schema.hpp"
#include "postgres_session.hpp"

namespace haulcast::store {

class postgres_writer final : public writer {
 public:
  explicit postgres_writer(postgres_options options) : options_{std::move(options)} {}

  store_result<void> open() override;
  store_result<std::optional<journal::checkpoint>> checkpoint() override;
  store_result<void> adopt(const journal::checkpoint& to) override;
  store_result<void> write(const batch& rows, const std::string& journal_id) override;
  store_result<void> rehearse(const batch& rows) override;
  store_result<void> make_durable() override;
  store_result<bool> upkeep(const retention& keep, utc_time now) override;
  void interrupt() noexcept override { watch_.interrupt(); }

 private:
  using known_truck = store::known_truck<std::int32_t>;
  enum class trust : std::uint8_t { as_told, nothing };  // that positions are new

  store_result<void> ready();
  void prepare_schema(postgres_session& session);
  template <class Work>
  auto guarded(Work work) -> decltype(work());
  std::optional<journal::checkpoint> lock_checkpoint(pqxx::transaction_base& in);
  void move_checkpoint(pqxx::transaction_base& in, const journal::checkpoint& to);
  void expect(pqxx::transaction_base& in, offset_t before, const std::string& journal_id);
  void make_room(const batch& rows);
  void make_partition(const partitions_of& table, utc_time t);
  void put(pqxx::transaction_base& in, const batch& rows, trust how);
  void know(pqxx::transaction_base& in, const batch& rows);
  void revive(pqxx::transaction_base& in, const batch& rows);
  void put_positions(pqxx::transaction_base& in, const batch& rows, trust how);
  void put_registry(pqxx::transaction_base& in, const batch& rows);
  void put_geofences(pqxx::transaction_base& in, const batch& rows);
  void put_others(const batch& rows);
  bool settle_some(const retention& keep, utc_time now);
  void settle_truck(pqxx::transaction_base& in, std::int64_t truck, std::int64_t first_hour, std::int64_t before_hour);
  bool drop_some(const retention& keep, utc_time now);
  void forget();

  const postgres_options options_;
  postgres_watch watch_;
  std::unique_ptr<postgres_session> session_;
  std::optional<journal::checkpoint> in_doubt_;  // of a commit whose answer was lost
  boost::unordered_flat_set<std::string> partitions_;
  by_truck_id<std::uint32_t> numbers_;  // -> known_
  std::vector<known_truck> known_;
  std::vector<std::uint32_t> of_batch_;  // batch::trucks -> known_
  std::int64_t settled_before_ = 0;      // marks of hours before it may have been taken away
};

// A connection that failed is not used again, since a commit is in doubt then. A row that cannot be stored leaves it as it was.
template <class Work>
auto postgres_writer::guarded(Work work) -> decltype(work()) {
  if (auto opened = ready(); !opened) return opened.error();
  try {
    const postgres_watch::spell bounded{watch_, options_.answer_timeout + grace};
    return work();
  } catch (const std::exception& thrown) {
    const store_error error = error_of(thrown, watch_, options_.answer_timeout);
    forget();
    if (error.what != trouble::poison) session_.reset();
    return error;
  }
}

}  // namespace haulcast::store
